"""Notes in the headers of wav files: found again only in whole files, and no hindrance to other readers."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio.formats import probe, read_audio, wav_bytes, write_wav
from deepspeech.audio.wav_note import NotedWav, read_note

SAMPLES = np.linspace(-0.5, 0.5, 1600, dtype=np.float32)


@pytest.mark.parametrize("note", ["x", "xy", "deepspeech 0123456789abcdef 0123456789abcdef"])
def test_a_note_is_found_again_and_the_sound_is_as_without_it(tmp_path: Path, note: str) -> None:
    path = tmp_path / "a.wav"
    size_bytes = write_wav(path, SAMPLES, 16000, note)
    assert read_note(path, 16000) == NotedWav(note, size_bytes, 1600)
    assert size_bytes == path.stat().st_size
    plain = tmp_path / "b.wav"
    assert write_wav(plain, SAMPLES, 16000) == 44 + 3200
    assert plain.read_bytes() == wav_bytes(SAMPLES, 16000)
    assert np.array_equal(read_audio(path)[0], read_audio(plain)[0])
    assert probe(path).duration_s == 0.1
    with wave.open(str(path)) as other:
        assert other.readframes(2000) == plain.read_bytes()[44:]
    with soundfile.SoundFile(path) as file:
        assert file.comment == note


@settings(deadline=None)
@given(st.integers(0, 3269), st.integers(0, 255))
def test_a_damaged_header_has_no_note(tmp_path_factory: pytest.TempPathFactory, at: int, value: int) -> None:
    path = tmp_path_factory.mktemp("note") / "a.wav"
    write_wav(path, SAMPLES, 16000, "note")
    content = bytearray(path.read_bytes())
    path.write_bytes(content[:at])
    assert read_note(path, 16000) is None
    head = len(content) - 3200
    if at < head and content[at] != value:
        content[at] = value
        path.write_bytes(content)
        found = read_note(path, 16000)
        assert found is None or (found.note != "note" and found.frames == 1600)


def test_other_files_have_none(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", SAMPLES, 8000, "note")
    assert read_note(tmp_path / "a.wav", 16000) is None
    for name in ("none.wav", "zero\0byte", "."):
        assert read_note(tmp_path / name, 16000) is None
