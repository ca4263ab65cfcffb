"""The coarse pass: recognized words of a recording, by a search with a language model made of its very text.

In: pieces of emissions as they come. Out: recognized words with their frames. The model is a small trigram scorer in a
temporary folder; where none can be made (bytes, an alphabet without a space, too little text) decoding is greedy.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.decoder.beam import BeamDecoder, greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import LmError, ScorerError
from deepspeech.lm.build import BuildOptions, build
from deepspeech.lm.discounts import FALLBACK
from deepspeech.lm.estimate import EstimateOptions
from deepspeech.modelfile.card import ModelCard

Float32 = NDArray[np.float32]

BEAM_WIDTH = 64
ALPHA, BETA = 0.6, 1.0  # below what is usual: sound that is not in the text should not be read as text
ORDER = 3
_MEMORY_BYTES = 200 << 20


@dataclass(frozen=True)
class Heard:
    """A recognized word and its frames: the first of its first token, and the one after its last token begins."""

    text: str
    start: int
    end: int


def text_scorer(sentences: Sequence[str], card: ModelCard) -> Scorer | None:
    """A scorer of these spoken sentences; None where none can be made. It outlives its file."""
    if card.tokens.bytes_mode or not any(sentences):
        return None
    with tempfile.TemporaryDirectory() as folder:
        text, output = Path(folder, "text.txt"), Path(folder, "text.scorer")
        text.write_text("".join(f"{sentence}\n" for sentence in sentences if sentence), encoding="utf-8")
        estimation = EstimateOptions(ORDER, discount_fallback=FALLBACK, memory_bytes=_MEMORY_BYTES)
        try:
            build([text], output, card.tokens, BuildOptions(estimation))
            return Scorer.open(output, card.tokens)  # mapped into memory
        except (LmError, ScorerError):
            return None


class Recognition:
    """Collects recognized words of pieces in any order. Thread-safe: pieces are independent."""

    def __init__(self, card: ModelCard, scorer: Scorer | None) -> None:
        self._card, self._scorer = card, scorer
        self._options = DecodeOptions(beam_width=BEAM_WIDTH, alpha=ALPHA, beta=BETA)
        self._pieces: list[tuple[int, list[Heard]]] = []

    def add(self, first_frame: int, probabilities: Float32) -> None:
        """Recognize a piece that begins at this frame."""
        tokens, frame_s = self._card.tokens, self._card.frame_s
        if self._scorer is None:
            found = greedy(Emission(probabilities, frame_s), tokens)
        else:
            decoder = BeamDecoder(tokens, self._options, frame_s, self._scorer)
            decoder.feed(probabilities)
            found = decoder.best()
        words, word = list[Heard](), list[tuple[str, int]]()
        for text, frame in [*((token.text, token.frame) for token in found.tokens), (" ", 0)]:
            if text.startswith(" ") and word:
                spelled = "".join(part for part, _ in word).strip()
                words.append(Heard(spelled, first_frame + word[0][1], first_frame + word[-1][1] + 1))
                word = []
            if text != " ":
                word.append((text, frame))
        self._pieces.append((first_frame, words))

    @property
    def words(self) -> list[Heard]:
        """All words so far, in order."""
        return [word for _, words in sorted(self._pieces, key=lambda piece: piece[0]) for word in words]
