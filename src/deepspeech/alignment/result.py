"""The result of an alignment: words, sentences and paragraphs with times and scores, and sound that is not in the text.

A score is the mean over a stretch's frames of the natural logarithm of the probability of the aligned path, relative to
the most probable class of each frame: 0 where the network hears exactly this text, about -1 where it hears another.
Sound beside a word that no word explains lowers its score.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

SURE_SCORE = -1.0  # of a word that is heard as it is written
LEAST_WORDS, LEAST_TIME = 0.1, 0.15  # that sure words make up; by chance less


@dataclass(frozen=True)
class AlignedWord:
    """A written word; without times where it is not in the sound."""

    text: str
    spoken: str  # as the network's tokens spell it; "" for a wildcard
    start_s: float | None = None
    end_s: float | None = None
    score: float | None = None  # at most 0

    @property
    def found(self) -> bool:
        return self.start_s is not None


@dataclass(frozen=True)
class Span:
    """Words in a row: a sentence, or what a subtitle or a clip shows."""

    words: tuple[AlignedWord, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def spoken(self) -> str:
        """As the network's tokens spell it; wildcards as they are written."""
        return " ".join(word.spoken or word.text for word in self.words)

    @property
    def said(self) -> tuple[AlignedWord, ...]:
        """The words that are in the sound."""
        return tuple(word for word in self.words if word.found)

    @property
    def found(self) -> bool:
        return bool(self.said)

    @property
    def start_s(self) -> float | None:
        return self.said[0].start_s if self.said else None

    @property
    def end_s(self) -> float | None:
        return self.said[-1].end_s if self.said else None

    @property
    def score(self) -> float | None:
        """The mean of its words' scores, by their lengths; None if no word was found."""
        lengths = [max((word.end_s or 0.0) - (word.start_s or 0.0), 1e-3) for word in self.said]
        scores = [word.score or 0.0 for word in self.said]
        total = sum(lengths)
        return sum(a * b for a, b in zip(lengths, scores, strict=True)) / total if total else None


@dataclass(frozen=True)
class Paragraph(Span):
    """A paragraph; `sentences` hold its words too."""

    sentences: tuple[Span, ...] = ()


@dataclass(frozen=True)
class ForeignSound:
    """Sound that is not in the text, and what the network hears there."""

    start_s: float
    end_s: float
    heard: str = ""


@dataclass(frozen=True)
class Alignment:
    """A recording and its text."""

    source: str
    duration_s: float
    paragraphs: tuple[Paragraph, ...]
    foreign: tuple[ForeignSound, ...] = ()
    warning: str = ""  # why the recording could not be read to its end
    anchors: int = field(default=0, compare=False)  # words that the coarse pass matched

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph.sentences)

    @cached_property
    def words(self) -> tuple[AlignedWord, ...]:
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def spelled(self) -> tuple[AlignedWord, ...]:
        """The words that are no wildcards."""
        return tuple(word for word in self.words if word.spoken)

    @property
    def sure(self) -> tuple[AlignedWord, ...]:
        """The words that the network hears as the text has them: wildcards are none."""
        return tuple(word for word in self.spelled if word.score is not None and word.score >= SURE_SCORE)

    @property
    def misfit(self) -> str:
        """One line if recording and text have no more in common than chance; else empty.

        They do if a tenth of the words are sure, or sure words take 15 % of the time: the text may be a part of what is
        said, or the other way round.
        """
        sure_s = sum((word.end_s or 0.0) - (word.start_s or 0.0) for word in self.sure)
        if len(self.sure) >= LEAST_WORDS * len(self.spelled) or sure_s >= LEAST_TIME * self.duration_s:
            return ""
        return (
            f"{self.source or 'the recording'}: hardly a word of its text is heard there ({len(self.sure)} of "
            f"{len(self.spelled)} for sure); is it silence or noise, another text, or another language than the "
            "model's? Check both files and the model"
        )

    @property
    def missing(self) -> Iterator[Span]:
        """Sentences that are not in the sound."""
        return (sentence for sentence in self.sentences if not sentence.found)


def build(script: Sequence[Sequence[Sequence[object]]], words: Sequence[AlignedWord]) -> tuple[Paragraph, ...]:
    """`words` in the paragraphs and sentences of `script`, which has as many."""
    left = iter(words)
    paragraphs = []
    for paragraph in script:
        sentences = tuple(Span(tuple(next(left) for _ in sentence)) for sentence in paragraph)
        paragraphs.append(Paragraph(tuple(word for one in sentences for word in one.words), sentences))
    return tuple(paragraphs)
