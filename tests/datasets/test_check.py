"""The look before training: every kind of fault is found, all in one go, and said so that it can be mended."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.datasets.check import SHOWN, Fault, describe, examine, examine_all, refuse
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.features.config import MfccConfig
from deepspeech.text.tokens import ENGLISH

FEATURES = MfccConfig()


def clip(path: Path, transcript: str = "hello", count: int = 16000, rate_hz: int = 16000) -> Sample:
    soundfile.write(path, (0.1 * np.sin(np.arange(count))).astype(np.float32), rate_hz)
    return Sample(str(path), path, transcript, path.stat().st_size)


def file(path: Path, content: bytes) -> Sample:
    path.write_bytes(content)
    return Sample(str(path), path, "hello", len(content))


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Sample]:
    """A sample of each kind of fault, by words of its reason."""
    whole = clip(tmp_path / "whole.wav").audio.read_bytes()
    missing = tmp_path / "missing.wav"
    return {
        "there is no such file": Sample(str(missing), missing, "hello", 0),
        "empty (0 bytes)": file(tmp_path / "empty.wav", b""),
        "not a sound file": file(tmp_path / "words.wav", b"these are only words"),
        "cut off: its header promises 32000 bytes": file(tmp_path / "cut.wav", whole[:20_000]),
        "contains no audio": clip(tmp_path / "nothing.wav", count=0),
        "the transcript is empty": clip(tmp_path / "silent.wav", ""),
        "its transcript is 'nan', as pandas writes": clip(tmp_path / "nan.wav", "nan"),
        "characters outside the alphabet: 'É' (U+00C9) 'é' (U+00E9)": clip(tmp_path / "accent.wav", "café É"),
        "it needs 50 frames, the clip has 49": clip(tmp_path / "long.wav", "ab" * 25),
        "it needs 51 frames": clip(tmp_path / "double.wav", "ab" * 24 + "cc"),
    }


def test_a_good_sample_gets_its_duration(tmp_path: Path) -> None:
    sample = clip(tmp_path / "a.flac", count=12000, rate_hz=8000)
    assert examine(sample, ENGLISH, FEATURES) == replace(sample, duration_s=1.5)


def test_every_fault_is_found_at_once_with_path_and_reason(tmp_path: Path, bad: dict[str, Sample]) -> None:
    good = [clip(tmp_path / f"good{i}.wav") for i in range(2)]
    found, faults = examine_all([good[0], *bad.values(), good[1]], ENGLISH, FEATURES, "some", 3)
    assert [sample.id for sample in found] == [sample.id for sample in good]
    assert [fault.sample for fault in faults] == list(bad.values())
    for words, fault in zip(bad, faults, strict=True):
        assert words in fault.reason
        assert str(fault.sample.audio) not in fault.reason
    with pytest.raises(DataError) as caught:
        refuse(faults, "training")
    head, *lines, remedy = str(caught.value).split("\n")
    assert head == f"{len(bad)} of the training samples cannot be used:"
    assert lines == [f"  {fault.sample.audio}: {fault.reason}" for fault in faults]
    assert "--skip-bad" in remedy
    assert 'data.on_bad_sample = "skip"' in remedy


def test_the_remedy_for_punctuation_is_not_to_skip_all_clips(tmp_path: Path) -> None:
    one = replace(clip(tmp_path / "a.wav"), transcript="Hello, you.")
    with pytest.raises(DataError, match=r'name the language \(text.language = "en"\)'):
        refuse(examine_all([one], ENGLISH, FEATURES, "some", 1)[1], "training")
    empty = replace(one, transcript="")
    with pytest.raises(DataError) as caught:
        refuse(examine_all([empty], ENGLISH, FEATURES, "some", 1)[1], "training")
    assert "language" not in str(caught.value)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_a_file_without_its_head_is_a_fault(tmp_path: Path, kind: str) -> None:
    whole = clip(tmp_path / f"a.{kind}").audio.read_bytes()
    result = examine(file(tmp_path / f"b.{kind}", whole[: len(whole) // 100]), ENGLISH, FEATURES)
    assert isinstance(result, Fault)


@pytest.mark.parametrize("count", [512 + 320 * 48, 64192, 64832, 129152])
@pytest.mark.parametrize("short", [0, 1])
def test_the_longest_transcript_that_fits_is_let_through(tmp_path: Path, count: int, short: int) -> None:
    frames = 1 + (count - 512) // 320
    sample = clip(tmp_path / "a.wav", ("ab" * frames)[:frames], count - short)
    assert isinstance(examine(sample, ENGLISH, FEATURES), Fault if short else Sample)


def test_the_end_rule_counts(tmp_path: Path) -> None:
    sample = clip(tmp_path / "a.wav", "ab" * 25)
    assert isinstance(examine(sample, ENGLISH, FEATURES), Fault)
    assert isinstance(examine(sample, ENGLISH, MfccConfig(end="pad")), Sample)


def test_a_long_list_of_faults_is_cut_and_counted() -> None:
    faults = [Fault(Sample(f"{i}.wav", Path(f"{i}.wav"), "a", 0), "bad") for i in range(SHOWN + 3)]
    lines = describe(faults, "dev").split("\n")
    assert lines[0] == f"{SHOWN + 3} of the dev samples cannot be used:"
    assert lines[1] == "  0.wav: bad"
    assert lines[-1] == "  … and 3 more"
    assert len(lines) == SHOWN + 2
    assert "more" not in describe(faults[:SHOWN], "dev")


def test_no_fault_is_no_error() -> None:
    refuse([], "training")


def test_an_empty_set_is_no_error_here() -> None:
    assert examine_all([], ENGLISH, FEATURES, "none", 1) == ([], [])


def test_without_an_alphabet_only_the_sound_is_examined(tmp_path: Path) -> None:
    odd = clip(tmp_path / "a.wav", "ÉÉ far too many letters", 1600)
    assert isinstance(examine(odd, None, FEATURES), Sample)
    assert isinstance(examine(odd, ENGLISH, FEATURES), Fault)
    assert isinstance(examine(replace(odd, audio=tmp_path / "none.wav"), None, FEATURES), Fault)
