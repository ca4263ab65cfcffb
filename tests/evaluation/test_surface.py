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


def test_the_scorers_own_weights_are_marked_where_they_are_known(tmp_path: Path) -> None:
    made = trials(30)
    draw(made, ranked(made, by_cer=False)[0], made[0], False, tmp_path / "own.png")
    draw(made, ranked(made, by_cer=True)[0], None, True, tmp_path / "none.png")
    own, none = ((tmp_path / name).read_bytes() for name in ("own.png", "none.png"))
    assert own.startswith(b"\x89PNG")
    assert own != none
    assert sorted(p.name for p in tmp_path.iterdir()) == ["none.png", "own.png"]


IN_A_LINE = [Trial(i, i / 10, 1.0, i / 100, 0.1) for i in range(12)]


@pytest.mark.parametrize("made", [trials(1), trials(9, flat=True), IN_A_LINE])
def test_trials_that_span_no_surface_have_a_picture(tmp_path: Path, made: list[Trial]) -> None:
    draw(made, made[0], made[0], False, tmp_path / "surface.png")
    assert (tmp_path / "surface.png").stat().st_size > 1000


def test_a_picture_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    made = trials(3)
    with pytest.raises(DataError, match="cannot be written"):
        draw(made, made[0], None, False, tmp_path / "none" / "surface.png")
