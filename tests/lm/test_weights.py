"""Other weights in a scorer: 16 bytes change, nothing else."""

from pathlib import Path

import pytest

from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ScorerError
from deepspeech.lm.weights import with_weights
from tests.fakes import small_scorer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return small_scorer(tmp_path / "small.scorer")


def test_only_the_weights_change(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    with_weights(path, tmp_path / "tuned.scorer", 1.5, -0.25)
    tuned, content = Scorer.open(tmp_path / "tuned.scorer"), (tmp_path / "tuned.scorer").read_bytes()
    assert (tuned.alpha, tuned.beta) == (1.5, -0.25)
    different = [i for i, (a, b) in enumerate(zip(before, content, strict=True)) if a != b]
    assert max(different) - min(different) < 16
    assert path.read_bytes() == before


def test_a_scorer_may_be_changed_in_place(path: Path) -> None:
    with_weights(path, path, 3.0, 4.0)
    assert (Scorer.open(path).alpha, Scorer.open(path).beta) == (3.0, 4.0)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_something_that_looks_like_a_trailer_is_passed_over(path: Path, tmp_path: Path) -> None:
    trick = tmp_path / "trick.scorer"
    trick.write_bytes(path.read_bytes() + b"EIRT\6\0\0\0" * 3)
    with_weights(trick, trick, 3.0, 4.0)
    assert trick.read_bytes()[-24:] == b"EIRT\6\0\0\0" * 3
    trick.write_bytes(trick.read_bytes()[:-24])
    assert Scorer.open(trick).alpha == 3.0


@pytest.mark.parametrize("content", [b"", b"RIFF", b"EIRT\6\0\0\0" + bytes(40)])
def test_what_is_no_scorer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    with pytest.raises(ScorerError, match="foreign"):
        with_weights(tmp_path / "foreign", tmp_path / "out", 1, 1)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read_or_written_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match=r"none\.scorer: cannot .*No such file"):
        with_weights(tmp_path / "none.scorer", tmp_path / "out", 1, 1)
    with pytest.raises(ScorerError, match="No such file"):
        with_weights(path, tmp_path / "none" / "out", 1, 1)
