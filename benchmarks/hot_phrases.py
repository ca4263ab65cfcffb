"""Recall and side effects of hot phrases, at several strengths.

    python benchmarks/hot_phrases.py MODEL.onnx DATA.csv TRAIN.csv [--scorer FILE] [--strengths 0.5,1,2]

In: a model, recordings that it was not trained on, and its training transcripts. The phrases are the words of DATA
that TRAIN contains at most four times, and the names spelled in DATA letter by letter (three letters or more);
also, as in any real list, as many words and spelled names of TRAIN that nobody in DATA says. Out, by strength:

    found          spoken phrases that are complete in the transcript of their recording
    false alarms   phrases in transcripts of recordings in which they were not said
    others         recordings without any phrase: number of transcripts changed, and their WER
    search         CPU time relative to the search without phrases
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.score import Scores, score
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import TokenSet

RARE = 4  # most occurrences in the training transcripts
SPELT = 3  # least number of letters


def spelt_names(transcript: str) -> Iterator[str]:
    """Runs of single letters: `p i t t s`."""
    for single, words in groupby(transcript.split(), key=lambda word: len(word) == 1):
        name = list(words)
        if single and len(name) >= SPELT:
            yield " ".join(name)


def holds(text: str, phrase: str) -> bool:
    return f" {phrase} " in f" {text} "


def listed(said: Iterable[str], training: Iterable[str]) -> tuple[list[str], list[str]]:
    """Returns (phrases that are said, phrases that are not)."""
    said, training = list(said), list(training)
    known = Counter(word for transcript in training for word in transcript.split())
    words = {word for transcript in said for word in transcript.split() if len(word) > 1 and known[word] <= RARE}
    names = {name for transcript in said for name in spelt_names(transcript)}
    phrases = sorted(words | names)
    absent_words = {word for word in known if len(word) > 1 and not any(holds(text, word) for text in said)}
    absent_names = {name for text in training for name in spelt_names(text) if not any(holds(t, name) for t in said)}
    draw = random.Random(0)
    others = draw.sample(sorted(absent_words), min(len(words), len(absent_words)))
    return phrases, others + draw.sample(sorted(absent_names), min(len(names), len(absent_names)))


@dataclass(frozen=True)
class Clip:
    transcript: str
    emission: Emission


@dataclass(frozen=True)
class Search:
    clips: list[Clip]
    alphabet: TokenSet
    options: DecodeOptions
    scorer: Scorer | None

    def texts(self, phrases: HotPhrases | None) -> tuple[list[str], float]:
        """Returns (transcripts, CPU seconds)."""
        start = time.process_time()
        found = [
            decode(clip.emission, self.alphabet, self.options, scorer=self.scorer, phrases=phrases)[0].text
            for clip in self.clips
        ]
        return found, time.process_time() - start


def error_rate(clips: list[Clip], texts: list[str]) -> float:
    return Scores(tuple(score(str(i), c.transcript, t) for i, (c, t) in enumerate(zip(clips, texts, strict=True)))).wer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("train", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--strengths", default="0.25,0.5,1,1.5,2,3,5")
    arguments = parser.parse_args()
    session = Session(arguments.model)
    samples = read_csv(arguments.data)
    emissions = FileAcousticModel(session).emit([sample.audio for sample in samples])
    clips = [Clip(s.transcript, e) for s, e in zip(samples, emissions, strict=True)]
    scorer = Scorer.open(arguments.scorer) if arguments.scorer else None
    search = Search(clips, session.card.tokens, DecodeOptions(session.card.beam_width), scorer)

    said, others = listed((c.transcript for c in clips), (s.transcript for s in read_csv(arguments.train)))
    listened = [*said, *others]
    places = [(i, p) for i, clip in enumerate(clips) for p in said if holds(clip.transcript, p)]
    quiet = [i for i, clip in enumerate(clips) if not any(holds(clip.transcript, p) for p in said)]
    plain, plain_s = search.texts(None)
    print(
        f"{len(clips)} recordings; {len(said)} phrases said {len(places)} times in {len(clips) - len(quiet)} of them,"
    )
    print(f"{len(others)} listed beside them: {', '.join(listened)}")
    print("strength     found  false alarms  WER all  others: changed     WER  search")
    for strength in [0.0, *map(float, arguments.strengths.split(","))]:
        texts, cpu_s = search.texts(HotPhrases(dict.fromkeys(listened, strength)))
        found = sum(holds(texts[i], phrase) for i, phrase in places)
        alarms = sum(
            holds(text, phrase) and not holds(clip.transcript, phrase)
            for text, clip in zip(texts, clips, strict=True)
            for phrase in listened
        )
        changed = sum(texts[i] != plain[i] for i in quiet)
        of_quiet = error_rate([clips[i] for i in quiet], [texts[i] for i in quiet])
        print(
            f"{strength:8g} {found:4d}/{len(places):<4d} {alarms:13d} {error_rate(clips, texts):8.1%} "
            f"{changed:8d}/{len(quiet):<7d} {of_quiet:7.1%} {cpu_s / plain_s:7.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
