"""Every format in, faults as one line, many threads at once."""

import contextlib
import os
import stat
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio.formats import probe, read_16_bit, read_audio, wav_bytes, write_wav
from deepspeech.audio.opus_packets import encode as packets
from deepspeech.audio.pcm import Float32, float_to_int16, int16_to_float
from deepspeech.audio.resample import resample
from deepspeech.audio.source import PACKETS, AudioSlice, NamedPath, read_ahead
from deepspeech.errors import AudioError

SUBTYPES = {"wav": None, "flac": None, "ogg": "VORBIS", "opus": "OPUS", "mp3": None}


def tone(rate_hz: int, frames: int, channels: int = 1) -> Float32:
    one = (0.3 * np.sin(2 * np.pi * 300 * np.arange(frames) / rate_hz)).astype(np.float32)
    return one if channels == 1 else np.stack([one] * channels, axis=1)


def sound_file(path: Path, rate_hz: int = 16000, frames: int = 8000, channels: int = 1) -> Path:
    kind = path.suffix[1:]
    container = "OGG" if kind == "opus" else kind.upper()
    soundfile.write(path, tone(rate_hz, frames, channels), rate_hz, format=container, subtype=SUBTYPES[kind])
    return path


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    return {kind: sound_file(folder / f"a.{kind}").read_bytes() for kind in SUBTYPES}


def fault(source: Path | bytes) -> str:
    with pytest.raises(AudioError) as caught:
        read_audio(source)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("sound in memory: " if isinstance(source, bytes) else f"{source}: ")
    return message


@pytest.mark.parametrize(
    ("kind", "rate_hz", "channels"),
    [
        (kind, rate_hz, channels)
        for kind in SUBTYPES
        for rate_hz in (8000, 16000, 44100, 48000)
        for channels in (1, 2, 6)
        if not (kind == "opus" and rate_hz == 44100) and not (kind == "mp3" and channels > 2)
    ],
)
def test_reads_every_format(tmp_path: Path, kind: str, rate_hz: int, channels: int) -> None:
    path = sound_file(tmp_path / f"ünï côdé.{kind}", rate_hz, rate_hz // 2, channels)
    samples, found_hz = read_audio(path)
    assert (samples.dtype, samples.ndim, found_hz) == (np.float32, 1, rate_hz)
    assert len(samples) == rate_hz // 2
    assert np.corrcoef(samples, tone(rate_hz, rate_hz // 2))[0, 1] > 0.98
    info = probe(path)
    assert (info.rate_hz, info.channels, info.frames, info.duration_s) == (
        rate_hz,
        channels,
        rate_hz // 2,
        0.5,
    )
    assert np.array_equal(read_audio(path.read_bytes())[0], samples)
    assert probe(path.read_bytes()) == info


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW"])
def test_reads_every_width_of_wav(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16000, 1600), 16000, subtype=subtype)
    assert np.abs(read_audio(str(path))[0] - tone(16000, 1600)).max() < 0.02


def test_reads_a_real_recording(shared: Path) -> None:
    path = shared / "data" / "ldc93s1" / "LDC93S1.wav"
    samples, rate_hz = read_audio(path)
    raw = np.frombuffer(path.read_bytes()[44:], "<i2").astype(np.int16)
    assert rate_hz == 16000
    assert np.array_equal(samples, int16_to_float(raw))


@settings(deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1), st.sampled_from([8000, 16000, 44100]))
def test_written_wav_reads_back_the_same(values: list[int], rate_hz: int) -> None:
    samples = int16_to_float(np.array(values, np.int16))
    found, found_hz = read_audio(wav_bytes(samples, rate_hz))
    assert np.array_equal(found, samples)
    assert found_hz == rate_hz


def test_written_wav_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "ä.wav"
    write_wav(path, tone(16000, 100), 16000)
    assert [p.name for p in tmp_path.iterdir()] == ["ä.wav"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400
    with pytest.raises(AudioError, match="cannot be written"):
        write_wav(tmp_path / "no folder" / "a.wav", tone(16000, 100), 16000)
    (tmp_path / "b.wav").mkdir()
    with pytest.raises(AudioError, match=r"b\.wav: cannot be written"):
        write_wav(tmp_path / "b.wav", tone(16000, 100), 16000)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.wav", "ä.wav"]


def test_missing_and_strange_paths(tmp_path: Path) -> None:
    assert "no such file" in fault(tmp_path / "none.wav")
    assert "is a folder" in fault(tmp_path)
    (tmp_path / "empty.wav").touch()
    assert "is empty" in fault(tmp_path / "empty.wav")
    assert "is empty" in fault(b"")
    (tmp_path / "samples.raw").write_bytes(bytes(1000))
    assert "have no sample rate" in fault(tmp_path / "samples.raw")
    with pytest.raises(AudioError, match="cannot be read"):
        read_audio("a\0b.wav")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"just some text, long enough to be looked at by every decoder there is", "not a sound file"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "M4A"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"\x1aE\xdf\xa3" + bytes(100), "WebM"),
        (b"caff\0\1\0\0desc" + bytes(9), "a damaged caf file"),
        (bytes(1000), "not a sound file"),
    ],
)
def test_not_audio(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    assert words in fault(tmp_path / "a.mp3")
    assert words in fault(content)


def test_unsupported_codec_in_a_wav() -> None:
    content = bytearray(wav_bytes(tone(16000, 1000), 16000))
    content[20:22] = struct.pack("<H", 0x0161)  # Windows Media Audio
    assert "codec" in fault(bytes(content))


@pytest.mark.parametrize("kept", [12, 30, 43, 44, 45, 1000, 2043])
def test_cut_off_wav(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wav_bytes(tone(16000, 1000), 16000)[:kept])
    message = fault(path)
    assert "ends before" in message or "cut off: its header promises 2000 bytes" in message
    with pytest.raises(AudioError):
        probe(path)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000])
