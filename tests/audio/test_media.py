"""Video, and audio of codecs that only FFmpeg reads: as sound, or with a line that says what is missing."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio import media
from deepspeech.audio.formats import probe, read_audio
from deepspeech.errors import AudioError
from tests.audio.media_files import FORMATS, encoded


@pytest.mark.parametrize("suffix", FORMATS)
def test_media_are_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"talk.{suffix}"
    path.write_bytes(encoded(suffix))
    samples, rate_hz = read_audio(path)
    assert rate_hz == FORMATS[suffix][-1]
    assert abs(len(samples) / rate_hz - 1) < 0.15  # with what the codec adds
    spectrum = np.abs(np.fft.rfft(samples))
    assert abs(spectrum.argmax() * rate_hz / len(samples) - 300) < 5
    info = probe(path)
    assert (info.rate_hz, info.channels, info.frames) == (rate_hz, 1, len(samples))
    np.testing.assert_array_equal(read_audio(path.read_bytes())[0], samples)
    part, _ = read_audio(path, start_s=0.25, end_s=0.5)
    np.testing.assert_array_equal(part, samples[round(0.25 * rate_hz) : round(0.5 * rate_hz)])


def test_channels_are_averaged_or_chosen(tmp_path: Path) -> None:
    content = encoded("m4a", channels=2)
    assert probe(content).channels == 2
    left, mean = read_audio(content, channel=0)[0], read_audio(content)[0]
    assert np.abs(left - mean).max() < 0.1
    with pytest.raises(AudioError, match="there is no channel 2, it has 2"):
        read_audio(content, channel=2)


def test_a_video_without_sound_is_told() -> None:
    with pytest.raises(AudioError, match="sound in memory: a video without sound; name a file with sound"):
        read_audio(encoded("mkv", sound=False))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.01, 0.3, 0.6, 0.97])
def test_damaged_media_are_read_or_told_in_one_line(suffix: str, kept: float) -> None:
    content = encoded(suffix)
    for damaged in (content[: int(kept * len(content))], content[: int(kept * len(content))] + bytes(len(content))):
        assert read_or_fault(damaged)


def read_or_fault(content: bytes) -> str:
    """ "read", or the line of the error; empty where there is neither sound nor a line."""
    try:
        return "read" if len(read_audio(content)[0]) else ""
    except AudioError as error:
        return "" if "\n" in str(error) else str(error)


def test_an_mp4_that_is_cut_off_is_told() -> None:
    content = encoded("m4a", 4.0)
    assert content.index(b"moov") > content.index(b"mdat")
    with pytest.raises(AudioError, match="is an M4A file, damaged, or of a codec"):
        read_audio(content[:-5000])


def test_without_pyav_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(media, "pyav", lambda: None)
    (tmp_path / "talk.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(AudioError, match=r"m4a: is an M4A file, which needs PyAV: pip install '\.\[m"):
        read_audio(tmp_path / "talk.m4a")
