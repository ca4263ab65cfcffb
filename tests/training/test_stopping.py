"""Early stop and plateaus are counted in epochs, however many pass between two judgements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.run_settings import TrainingConfig
from deepspeech.training.state import Position
from deepspeech.training.stopping import Progress, advance, on_plateau, should_stop


def course(every: int, values: list[float], **settings: int) -> tuple[int | None, list[int]]:
    """The epoch after which a run stops, and those of its plateaus, validated every so many epochs."""
    config = TrainingConfig(evaluate_every=every, **settings)  # type: ignore[arg-type]
    progress, plateaus = Progress(), []
    for number, value in enumerate(values, 1):
        before = progress
        progress, _ = advance(before, value, 0.0, number * every)
        if on_plateau(before, progress, config):
            plateaus.append(number * every)
        if should_stop(progress, config):
            return number * every, plateaus
    return None, plateaus


@pytest.mark.parametrize(("every", "stop", "plateaus"), [(1, 7, [4, 7]), (2, 8, [6, 8]), (3, 9, [6, 9]), (7, 14, [14])])
def test_six_epochs_without_improvement_are_six_epochs(every: int, stop: int, plateaus: list[int]) -> None:
    values = [1.0, *[2.0] * 20]
    assert course(every, values, early_stop_epochs=6, plateau_epochs=3) == (stop, plateaus)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=30), st.integers(1, 5), st.integers(1, 6))
def test_validated_each_epoch_or_seldom_the_same_number_of_epochs_counts(
    values: list[float], every: int, patience: int
) -> None:
    """A run validated seldom stops at its first validation at or after the epoch where one validated always would."""
    each = [value for value in values for _ in range(every)]  # the loss of every epoch, which moves in steps
    always, _ = course(1, each, early_stop_epochs=patience)
    seldom, _ = course(every, values, early_stop_epochs=patience)
    if always is None:
        assert seldom is None or seldom <= len(each)
    assert seldom is None or seldom % every == 0


def test_a_checkpoint_of_an_earlier_version_goes_on_counting_from_its_epoch() -> None:
    kept = {"epoch": 5, "batch": 0, "step": 9, "loss_sum": 0.0, "clips": 0, "rate_factor": 1.0}
    progress = Position.of(kept | {"progress": {"best": 1.0, "worse": 2}}).progress
    assert advance(progress, 2.0, 0.0, 6)[0].worse == 3
