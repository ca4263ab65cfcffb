"""Wrong transcripts come first."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepspeech.alignment.misfits import TOO_LONG, fit_score
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.text.tokens import Characters
from tests.conftest import Command
from tests.fakes import tones

TEXTS = ("abba cad", "dab bad", "cab a dad", "bad cab", "dada", "cabd ab")


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Six clips, of which the second has the transcript of another, and one that cannot be read."""
    samples = []
    for number, text in enumerate(TEXTS):
        path = tmp_path / f"{number}.wav"
        write_wav(path, tones(text, number), 16000)
        samples.append(Sample(str(path), path, "cad abba" if number == 1 else text, 1))
    samples.append(Sample("none.wav", tmp_path / "none.wav", "abba", 1))
    write_csv(tmp_path / "set.csv", samples)
    return tmp_path / "set.csv"


def test_data_check_ranks_clips(deepspeech: Command, hearing_model: Path, faulty: Path, tmp_path: Path) -> None:
    ranking = tmp_path / "rank.tsv"
    code, out, _ = deepspeech("data", "check", faulty, "--model", hearing_model, "--worst", 2, "--ranking", ranking)
    assert code == 1  # a clip is not there
    assert "transcript: cad abba" in out
    rows = [line.split("\t") for line in ranking.read_text().splitlines()]
    assert rows[0] == ["score", "clip", "transcript", "heard"]
    assert rows[1][1].endswith("1.wav")
    assert len(rows) == 1 + len(TEXTS)
    assert float(rows[1][0]) < 2 * float(rows[2][0])


def test_it_is_in_json_too(deepspeech: Command, hearing_model: Path, faulty: Path) -> None:
    _, out, _ = deepspeech("data", "check", faulty, "--model", hearing_model, "--worst", 1, "--json")
    assert [one["transcript"] for one in json.loads(out)["worst"]] == ["cad abba"]


def test_a_ranking_needs_a_model(deepspeech: Command, faulty: Path, tmp_path: Path) -> None:
    code, _, err = deepspeech("data", "check", faulty, "--ranking", tmp_path / "rank.tsv")
    assert (code, "needs a --model" in err) == (2, True)


@pytest.mark.parametrize(("transcript", "expected"), [("a", 0.0), ("b", -3.0), ("", -3.0), ("abab", TOO_LONG)])
def test_scores(transcript: str, expected: float) -> None:
    """One frame says a; its other classes are e^-3 as probable."""
    rows = np.array([[1.0, np.exp(-3), np.exp(-3)], [np.exp(-3), np.exp(-3), 1.0]], np.float32) / (1 + 2 * np.exp(-3))
    score = fit_score(Emission(rows, 0.02), transcript, SpellingRule(Characters(["a", "b"])))
    assert score == pytest.approx(expected, abs=1e-5)
