"""Data sets that strangers made: devices, pipes, addresses, numbers without measure; one line each, at once."""

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import probe, read_audio, wav_bytes
from deepspeech.audio.source import AudioSlice, NamedPath
from deepspeech.datasets.formats.jsonl_files import JsonlWriter
from deepspeech.datasets.formats.sdb import MAGIC
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError, DataError, DeepSpeechError, RemoteError
from deepspeech.remote.files import ALLOW_ADDRESSES

HUGE = "1" + "0" * 400
SHARD = '{"shard":"s.tar","bytes":10}\n'


def fault(path: Path) -> str:
    with pytest.raises(DeepSpeechError) as caught:
        list(read_samples(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin", "pipe"])
def test_sound_in_a_data_set_is_a_file(tmp_path: Path, device: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.csv").write_text(f"wav_filename,transcript\n{device},a\n")
    (tmp_path / "a.jsonl").write_text(json.dumps({"audio_filepath": device, "text": "a"}))
    if Path(device).is_file():
        pytest.skip("stdin is a file here")
    for name in ("a.csv", "a.jsonl"):
        (sample,) = read_samples(tmp_path / name)
        for read in (probe, read_audio):
            with pytest.raises(AudioError, match="device, pipe or socket"):
                read(sample.audio)
    with pytest.raises(AudioError, match="device, pipe or socket"):
        AudioSlice(tmp_path / device, 0, 4, "wav", "0").read()


def test_a_pipe_that_the_user_names_is_read(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, wav_bytes(np.zeros(100, np.float32), 16000))
    os.close(writer)
    try:
        assert len(read_audio(NamedPath(f"/dev/fd/{reader}"))[0]) == 100
    finally:
        os.close(reader)


@pytest.mark.parametrize("name", ["http://169.254.169.254/x.wav", "file:///dev/zero", "s3://b/a.wav"])
def test_addresses_are_asked_only_where_the_user_allows_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"wav_filename,transcript\n{name},a\n")
    with pytest.raises(RemoteError, match=f"a.csv:2: names the address .*{ALLOW_ADDRESSES}=1"):
        read_samples(path)
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"shard": f"{name}", "bytes": 10}) + "\n")
    assert "address" in fault(tmp_path / "manifest.jsonl") or "cannot be read" in fault(tmp_path / "manifest.jsonl")
    monkeypatch.setenv(ALLOW_ADDRESSES, "1")
    assert read_samples(path)[0].id == name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", f'{{"audio_filepath":"a.wav","text":"a","duration":{HUGE}}}'),
        ("a.jsonl", f'{{"audio_filepath":"a.wav","text":"a","audio_filesize":{HUGE}}}'),
        ("a.jsonl", '{"audio_filepath":"\\ud800.wav","text":"a"}'),
        ("a.jsonl", '{"audio_filepath":"a.wav","text":"\\ud800"}'),
        ("a.jsonl", "[" * 100_000),
        ("a.jsonl", '{"audio_filepath":"a.wav","text":"a","x":' + "[" * 500 + "]" * 500 + "}"),
        ("a.jsonl", '{"audio_filepath":"a\\u0000.wav","text":"a"}'),
        ("a.jsonl", '{"audio_filepath":"http://a/b.wav","text":"a"}'),
        ("a.csv", "wav_filename,transcript\na\0.wav,a\n"),
        ("manifest.jsonl", f'{SHARD}{{"member":"a","offset":0,"size":5,"text":"a","duration":{HUGE}}}'),
        ("manifest.jsonl", f'{SHARD}{{"member":"a","offset":{HUGE},"size":5,"text":"a","duration":1}}'),
        ("manifest.jsonl", f'{{"shard":"s.tar","bytes":{HUGE}}}\n'),
        ("manifest.jsonl", SHARD + "[" * 100_000),
    ],
)
def test_any_line_is_refused_in_one_line(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert str(tmp_path / name) in fault(tmp_path / name)


@pytest.mark.parametrize("schema", [b"[" * 100_000, b'{"schema":' * 200 + b"1" + b"}" * 200, b"\xff"])
def test_a_databases_schema_of_any_depth(tmp_path: Path, schema: bytes) -> None:
    (tmp_path / "a.sdb").write_bytes(MAGIC + struct.pack(">Q", len(schema)) + schema + bytes(24))
    assert "schema cannot be read" in fault(tmp_path / "a.sdb")


@pytest.mark.parametrize("suffix", [".sdb", ".tar", ".jsonl"])
def test_a_pipe_in_the_place_of_a_data_set_does_not_hang(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"a{suffix}")
    assert "device, pipe or socket" in fault(tmp_path / f"a{suffix}")


def test_what_a_list_cannot_hold_is_one_line(tmp_path: Path) -> None:
    """A file's name may be any bytes; JSON lines and CSVs are UTF-8."""
    sample = Sample("x", Path("/a/\udcff.wav"), "a", 1)
    with pytest.raises(DataError, match="not UTF-8"), JsonlWriter(tmp_path / "a.jsonl") as writer:
        writer.write(sample)


@pytest.mark.parametrize(
    "name", ["big-int.jsonl", "man.jsonl", "surrogate.jsonl", "surrogate2.jsonl", "deep-schema.sdb", "sparse.tar"]
)
def test_the_kept_ones(shared: Path, name: str) -> None:
    path = shared / "cases" / "hostile" / name
    if not path.exists():
        pytest.skip("needs ../shared/cases")
    assert name in fault(path)