def test_wav_from_a_pipe_has_no_length_in_its_header(tmp_path: Path, size: int) -> None:
    whole = wav_bytes(tone(16000, 1000), 16000)
    riff = size if size in (0, 0xFFFFFFFF) else size + 36
    path = tmp_path / "piped.wav"
    path.write_bytes(whole[:4] + struct.pack("<I", riff) + whole[8:40] + struct.pack("<I", size) + whole[44:])
    assert np.array_equal(read_audio(path)[0], read_audio(whole)[0])
    assert probe(path).frames == 1000


def test_wav_that_was_never_closed_keeps_its_sound() -> None:
    whole = wav_bytes(tone(16000, 1000), 16000)
    unclosed = whole[:4] + struct.pack("<I", 36) + whole[8:40] + struct.pack("<I", 0) + whole[44:]
    assert len(read_audio(unclosed)[0]) == 1000


def test_wav_with_more_chunks(tmp_path: Path) -> None:
    whole = wav_bytes(tone(16000, 1000), 16000)
    note = b"LIST" + struct.pack("<I", 5) + b"abcde\0"
    body = whole[8:36] + note + whole[36:] + note
    path = tmp_path / "chunks.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert len(read_audio(path)[0]) == 1000
    path.write_bytes(path.read_bytes()[:-3])  # all the sound is there still
    assert len(read_audio(path)[0]) == 1000


def test_no_samples(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "a.wav", frames=0)
    assert "no audio" in fault(path)
    with pytest.raises(AudioError, match="no audio"):
        probe(path)


def test_damaged_flac(tmp_path: Path) -> None:
    content = sound_file(tmp_path / "a.flac", frames=48000).read_bytes()
    assert "damaged" in fault(content[: len(content) // 2])


def test_flac_from_a_pipe_has_no_length_in_its_header(tmp_path: Path) -> None:
    content = bytearray(sound_file(tmp_path / "a.flac", frames=48000).read_bytes())
    content[21] &= 0xF0  # STREAMINFO: the low 36 bits of bytes 18 to 25 are the number of samples
    content[22:26] = bytes(4)
    assert np.array_equal(read_audio(bytes(content))[0], read_audio(tmp_path / "a.flac")[0])
    assert probe(bytes(content)).frames == 48000


def test_samples_that_are_not_numbers(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, np.nan, 0.1], np.float32), 16000, subtype="FLOAT")
    assert "NaN or infinite" in fault(tmp_path / "a.wav")


