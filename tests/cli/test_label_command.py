"""`deepspeech label`: from recordings to a data set that training reads."""

import csv
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deepspeech import Recognizer
from deepspeech.datasets.formats.csv_files import read_csv
from tests.fakes import corpus

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    corpus(folder)
    return folder


def test_it_writes_a_data_set_with_confidences(
    deepspeech: Command, hearing_model: Path, recordings: Path, tmp_path: Path
) -> None:
    output = tmp_path / "labeled.csv"
    code, out, err = deepspeech("label", "-m", hearing_model, "-o", output, "--confidence", 0, "--json", recordings)
    assert code == 0, err
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    samples = read_csv(output)
    model, sounds = Recognizer.open(hearing_model), sorted(recordings.glob("*.wav"))
    assert json.loads(out)["kept"] == len(samples) == len(sounds)
    assert {s.audio: s.transcript for s in samples} == {path: model.transcribe(path).text.strip() for path in sounds}
    assert [row["transcript"] for row in rows] == [sample.transcript for sample in samples]
    assert all(0 <= float(row["confidence"]) <= 1 for row in rows)
    assert f"kept {len(rows)} of {len(sounds)} recordings" in err


def test_where_nothing_is_kept_there_is_no_file_and_one_line(
    deepspeech: Command, hearing_model: Path, recordings: Path, tmp_path: Path
) -> None:
    output = tmp_path / "labeled.csv"
    code, out, err = deepspeech("label", "-m", hearing_model, "-o", output, "--confidence", 1, recordings)
    assert (code, out) == (2, "")
    assert "lower --confidence" in err
    assert not output.exists()


def test_recordings_inside_an_archive_are_one_line(
    deepspeech: Command, hearing_model: Path, recordings: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "clips.tar"
    with tarfile.open(archive, "w") as tar:
        for name in ("train000.wav", "train001.wav"):
            tar.add(recordings / name, name)
    code, _, err = deepspeech("label", "-m", hearing_model, "-o", tmp_path / "a.csv", archive)
    assert (code, "a CSV refers to whole files" in err) == (2, True), err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--confidence", "1.5", "x"], "--confidence is 1.5"),
        ([], "name recordings, or a list with --manifest"),
        (["--cores", "0", "x"], "--cores is 0; it must be at least 1"),
    ],
)
def test_wrong_options_are_one_line(
    deepspeech: Command, hearing_model: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    code, _, err = deepspeech("label", "-m", hearing_model, "-o", tmp_path / "a.csv", *arguments)
    assert (code, words in err) == (2, True)
