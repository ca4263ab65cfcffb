"""Labels of recordings without transcripts: what is kept, what is skipped and why."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from deepspeech.decoder.transcript import Token, Transcript
from deepspeech.errors import AudioError
from deepspeech.evaluation.label import (
    CUT,
    DOUBTFUL,
    LONG,
    NOTHING,
    UNREADABLE,
    Labeled,
    Tally,
    confidence_of,
    label,
)
from deepspeech.runtime.recording import Recording


def said(text: str, *confidences: float) -> Transcript:
    return Transcript(text, tuple(Token(c, i, i * 0.02) for i, c in enumerate(text)), -1.0, 0.02, confidences)


RESULTS: dict[str, Recording | AudioError] = {
    "good.wav": Recording("good.wav", 1.5, (said("hello there", 0.99, 0.91),)),
    "doubtful.wav": Recording("doubtful.wav", 2.0, (said("hello there", 0.99, 0.5),)),
    "silence.wav": Recording("silence.wav", 1.0, ()),
    "long.wav": Recording("long.wav", 60.0, (said("one", 1.0), said("two", 1.0))),
    "cut.wav": Recording("cut.wav", 1.0, (said("one", 1.0),), warning="cut.wav: cut off"),
    "bad.wav": AudioError("bad.wav: not a sound file"),
}


class Fake:
    def transcribe_all(
        self, sources: Iterable[Path], /, *, cores: int | None = None
    ) -> Iterator[Recording | AudioError]:
        return (RESULTS[source.name] for source in sources)


def test_a_clip_is_kept_or_has_a_reason() -> None:
    tally = Tally()
    found = list(label(Fake(), [Path(name) for name in RESULTS], 0.9, tally))
    assert found == [Labeled(Path("good.wav"), "hello there", pytest.approx(0.95), 1.5), None, None, None, None, None]
    assert tally.skipped == {DOUBTFUL: 1, NOTHING: 1, LONG: 1, CUT: 1, UNREADABLE: 1}
    assert tally.summary().startswith("kept 1 of 6 recordings, 0.00 h; 1 skipped: ")


@pytest.mark.parametrize(("least", "kept"), [(0.0, 2), (0.745, 2), (0.746, 1), (0.96, 0)])
def test_the_threshold_is_the_least_confidence_that_is_kept(least: float, kept: int) -> None:
    tally = Tally()
    names = [Path("good.wav"), Path("doubtful.wav")]
    assert len([one for one in label(Fake(), names, least, tally) if one]) == kept == tally.kept


def test_the_confidence_is_the_mean_over_words() -> None:
    assert confidence_of(said("a b", 0.5, 1.0)) == 0.75
    assert confidence_of(said("")) == 0.0
