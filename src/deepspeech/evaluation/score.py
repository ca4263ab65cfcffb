"""WER and CER: of one sample (Scored) and of a data set (Scores). Rates are fractions and may exceed 1."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deepspeech.text.distance import character_errors, correct, word_errors


@dataclass(frozen=True)
class Scored:
    """Edit-distance counts of one sample; `loss` is its CTC loss where a checkpoint was evaluated, else None.

    `confidences`: of each word of the hypothesis, and whether that word is right; empty where no confidence is known.
    """

    id: str
    reference: str
    hypothesis: str
    word_errors: int
    words: int
    character_errors: int
    characters: int
    loss: float | None = None
    confidences: tuple[tuple[float, bool], ...] = ()

    @property
    def wer(self) -> float:
        return self.word_errors / max(1, self.words)

    @property
    def cer(self) -> float:
        return self.character_errors / max(1, self.characters)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `letter_errors` and `letters` are the names of the format."""
        names = {"character_errors": "letter_errors", "characters": "letters"}
        values = {names.get(name, name): value for name, value in asdict(self).items() if name != "confidences"}
        return values | {"loss": finite(self.loss), "wer": self.wer, "cer": self.cer}


def score(
    sample_id: str,
    reference: str,
    hypothesis: str,
    loss: float | None = None,
    word_confidences: Sequence[float] = (),
) -> Scored:
    """Compare a hypothesis with its reference; `word_confidences` are those of its words, if known."""
    right = correct(reference.split(), hypothesis.split()) if word_confidences else []
    return Scored(
        sample_id,
        reference,
        hypothesis,
        *word_errors(reference, hypothesis),
        *character_errors(reference, hypothesis),
        loss,
        tuple(zip(word_confidences, right, strict=True)),
    )


@dataclass(frozen=True)
class Scores:
    """Results of a data set: micro-averaged WER and CER, errors of all samples over words or characters of all.

    `by_cer`: CER is the main metric, as in bytes mode, where transcripts may have no spaces between words.
    """

    samples: tuple[Scored, ...]
    by_cer: bool = False

    @property
    def words(self) -> int:
        return sum(sample.words for sample in self.samples)

    @property
    def wer(self) -> float:
        return sum(sample.word_errors for sample in self.samples) / max(1, self.words)

    @property
    def cer(self) -> float:
        return sum(s.character_errors for s in self.samples) / max(1, sum(s.characters for s in self.samples))

    @property
    def rate(self) -> float:
        """The main metric: CER with `by_cer`, else WER."""
        return self.cer if self.by_cer else self.wer

    @property
    def rate_name(self) -> str:
        """Name of the main metric."""
        return "CER" if self.by_cer else "WER"

    @property
    def loss(self) -> float | None:
        """Mean CTC loss per sample; None where no loss is known."""
        losses = [sample.loss for sample in self.samples if sample.loss is not None]
        return sum(losses) / len(losses) if losses else None

    def to_dict(self, rows: bool = False) -> dict[str, Any]:
        """Plain values for JSON; with `rows`, also one object per sample."""
        result: dict[str, Any] = {
            "wer": self.wer,
            "cer": self.cer,
            "utterances": len(self.samples),
            "words": self.words,
        }
        if self.loss is not None:
            result["loss"] = finite(self.loss)
        if rows:
            result["samples"] = [sample.to_dict() for sample in self.samples]
        return result


def ranked(samples: Sequence[Scored], by_cer: bool = False) -> list[Scored]:
    """Sort samples, best WER or CER first; ties: higher loss first (`util/evaluate_tools.py`)."""
    by_loss = sorted(samples, key=lambda s: -(s.loss or 0))
    return sorted(by_loss, key=lambda s: s.cer if by_cer else s.wer)


def finite(value: float | None) -> float | None:
    """The value, or None where JSON cannot hold it (infinity, NaN)."""
    return value if value is not None and math.isfinite(value) else None
