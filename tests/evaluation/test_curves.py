"""The picture of trainings has a panel for what is known, and says which run is which."""

from pathlib import Path

import pytest

from deepspeech.errors import DataError
from deepspeech.evaluation.curves import draw
from deepspeech.evaluation.history import DatasetMetrics, History, PreviewResult


def run(name: str, epochs: int = 4) -> History:
    known = {epoch: 1.0 / epoch for epoch in range(1, epochs + 1)}
    metrics = DatasetMetrics("dev", "/data/dev.csv", known, known, known)
    return History(name, train_loss=known, learning_rate=known, datasets=[metrics])


def words(path: Path, *histories: History) -> str:
    draw(histories, path)
    return path.read_text(encoding="utf-8")


def test_all_panels_and_runs_are_named(tmp_path: Path) -> None:
    text = words(tmp_path / "p.svg", run("one"), run("a_$b", 1))
    for title in ("Loss", "Word error rate", "Character error rate", "Learning rate", "one", "a_$b", "train", "dev"):
        assert f">{title}</text>" in text
    assert ">25.0</text>" in text  # the lowest rate
    assert [path.name for path in tmp_path.iterdir()] == ["p.svg"]


def test_what_is_not_known_has_no_panel(tmp_path: Path) -> None:
    text = words(tmp_path / "p.svg", History("bare", train_loss={1: 3.0}))
    assert ">Loss</text>" in text
    assert "error rate" not in text
    assert "Learning" not in text
    assert ">dev</text>" not in text


def test_several_data_sets_are_named(tmp_path: Path) -> None:
    both = run("one")
    both.datasets.append(DatasetMetrics("metrics", "/data/noise.csv", {2: 0.0}, {2: 1.5}, {}))
    text = words(tmp_path / "p.svg", both)
    assert ">dev: dev.csv</text>" in text
    assert ">metrics: noise.csv</text>" in text


def test_without_figures_there_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing is logged yet"):
        draw([History("early", previews=[PreviewResult(1, 3, 1.0, 1.0, [])])], tmp_path / "p.png")
    with pytest.raises(DataError, match="cannot be written"):
        draw([run("one")], tmp_path / "none" / "p.png")
    assert not list(tmp_path.iterdir())


def test_a_rate_that_was_measured_once_has_no_panel() -> None:
    from deepspeech.evaluation.curves import _single_rates

    once = History("a", {1: 2.0, 2: 1.0}, datasets=[DatasetMetrics("dev", "dev.csv", {2: 1.5}, {2: 0.107}, {2: 0.025})])
    note = _single_rates([once], ["Word error rate", "Character error rate"])
    assert note == "Validated once: WER 10.7 %; CER 2.5 %"
    assert not _single_rates([once], ["Learning rate"])
