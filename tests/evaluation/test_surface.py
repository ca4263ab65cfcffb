"""The picture of a search: a PNG for any number of trials."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.errors import DataError
from deepspeech.evaluation.surface import draw
from deepspeech.evaluation.tune import Trial, ranked


def trials(count: int, flat: bool = False) -> list[Trial]:
    random = np.random.default_rng(count)
    weights = 5 * random.random((count, 2))
    return [
        Trial(i, a, b, 0.3 if flat else 0.2 + 0.05 * (a - 1) ** 2 + 0.02 * (b - 2) ** 2, 0.1)
        for i, (a, b) in enumerate(weights.tolist())
    ]


@pytest.mark.parametrize("made", [trials(1), trials(3), trials(9), trials(60), trials(20, flat=True), trials(1) * 20])
@pytest.mark.parametrize("by_letters", [False, True])
def test_any_search_has_a_picture(tmp_path: Path, made: list[Trial], by_letters: bool) -> None:
    path = tmp_path / "surface.png"
    draw(made, ranked(made, by_letters)[0], made[0], by_letters, path)
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG")
    draw(made, ranked(made, by_letters)[0], None, by_letters, path)
    assert path.read_bytes() != content  # the scorer's own weights are marked where they are known
    assert [p.name for p in tmp_path.iterdir()] == ["surface.png"]


def test_trials_in_a_line_have_a_picture(tmp_path: Path) -> None:
    made = [Trial(i, i / 10, 1.0, i / 100, 0.1) for i in range(12)]
    draw(made, made[0], None, False, tmp_path / "surface.png")
    assert (tmp_path / "surface.png").stat().st_size > 1000


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    made = trials(3)
    with pytest.raises(DataError, match="cannot write the picture"):
        draw(made, made[0], None, False, tmp_path / "none" / "surface.png")
