"""Folders of pairs: one data set, resumed where it stopped, errors told and passed over."""

from pathlib import Path

import pytest

from deepspeech.alignment.folder import find_pairs
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import DataError
from tests.conftest import Command
from tests.fakes import tones


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    for name, text in {"ann/one": "abba cad dab", "ann/two": "dad cab bad add", "bob/one": "cab dab abba"}.items():
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, tones(text), 16000)
        path.with_suffix(".txt").write_text(f"{text.capitalize()}.\n")
    (folder / "bob" / "alone.wav").write_bytes(b"")
    (folder / "bob" / "broken.wav").write_bytes(b"no sound")
    (folder / "bob" / "broken.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nabba\n")
    return folder


def test_a_folder_becomes_one_data_set(deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    run = ("import", "aligned", books, target, "--model", hearing_model, "--speakers", "--min-score", "-3")
    code, out, err = deepspeech(*run)
    assert code == 2
    assert "broken.wav" in err
    assert "alone.wav: has no text" in err
    samples = read_samples(target / "all.csv")
    assert {sample.speaker for sample in samples} == {"ann", "bob"}
    assert all(Path(sample.audio).is_file() for sample in samples)
    assert f"{len(samples)} clips of 3 recordings" in out
    one = next(sample for sample in samples if sample.speaker == "bob")
    sound = Path(one.audio).relative_to(target / "bob" / "one")
    (target / "bob" / "one" / "accepted.csv").write_text(
        f"wav_filename,wav_filesize,transcript,speaker\n{sound},1,by hand,bob\n"
    )
    first = (target / "ann" / "one" / "one.json").stat().st_mtime_ns
    (books / "bob" / "broken.wav").unlink()
    assert deepspeech(*run)[0] == 0
    assert [sample.transcript for sample in read_samples(target / "all.csv")].count("by hand") == 1
    assert (target / "ann" / "one" / "one.json").stat().st_mtime_ns == first


def test_folders_without_pairs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        find_pairs(tmp_path / "none")
    with pytest.raises(DataError, match="no recording with a text"):
        find_pairs(tmp_path)
    for name in ("a.wav", "a.flac", "a.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="two recordings are called a"):
        find_pairs(tmp_path)
