"""Sample databases: written and read again, laid out as the old system's, and safe against damage."""

import contextlib
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.datasets.formats.sdb import OPUS, WAV, SampleDatabase, SampleDatabaseWriter
from deepspeech.errors import DeepSpeechError

TEXTS = ["one", "zwei", "три", ""]


def tone(hz: int, samples: int = 8000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / 16000)).astype(np.float32)


def made(path: Path, sound_type: str = WAV, labeled: bool = True) -> Path:
    with SampleDatabaseWriter(path, sound_type, labeled) as writer:
        for number, text in enumerate(TEXTS):
            writer.write(tone(200 * (number + 1)), 16000, text)
    return path


@pytest.mark.parametrize("sound_type", [WAV, OPUS])
@pytest.mark.parametrize("labeled", [True, False])
def test_what_is_written_is_read(tmp_path: Path, sound_type: str, labeled: bool) -> None:
    with SampleDatabase(made(tmp_path / "a.sdb", sound_type, labeled)) as database:
        assert (len(database), database.labeled, database.sound_type) == (4, labeled, sound_type)
        for number in (3, 0, 2, 1):
            samples, rate_hz = database.sound(number)
            assert (rate_hz, len(samples)) == (16000, 8000)
            peak_hz = np.abs(np.fft.rfft(samples)).argmax() * 2
            assert peak_hz == pytest.approx(200 * (number + 1), abs=4)
            assert database.transcript(number) == (TEXTS[number] if labeled else "")
        assert [sample.id for sample in database.samples()] == [f"{tmp_path}/a.sdb:{n}" for n in range(4)]


def test_the_layout_is_the_old_one(tmp_path: Path) -> None:
    data = made(tmp_path / "a.sdb").read_bytes()
    assert data[:8] == b"SAMPLEDB"
    (length,) = struct.unpack_from(">Q", data, 8)
    schema = json.loads(data[16 : 16 + length])["schema"]
    assert schema == [
        {"content": "speech", "mime-type": "audio/wav"},
        {"content": "transcript", "mime-type": "text/plain"},
    ]
    chunk, count = struct.unpack_from(">QQ", data, 16 + length)
    index_at = 16 + length + 8 + chunk
    index_length, again, *offsets = struct.unpack_from(">QQ4Q", data, index_at)
    assert (count, again) == (4, 4)
    assert index_at + 8 + index_length == len(data)
    entry, sound = struct.unpack_from(">II", data, offsets[1])
    assert data[offsets[1] + 8 : offsets[1] + 12] == b"RIFF"
    assert data[offsets[1] + 8 + sound : offsets[1] + 4 + entry] == struct.pack(">I", 4) + b"zwei"
    assert offsets[0] == 16 + length + 16


def test_nothing_appears_when_writing_fails(tmp_path: Path) -> None:
    def disturbed() -> None:
        with SampleDatabaseWriter(tmp_path / "a.sdb") as writer:
            writer.write(tone(200), 16000, "one")
            raise RuntimeError("disturbed")

    with pytest.raises(RuntimeError, match="disturbed"):
        disturbed()
    assert not list(tmp_path.iterdir())


def without_sound(path: Path) -> None:
    schema = b'{"schema": [{"content": "transcript", "mime-type": "text/plain"}]}'
    path.write_bytes(b"SAMPLEDB" + struct.pack(">Q", len(schema)) + schema)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    whole = made(tmp_path / "a.sdb").read_bytes()
    cases = {"missing": None, "empty": b"", "other": b"RIFFRIFFRIFF", "cut": whole[:-9], "head": whole[:20]}
    for name, content in cases.items():
        path = tmp_path / f"{name}.sdb"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DeepSpeechError, match=f"^{path}: "):
            SampleDatabase(path)
    without_sound(tmp_path / "mute.sdb")
    with pytest.raises(DeepSpeechError, match="no speech in this database"):
        SampleDatabase(tmp_path / "mute.sdb")


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_is_an_error_or_samples(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    data = bytearray(made(folder / "a.sdb").read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    (folder / "b.sdb").write_bytes(data)
    with contextlib.suppress(DeepSpeechError), SampleDatabase(folder / "b.sdb") as database:
        for number in range(min(4, len(database))):
            assert database.sound(number)[0].ndim == 1
            assert isinstance(database.transcript(number), str)
