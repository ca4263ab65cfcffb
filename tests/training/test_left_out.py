"""Clips that cannot be read during a run: refused, printed by the first rank, or handed to it by the others."""

from pathlib import Path
from typing import Any

import pytest

from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError
from deepspeech.training.left_out import LeftOut
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks

CLIP, ERROR = Sample("a", Path("a.wav"), "a", 1), AudioError("a.wav: damaged")


def test_by_default_the_run_ends_and_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"^a\.wav: damaged; fix the file, or skip it: --skip-bad$"):
        LeftOut("refuse", Log(), ALONE).add(CLIP, ERROR)


def test_the_first_rank_reports_at_once_and_only_once(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = LeftOut("skip", Log(), ALONE)
    left_out.add(CLIP, ERROR)
    assert capsys.readouterr().err == "skipped: a.wav: damaged\n"
    left_out.flush()
    assert capsys.readouterr().err == ""


def test_what_another_rank_left_out_is_reported_with_the_next_flush(capsys: pytest.CaptureFixture[str]) -> None:
    class Second(Ranks):
        def gather(self, value: Any) -> list[Any]:
            return [[], value]

    left_out = LeftOut("skip", Log(), Second(1, 2))
    left_out.add(CLIP, ERROR)
    assert capsys.readouterr().err == ""
    left_out.flush()
    left_out.flush()
    assert capsys.readouterr().err == "skipped: a.wav: damaged\n"
