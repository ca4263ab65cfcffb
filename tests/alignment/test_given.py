"""Given transcripts are timed in batches of the size that was asked for."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from deepspeech.alignment.given import GivenTranscripts
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, ConfigError
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.recording import Channel, Recording
from deepspeech.runtime.session import Session
from tests.fakes import tones

TEXTS = ("abba cad", "dab", "cab a dad", "bad cab", "dada")
GIVEN = "deepspeech.alignment.given.run_batch"


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    for number, text in enumerate(TEXTS):
        write_wav(tmp_path / f"{number}.wav", tones(text, number), 16000)
    return [Sample(str(n), tmp_path / f"{n}.wav", text, 1) for n, text in enumerate(TEXTS)]


@pytest.fixture
def given(hearing_model: Path, samples: list[Sample]) -> GivenTranscripts:
    return GivenTranscripts(Session(hearing_model), samples)


def channels(samples: Sequence[Sample]) -> list[Channel]:
    return [Channel(sample.audio, None) for sample in samples]


def times(found: Sequence[Recording | AudioError]) -> list[tuple[str, float]]:
    assert not any(isinstance(one, AudioError) for one in found), found
    return [(word.text, word.start_s) for one in found for word in one.segments[0].words]  # type: ignore[union-attr]


def test_batches_are_as_large_as_asked_for(
    given: GivenTranscripts, samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = list[int]()

    def run(session: Session, items: Sequence[BatchItem]) -> None:
        sizes.append(len(items))
        run_batch(session, items)

    monkeypatch.setattr(GIVEN, run)
    heard = list[float]()
    two = list(given.transcribe_all(channels(samples), cores=1, batch_size=2, heard=heard.append))
    assert sizes == [2, 2, 1]
    assert len(heard) == 3
    assert sum(heard) == pytest.approx(sum(one.duration_s for one in two))  # type: ignore[union-attr]
    assert times(two) == times(list(given.transcribe_all(channels(samples), batch_size=16)))


def test_a_clip_that_fails_does_not_take_its_batch_with_it(
    given: GivenTranscripts, samples: list[Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(str(samples[3].audio)).write_bytes(b"no sound")

    def run(session: Session, items: Sequence[BatchItem]) -> None:
        if any(item.chunk is not None and len(items) > 1 for item in items):
            raise MemoryError("too much for a batch")
        run_batch(session, items)

    monkeypatch.setattr(GIVEN, run)
    found = list(given.transcribe_all(channels(samples)))
    assert [isinstance(one, AudioError) for one in found] == [False, False, False, True, False]
    assert "3.wav" in str(found[3])


def test_the_channel_that_was_asked_for_is_aligned(hearing_model: Path, tmp_path: Path) -> None:
    said = tones("abba cad")
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setparams((2, 2, 16000, 0, "NONE", ""))
        file.writeframes((32767 * np.stack([np.zeros_like(said), said], axis=1)).astype("<i2").tobytes())
    sample = Sample("two", tmp_path / "two.wav", "abba cad", 1)
    given = GivenTranscripts(Session(hearing_model), [sample])
    silent, spoken = given.transcribe_all([Channel(sample.audio, 0), Channel(sample.audio, 1)])
    assert isinstance(spoken, Recording)
    assert isinstance(silent, Recording)
    assert spoken.segments[0].words[0].start_s > silent.segments[0].words[0].start_s + 0.05  # silence fits anywhere


def test_what_is_asked_for_in_vain_is_told(given: GivenTranscripts, samples: list[Sample]) -> None:
    with pytest.raises(ConfigError, match="batch_size is 0"):
        given.transcribe_all(channels(samples), batch_size=0)
    with pytest.raises(ConfigError, match="no alternatives"):
        given.transcribe_all(channels(samples), alternatives=1)