def test_reads_from_a_pipe_that_the_user_named(tmp_path: Path) -> None:
    pipe, content = tmp_path / "pipe", wav_bytes(tone(16000, 1000), 16000)
    os.mkfifo(pipe)
    with pytest.raises(AudioError, match="is a device, pipe or socket"):
        read_audio(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    assert len(read_audio(NamedPath(pipe))[0]) == 1000
    writer.join()
    with pytest.raises(AudioError, match="is a device, pipe or socket"):
        read_audio(pipe)  # by a data set: what the user named once is not open to every list


def test_a_device_that_never_ends_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepspeech.audio.content._LARGEST_PIPE", 1 << 20)
    with pytest.raises(AudioError, match="a pipe with more than 1 MB; save it to a file first"):
        read_audio(NamedPath("/dev/zero"))
    with pytest.raises(AudioError, match="is a device, pipe or socket"):
        read_audio("/dev/zero")


def damaged(content: bytes, at: float, patch: bytes, cut: bool) -> bytes:
    """`content` with `patch` at that part of it, ended there or going on."""
    place = int(at * len(content))
    return content[:place] + patch + (b"" if cut else content[place + len(patch) :])


@settings(deadline=None)
@given(kind=st.sampled_from(list(SUBTYPES)), at=st.floats(0, 1), patch=st.binary(max_size=20), cut=st.booleans())
def test_damaged_bytes_are_read_or_refused(
    whole_files: dict[str, bytes], kind: str, at: float, patch: bytes, cut: bool
) -> None:
    with contextlib.suppress(AudioError):
        samples, rate_hz = read_audio(damaged(whole_files[kind], at, patch, cut))
        assert len(samples) > 0 < rate_hz


def test_many_threads_read_and_fail_independently(tmp_path: Path) -> None:
    good = [sound_file(tmp_path / f"a.{kind}", 48000, 4800) for kind in SUBTYPES]
    (tmp_path / "bad.mp3").write_bytes(b"not a sound file at all, only text that goes on")
    wanted = {path: read_audio(path)[0] for path in good}

    def attempt(path: Path) -> bool:
        if path in wanted:
            return np.array_equal(read_audio(path)[0], wanted[path])
        return "not a sound file" in fault(path)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(attempt, [*good, tmp_path / "bad.mp3"] * 50))


def test_a_sphere_file_packed_with_shorten_says_what_to_do(tmp_path: Path) -> None:
    header = "NIST_1A\n   1024\nchannel_count -i 2\nsample_rate -i 8000\n"
    header += "sample_coding -s26 ulaw,embedded-shorten-v2.00\nend_head\n"
    (tmp_path / "a.sph").write_bytes(header.encode().ljust(1024) + b"ajkg" + bytes(1000))
    with pytest.raises(AudioError, match=r"a\.sph: a NIST sphere file .* sph2pipe -f wav IN\.sph OUT\.wav"):
        read_audio(tmp_path / "a.sph")


def rounded(source: Path | AudioSlice | bytes, to_hz: int) -> np.ndarray | str:
    """What `read_16_bit` is to give, in the long way: the samples, or the error."""
    try:
        return float_to_int16(resample(*read_audio(source), to_hz))
    except AudioError as error:
        return str(error)


def agrees(source: Path | AudioSlice | bytes, to_hz: int) -> None:
    expected = rounded(source, to_hz)
    try:
        found: np.ndarray | str = read_16_bit(source, to_hz)
    except AudioError as error:
        found = str(error)
    if isinstance(found, np.ndarray):
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("to_hz", [8000, 16000])
def test_sixteen_bits_are_those_of_the_long_way(tmp_path: Path, subtype: str, channels: int, to_hz: int) -> None:
    soundfile.write(tmp_path / "a.wav", 3 * tone(16000, 4000, channels), 16000, subtype=subtype)  # too loud in part
    agrees(tmp_path / "a.wav", to_hz)
    if subtype in ("PCM_16", "PCM_24"):
        soundfile.write(tmp_path / "a.flac", tone(16000, 4000, channels), 16000, subtype=subtype)
        agrees(tmp_path / "a.flac", to_hz)
        agrees((tmp_path / "a.flac").read_bytes(), to_hz)


def test_sixteen_bits_of_spans_packets_and_empty_files(tmp_path: Path) -> None:
    content = b"before" + wav_bytes(tone(16000, 4000), 16000) + b"after"
    (tmp_path / "many").write_bytes(content)
    agrees(AudioSlice(tmp_path / "many", 6, len(content) - 11, "wav", "1"), 16000)
    agrees(AudioSlice(tmp_path / "many", 6, len(content) - 12, "wav", "1"), 16000)
    (tmp_path / "packets").write_bytes(content := packets(tone(16000, 4000), 16000))
    for to_hz in (8000, 16000):
        agrees(AudioSlice(tmp_path / "packets", 0, len(content), PACKETS, "1"), to_hz)
    agrees(wav_bytes(np.zeros(0, np.float32), 16000), 16000)
    agrees(tmp_path / "none.wav", 16000)


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(list(SUBTYPES)), at=st.floats(0, 1), patch=st.binary(max_size=20), cut=st.booleans())
def test_sixteen_bits_of_damaged_bytes_are_read_or_refused_alike(
    whole_files: dict[str, bytes], kind: str, at: float, patch: bytes, cut: bool
) -> None:
    agrees(damaged(whole_files[kind], at, patch, cut), 16000)


def test_reading_ahead_never_fails_and_never_waits(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    for place in (path, tmp_path, tmp_path / "none.wav", tmp_path / "pipe.wav", Path("zero\0byte")):
        read_ahead(place)
    for offset, size in ((0, 100), (1000, 1 << 40), (1 << 70, 1)):
        read_ahead(AudioSlice(path, offset, size, "wav", "1"))
    assert len(read_audio(path)[0]) == 8000
