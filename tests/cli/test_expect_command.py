"""`deepspeech expect`: text and JSON say the same; what cannot be read is one line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    found = []
    for hours, errors in ((1, 40), (2, 28), (4, 20)):
        path = tmp_path / f"{hours}.json"
        path.write_text(json.dumps({"samples": [{"word_errors": errors // 10, "words": 10}] * 10}))
        found.append(f"{hours}={path}")
    return found


def test_it_expects_less_errors_from_more_hours(deepspeech: Command, results: list[str], tmp_path: Path) -> None:
    code, out, err = deepspeech("expect", *results, "--hours", 16, "--picture", tmp_path / "a.png")
    assert code == 0, err
    assert "16.00 h" in out
    assert "Check: without the last" in out
    assert (tmp_path / "a.png").stat().st_size > 1000
    page = json.loads(deepspeech("expect", *results, "--hours", 16, "--json")[1])
    (one,) = page["expected"]
    assert 0.05 < one["low"] <= one["wer"] <= one["high"] < 0.2
    assert f"{100 * one['wer']:.1f} %" in out
    assert [point["hours"] for point in page["measured"]] == [1, 2, 4]


def test_without_hours_it_shows_twice_five_and_ten_times_the_most(deepspeech: Command, results: list[str]) -> None:
    page = json.loads(deepspeech("expect", *results, "--json")[1])
    assert [one["hours"] for one in page["expected"]] == [8, 20, 40]


@pytest.mark.parametrize("argument", ["x.json", "0=x.json", "nan=x.json", "1="])
def test_an_argument_of_another_form_is_one_line(deepspeech: Command, argument: str) -> None:
    code, _, err = deepspeech("expect", argument, "1=b.json")
    assert (code, "write HOURS=RESULT.json" in err) == (2, True)
