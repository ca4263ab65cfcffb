"""Scored and Scores: how well hypotheses match references, per sample and over a set. Never clipped at 100 %."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deepspeech.text.distance import letter_errors, word_errors


@dataclass(frozen=True)
class Scored:
    """One sample's result; `loss` is its CTC loss where a checkpoint was judged, else None."""

    id: str
    reference: str
    hypothesis: str
    word_errors: int
    words: int
    letter_errors: int
    letters: int
    loss: float | None = None

    @property
    def wer(self) -> float:
        return self.word_errors / max(1, self.words)

    @property
    def cer(self) -> float:
        return self.letter_errors / max(1, self.letters)


def score(sample_id: str, reference: str, hypothesis: str, loss: float | None = None) -> Scored:
    return Scored(
        sample_id,
        reference,
        hypothesis,
        *word_errors(reference, hypothesis),
        *letter_errors(reference, hypothesis),
        loss,
    )


@dataclass(frozen=True)
class Scores:
    """Results of a set; error rates are the sums of errors over the sums of words or letters, as fractions.

    `by_letters`: errors of letters are what counts, as in bytes mode, where there may be no spaces between words.
    """

    samples: tuple[Scored, ...]
    by_letters: bool = False

    @property
    def words(self) -> int:
        return sum(sample.words for sample in self.samples)

    @property
    def wer(self) -> float:
        return sum(sample.word_errors for sample in self.samples) / max(1, self.words)

    @property
    def cer(self) -> float:
        return sum(s.letter_errors for s in self.samples) / max(1, sum(s.letters for s in self.samples))

    @property
    def rate(self) -> float:
        """The error rate that counts."""
        return self.cer if self.by_letters else self.wer

    @property
    def rate_name(self) -> str:
        """And what it is called."""
        return "CER" if self.by_letters else "WER"

    @property
    def loss(self) -> float | None:
        """Mean CTC loss of a sample, None where it is not known."""
        losses = [sample.loss for sample in self.samples if sample.loss is not None]
        return sum(losses) / len(losses) if losses else None

    def to_dict(self, rows: bool = False) -> dict[str, Any]:
        """Plain values for JSON; with `rows`, one object a sample too."""
        result: dict[str, Any] = {
            "wer": self.wer,
            "cer": self.cer,
            "utterances": len(self.samples),
            "words": self.words,
        }
        if self.loss is not None:
            result["loss"] = finite(self.loss)
        if rows:
            result["samples"] = [asdict(s) | {"loss": finite(s.loss), "wer": s.wer, "cer": s.cer} for s in self.samples]
        return result


def ranked(samples: Sequence[Scored], by_letters: bool = False) -> list[Scored]:
    """Best first: by WER or CER, of equal ones the higher loss first (`util/evaluate_tools.py`)."""
    surest_last = sorted(samples, key=lambda s: -(s.loss or 0))
    return sorted(surest_last, key=lambda s: s.cer if by_letters else s.wer)


def finite(value: float | None) -> float | None:
    """A number for JSON, which knows no infinity: None instead."""
    return value if value is not None and math.isfinite(value) else None
