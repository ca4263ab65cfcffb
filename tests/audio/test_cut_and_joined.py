"""What was cut off, joined or has a stale length: told, or read whole; never taken for less than it is."""

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio import mp3_frames
from deepspeech.audio.blocks import Blocks, convert_to_wav
from deepspeech.audio.content import Content
from deepspeech.audio.encode import kind_of
from deepspeech.audio.formats import probe, read_16_bit, read_audio, wav_bytes, write_wav
from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import resample
from deepspeech.audio.sound import Sound
from deepspeech.audio.source import AudioSlice
from deepspeech.errors import AudioError

RATE = 16000
CODED = [
    ("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("WAV", "PCM_24"),
    ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AU", "PCM_16"), ("AIFF", "PCM_16"), ("NIST", "PCM_16"),
    ("VOC", "PCM_16"),
]  # fmt: skip
JOINABLE = [
    ("MP3", "MPEG_LAYER_III"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("WAV", "PCM_16"),
    ("AU", "PCM_16"),
    ("AU", "ULAW"),
    ("AIFF", "PCM_16"),
    ("CAF", "PCM_16"),
    ("CAF", "PCM_24"),
    ("W64", "PCM_16"),
    ("W64", "PCM_24"),
    ("NIST", "PCM_16"),
    ("VOC", "PCM_16"),
]


def tone(seconds: float = 2.0, rate_hz: int = RATE, channels: int = 1) -> Float32:
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    one = (0.3 * np.sin(2 * np.pi * 300 * time_s) * (0.6 + 0.4 * np.sin(9 * time_s))).astype(np.float32)
    return np.stack([one] * channels, axis=1) if channels > 1 else one


def coded(form: str, subtype: str, samples: Float32, rate_hz: int = RATE, **options: object) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format=form, subtype=subtype, **options)
    return buffer.getvalue()


def seconds(source: bytes | Path) -> float:
    samples, rate_hz = read_audio(source)
    assert probe(source).frames == len(samples)
    return len(samples) / rate_hz


def vbr_without_header() -> bytes:
    """A frame of silence with Xing's numbers comes first; the rest begins with the next frame."""
    sound = np.concatenate([tone(1.0) * 0, tone(3.0) + 0.1 * np.random.default_rng(0).standard_normal(3 * RATE)])
    content = coded("MP3", "MPEG_LAYER_III", sound.astype(np.float32), bitrate_mode="VARIABLE", compression_level=0.2)
    return content[content.index(content[:2], 4) :]


@pytest.mark.parametrize(("form", "subtype"), CODED)
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_file_that_is_cut_off_is_reported_and_what_is_there_can_be_read(
    form: str, subtype: str, kept: float, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = coded(form, subtype, tone(4.0))
    assert seconds(whole) == pytest.approx(4.0, abs=0.001)
    cut = whole[: int(kept * len(whole))]
    for read in (read_audio, probe, lambda content: read_16_bit(content, RATE)):
        with pytest.raises(AudioError, match=r"cut off|damaged"):
            read(cut)
    with Sound(cut, "talk", cut_ok=True) as sound:
        found = sum(map(len, sound.blocks())) / RATE
        assert "cut off" in sound.fault or "damaged" in sound.fault
    assert found < 4.0
    assert found > 0.4 or form in ("FLAC", "OGG")  # whose blocks and pages are long
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("form", "subtype"), JOINABLE)
def test_files_that_were_joined_are_read_to_the_end(form: str, subtype: str, capfd: pytest.CaptureFixture[str]) -> None:
    one, two = coded(form, subtype, tone(1.0)), coded(form, subtype, tone(2.5))
    found, expected = (read_audio(content)[0] for content in (one + two, two))
    if subtype.startswith("PCM"):
        np.testing.assert_array_equal(found[RATE:], expected)
    assert seconds(one + two + one) == pytest.approx(4.5, abs=0.01)
    other = coded(form, subtype, tone(1.0, 48000, 2), 48000)
    samples, rate_hz = read_audio(other + two)
    assert (rate_hz, len(samples) / rate_hz) == (48000, pytest.approx(3.5, abs=0.01))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("form", ["AIFF", "CAF", "W64", "NIST"])
def test_the_last_of_files_that_were_joined_may_be_cut_off(form: str) -> None:
    one, two = coded(form, "PCM_16", tone(1.0)), coded(form, "PCM_16", tone(2.5))
    with pytest.raises(AudioError, match="cut off: the last of its 2 files"):
        read_audio(one + two[:-1000])
    with Sound(one + two[:-1000], cut_ok=True) as sound:
        assert 3.4 < sum(map(len, sound.blocks())) / RATE < 3.5


@pytest.mark.parametrize("form", ["AIFF", "CAF", "W64", "NIST", "VOC"])
@given(data=st.data())
def test_no_header_of_a_rarer_format_leads_astray(form: str, data: st.DataObject) -> None:
    content = bytearray(2 * coded(form, "PCM_16", tone(0.1)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, 120))
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(AudioError):
        read_audio(bytes(content[: data.draw(st.integers(4, len(content)))]))


@pytest.mark.parametrize("rate_hz", [1, 999, 2_000_000])
@pytest.mark.parametrize(("form", "at", "order"), [("WAV", 24, "<"), ("AU", 16, ">")])
def test_a_rate_that_no_recording_has_is_refused(form: str, at: int, order: str, rate_hz: int) -> None:
    content = bytearray(coded(form, "PCM_16", tone()))
    content[at : at + 4] = struct.pack(f"{order}I", rate_hz)
    for read in (read_audio, probe, lambda source: read_16_bit(source, RATE)):
        with pytest.raises(AudioError, match=f"states {rate_hz} Hz; 1000 to 1000000 are read"):
            read(bytes(content))


def test_mp3_frames_that_hold_no_audio_are_damage() -> None:
    content, random = bytearray(coded("MP3", "MPEG_LAYER_III", tone())), np.random.default_rng(0)
    layout = Content(bytes(content), "talk")
    for number, (at, head, _) in enumerate(mp3_frames._frames(layout, 0)):
        if head and number:
            content[at + 4 : at + head.size] = random.bytes(head.size - 4)
    with pytest.raises(AudioError, match="its frames hold no audio"):
        read_audio(bytes(content))
    with pytest.raises(AudioError, match="its frames hold no audio"):  # nothing is left to transcribe
        list(Blocks(bytes(content), RATE, cut_ok=True))


def test_sound_without_speech_is_no_fault() -> None:
    """Silence and tones of any coding are read as they are; that nobody speaks is a result."""
    for form, subtype in (("MP3", "MPEG_LAYER_III"), ("WAV", "GSM610"), ("WAV", "PCM_16")):
        for samples in (tone(2.0, 8000), 0 * tone(2.0, 8000)):
            blocks = Blocks(coded(form, subtype, samples, 8000), 8000, cut_ok=True)
            assert len(np.concatenate(list(blocks))) == pytest.approx(16000, abs=700)
            assert blocks.fault == ""


def test_mp3_without_a_header_is_read_to_the_end() -> None:
    content = vbr_without_header()
    assert seconds(content) == pytest.approx(4.0, abs=0.15)
    with pytest.raises(AudioError, match="cut off"):
        read_audio(content[:-50])


def test_mp3_with_tags_and_junk_is_whole(capfd: pytest.CaptureFixture[str]) -> None:
    whole = coded("MP3", "MPEG_LAYER_III", tone())
    expected = read_audio(whole)[0]
    cover = b"ID3\x04\x00\x00" + bytes([0, 0, 40, 0]) + bytes(40 * 128)
    for content in (
        cover + whole,
        whole + b"TAG" + bytes(125),
        bytes(300) + whole,
        cover + whole + b"TAG" + bytes(125),
    ):
        np.testing.assert_array_equal(read_audio(content)[0], expected)
        assert probe(content).frames == len(expected)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("riff_too", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_stale_wav_length_loses_no_sound(tmp_path: Path, riff_too: bool, order: str) -> None:
    samples = np.frombuffer(np.random.default_rng(0).bytes(4 * RATE), np.int16)
    content = bytearray(wav_bytes(samples / np.float32(32768), RATE))
    if order == ">":
        content = bytearray(coded("WAV", "PCM_16", samples / np.float32(32768), endian="BIG"))
    at = content.index(b"data") + 4
    content[at : at + 4] = struct.pack(order + "I", RATE)
    if riff_too:
        content[4:8] = struct.pack(order + "I", RATE + 36)
    (tmp_path / "stale.wav").write_bytes(content)
    assert np.array_equal(read_16_bit(tmp_path / "stale.wav", RATE), samples)
    assert seconds(tmp_path / "stale.wav") == 2.0


def test_chunks_behind_the_samples_are_no_sound() -> None:
    whole = coded("WAV", "PCM_24", tone()[:2001])
    note = b"LIST" + struct.pack("<I", 6000) + bytes(range(1, 201)) * 30
    for behind in (note, bytes(5000), b"ID3" + bytes(range(1, 201)) * 30, b"junk"):
        assert len(read_audio(whole + behind)[0]) == 2001
    assert len(read_audio(whole[:-1] + note)[0]) == 2001  # many leave out the byte that fills up


def test_large_wav_under_both_names() -> None:
    whole = coded("RF64", "PCM_16", tone())
    samples, _ = read_audio(whole)
    assert np.array_equal(read_audio(b"BW64" + whole[4:])[0], samples)
    with pytest.raises(AudioError, match="cut off"):
        probe(b"BW64" + whole[4:-100])


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32", "MS_ADPCM", "IMA_ADPCM", "ALAW", "PCM_U8", "DOUBLE"])
def test_codecs_inside_wav_are_read_even_where_nothing_can_be_sought(tmp_path: Path, subtype: str) -> None:
    (tmp_path / "a.wav").write_bytes(coded("WAV", subtype, tone(2.0, 8000), 8000))
    samples, rate_hz = read_audio(tmp_path / "a.wav")
    assert (rate_hz, len(samples)) == (8000, pytest.approx(16000, abs=700))
    assert probe(tmp_path / "a.wav").frames == len(samples)
    part, _ = read_audio(tmp_path / "a.wav", start_s=0.5, end_s=1.0)
    np.testing.assert_array_equal(part, samples[4000:8000])
    assert len(read_16_bit(tmp_path / "a.wav", 16000)) == 2 * len(samples)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xf1\x50\x80" + bytes(100), "AAC"),
        (b"\0\0\0\x20ftypM4A " + bytes(100), "M4A"),
        (b"\0\0\0\x20ftypqt  " + bytes(100), "QuickTime"),
        (b"\x1aE\xdf\xa3" + bytes(100), "WebM"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(100), "AVI"),
        (b"G" + bytes(187) + b"G" + bytes(187), "transport stream"),
        (b"OggS\0\2" + bytes(22) + b"Speex   " + bytes(100), "Speex|cut off"),
        (b"\xff\xff\xff\xff" * 100, "not a sound file"),
    ],
)
def test_what_cannot_be_read_is_named_rightly(content: bytes, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        read_audio(content)


def test_floats_on_the_scale_of_integers_are_refused() -> None:
    assert len(read_audio(coded("WAV", "FLOAT", 4 * tone()))[0]) == 2 * RATE
    with pytest.raises(AudioError, match="full scale is 1"):
        read_audio(coded("WAV", "FLOAT", 10000 * tone()))


@pytest.mark.parametrize("gain", [1.0, 0.7])
def test_inverted_stereo_keeps_its_speech(gain: float) -> None:
    noise = 0.01 * np.random.default_rng(0).standard_normal((2 * RATE, 2)).astype(np.float32)
    sides = np.stack([tone(), -gain * tone()], axis=1) + noise
    for content in (coded("WAV", "FLOAT", sides), coded("FLAC", "PCM_16", sides)):
        samples, _ = read_audio(content)
        assert np.corrcoef(samples, tone())[0, 1] > 0.99
    usual = np.stack([tone(), 0 * tone()], axis=1)
    np.testing.assert_allclose(read_audio(coded("WAV", "FLOAT", usual))[0], tone() / 2, atol=1e-6)


def test_the_suffix_of_an_mp3_is_known() -> None:
    assert kind_of(probe(coded("MP3", "MPEG_LAYER_III", tone()))) == "mp3"


@pytest.mark.parametrize("to_hz", [8000, 16000])
def test_blocks_are_the_whole(tmp_path: Path, to_hz: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp3").write_bytes(coded("MP3", "MPEG_LAYER_III", tone(3.0, 44100, 2), 44100))
    whole = resample(*read_audio(tmp_path / "a.mp3"), to_hz)
    monkeypatch.setattr("deepspeech.audio.sound.BLOCK_FRAMES", 5000)
    blocks = Blocks(tmp_path / "a.mp3", to_hz)
    found = list(blocks)
    assert len(found) > 20
    np.testing.assert_array_equal(np.concatenate(found), whole)
    assert blocks.duration_s == pytest.approx(3.0)
    written = convert_to_wav(tmp_path / "a.mp3", tmp_path / "a.wav", to_hz)
    write_wav(tmp_path / "b.wav", whole, to_hz)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert written == ((tmp_path / "b.wav").stat().st_size, len(whole))
    with pytest.raises(AudioError, match="no audio"):
        convert_to_wav(tmp_path / "a.mp3", tmp_path / "c.wav", to_hz, start_s=5.0)
    assert not (tmp_path / "c.wav").exists()


def test_a_large_span_is_not_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = coded("FLAC", "PCM_16", tone())
    (tmp_path / "many").write_bytes(b"before" + content + b"after")
    monkeypatch.setattr("deepspeech.audio.content._IN_MEMORY", 100)
    span = AudioSlice(tmp_path / "many", 6, len(content), "flac", "1")
    np.testing.assert_array_equal(read_audio(span)[0], read_audio(content)[0])
    with pytest.raises(AudioError, match="cut off"):
        read_audio(AudioSlice(tmp_path / "many", 6, len(content) + 100, "flac", "1"))


@pytest.mark.parametrize("small", [0, 1 << 18])
def test_the_length_of_joined_flac_is_that_of_all_its_streams(
    small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepspeech.audio.sound._SMALL", small)
    path, one, two = tmp_path / "a.flac", coded("FLAC", "PCM_16", tone(1.0)), coded("FLAC", "PCM_16", tone(2.5))
    for content, seconds_there in ((one, 1.0), (one + two + one, 4.5)):
        path.write_bytes(content)
        assert probe(path).duration_s == probe(content).duration_s == seconds_there
    path.write_bytes(one + two[:-100])
    with pytest.raises(AudioError, match=r"a\.flac: cut off"):
        probe(path)
