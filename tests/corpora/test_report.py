"""The report as the user reads it."""

from collections import Counter
from pathlib import Path

import pytest

from deepspeech.corpora.report import (
    FAILED,
    INVALID_LABEL,
    TOO_LONG,
    TOO_SHORT,
    ImportReport,
    SetReport,
    clock,
    lines,
    show,
)
from deepspeech.errors import CorpusError


def test_a_clean_import_is_reported_in_three_lines() -> None:
    report = ImportReport("x", [SetReport("train", Path("train.csv"), 10, 5, 3600, 3600)])
    assert lines(report) == [
        "train.csv:",
        "  Imported 5 samples.",
        "  Final amount of imported audio: 1:00:00 from 1:00:00.",
    ]


def test_every_reason_is_reported() -> None:
    one = SetReport("train", Path("train.csv"), 10, clips=20, imported_s=60, total_s=100.4)
    one.dropped = Counter({(FAILED, "gone"): 1, (FAILED, "broken"): 2, (TOO_LONG, "over 10 s"): 3, (TOO_SHORT, "x"): 4})
    one.dropped[INVALID_LABEL, "refused"] = 5
    one.characters = Counter({"ß": 2, "é": 1})
    one.dropped_file = Path("train.dropped.jsonl")
    report = ImportReport("x", [one], [(Path("train-all.csv"), 3)], ["dev.tsv is not there."])
    assert lines(report) == [
        "train.csv:",
        "  Imported 5 samples.",
        "  Skipped 3 samples that failed upon conversion.",
        "    2 × broken",
        "    1 × gone",
        "  Skipped 5 samples that failed on transcript validation.",
        "    5 × refused",
        "  Skipped 4 samples that were too short to match the transcript.",
        "    4 × x",
        "  Skipped 3 samples that were longer than 10 seconds.",
        "    3 × over 10 s",
        "  Characters outside the alphabet: 'ß' (U+00DF) 2 ×, 'é' (U+00E9) 1 ×",
        "  Every skipped clip and why: train.dropped.jsonl",
        "  Final amount of imported audio: 0:01:00 from 0:01:40.",
        "",
        "train-all.csv: 3 samples.",
        "dev.tsv is not there.",
    ]


def test_an_import_of_nothing_is_an_error_after_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    one = SetReport("train", Path("train.csv"), 10, clips=2, dropped=Counter({(FAILED, "gone"): 2}))
    with pytest.raises(CorpusError, match="none of the 2 clips"):
        show(ImportReport("x", [one]))
    assert "2 × gone" in capsys.readouterr().out
    show(ImportReport("x", [SetReport("train", Path("train.csv"), 10)]))


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00:00"), (59.6, "0:01:00"), (360_000, "100:00:00")])
def test_clock(seconds: float, said: str) -> None:
    assert clock(seconds) == said
