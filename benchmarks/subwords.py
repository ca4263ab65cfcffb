"""CPU time of the beam search for subwords beside that for characters: alone, with a scorer, with phrases, with both.

    python benchmarks/subwords.py --scorer FILE.scorer --words WORDS.txt [--pieces 1000]

In: a word scorer for English and a text with words of it. Out: milliseconds per second of audio. The network is made
up: ten seconds
in which it hears words of the text in noise, in frames of 40 ms for pieces and of 20 ms for characters.
"""

import argparse
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, TokenSet

SOUND_S = 10.0
LONGEST = 6  # characters of a piece


def vocabulary(words: list[str], count: int) -> Subwords:
    """The letters and the most frequent parts of the words."""
    parts = Counter[str]()
    for marked in (f"▁{word}" for word in words):
        parts.update(marked[a:b] for a in range(len(marked)) for b in range(a + 2, min(len(marked), a + LONGEST) + 1))
    letters = ["▁", *ENGLISH.labels[1:]]
    return Subwords(letters + [part for part, _ in parts.most_common(count - len(letters))])


def heard(text: str, tokens: TokenSet, frame_s: float) -> Emission:
    frames = round(SOUND_S / frame_s)
    ids = tokens.encode(text)[: frames // 2 - 2]
    scores = np.random.default_rng(1).normal(size=(frames, tokens.classes))
    scores[:, tokens.blank] += 8
    scores[np.linspace(1, frames - 2, len(ids)).astype(int), ids] += 14
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    return Emission((exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32), frame_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=1000)
    arguments = parser.parse_args()
    words = arguments.words.read_text(encoding="utf-8").split()
    scorer, phrases = Scorer.open(arguments.scorer), HotPhrases({"hello world": 1.0, words[5]: 2.0})
    text = " ".join(random.Random(1).choices(words, k=40))
    for tokens, frame_s in ((ENGLISH, 0.02), (vocabulary(words, arguments.pieces), 0.04)):
        emission = heard(text, tokens, frame_s)
        for used, listened in ((None, None), (scorer, None), (None, phrases), (scorer, phrases)):
            for beam in (100, 500):
                options = DecodeOptions(beam_width=beam)
                decode(Emission(emission.probabilities_TV[:2], frame_s), tokens, options, 1, used, None, listened)
                start = time.process_time()
                decode(emission, tokens, options, 1, used, None, listened)
                ms = 1000 * (time.process_time() - start) / SOUND_S
                extras = " and ".join(name for name, on in (("scorer", used), ("phrases", listened)) if on) or "alone"
                print(f"{tokens.kind:10}  {extras:18}  beam {beam:3}  {ms:6.1f} ms/s", flush=True)


if __name__ == "__main__":
    main()
