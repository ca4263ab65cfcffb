"""What a log tells: the last word on each epoch, whatever else its lines hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from deepspeech.errors import DataError
from deepspeech.evaluation.history import read, read_all, transcripts


def train(epoch: int, loss: float, **more: Any) -> dict[str, Any]:
    return {"epoch": epoch, "step": 10 * (epoch + 1), "train_loss": loss, "learning_rate": 0.1} | more


def dev(epoch: int, loss: float | None, wer: float = 0.5, name: str = "dev.csv") -> dict[str, Any]:
    return {"epoch": epoch, "dev": name, "dev_loss": loss, "wer": wer, "cer": wer / 2}


def peek(epoch: int, step: int, *heard: str, wer: float = 1.0) -> dict[str, Any]:
    clips = [{"id": f"/c/{place}.wav", "said": f"said {place}", "heard": text} for place, text in enumerate(heard)]
    return {"epoch": epoch, "step": step, "peek": clips, "peek_wer": wer, "peek_cer": 0.5}


def log(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_figures_are_kept_by_epoch_counted_from_one(tmp_path: Path) -> None:
    rows = [train(0, 9.0, audio_s_per_s=70.5), dev(0, 8.0), train(1, 7.0), dev(1, None, 0.4), dev(1, 3.0, name="b.csv")]
    history = read(log(tmp_path / "run", *rows))
    assert history.name == "run"
    assert history.train_loss == {1: 9.0, 2: 7.0}
    assert history.learning_rate == {1: 0.1, 2: 0.1}
    assert history.audio_s_per_s == {1: 70.5}
    first, second = history.datasets
    assert (first.kind, first.name, first.loss, first.wer, first.cer) == (
        "dev", "dev.csv", {1: 8.0}, {1: 0.5, 2: 0.4}, {1: 0.25, 2: 0.2},
    )  # fmt: skip
    assert second.loss == {2: 3.0}
    assert read(tmp_path / "run/log.jsonl") == history
    assert json.loads(json.dumps(history.to_dict()))["train_loss"] == {"1": 9.0, "2": 7.0}


def test_of_an_epoch_trained_again_the_later_lines_count(tmp_path: Path) -> None:
    before = [train(0, 9.0), dev(0, 8.0), train(1, 7.0), dev(1, 6.0), train(2, 5.0)]
    history = read(log(tmp_path, *before, peek(1, 15, "old"), peek(2, 25, "old"), train(1, 6.5), peek(1, 20, "new")))
    assert history.train_loss == {1: 9.0, 2: 6.5}
    assert history.datasets[0].loss == {1: 8.0}
    assert [(one.step, one.clips[0]["heard"]) for one in history.previews] == [(15, "old"), (20, "new")]


def test_a_line_cut_short_and_lines_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    log(tmp_path, train(0, 9.0), {"time": 1.0, "said": "something"})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"epoch": 1, "train_l')
    assert read(tmp_path).train_loss == {1: 9.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no log.jsonl there"),
        ("", "has no epoch yet"),
        ('{"epoch": "two", "train_loss": 1}\n', "line 1 is not a line of a training log"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_what_is_no_log_is_reported_in_one_line(tmp_path: Path, text: str | bytes | None, said: str) -> None:
    if text is not None:
        (tmp_path / "log.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=said) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)


def test_runs_in_folders_of_one_name_are_reported_apart(tmp_path: Path) -> None:
    folders = [log(tmp_path / name, train(0, 1.0)) for name in ("a/checkpoints", "b/checkpoints", "c")]
    assert [history.name for history in read_all(folders)] == ["a/checkpoints", "b/checkpoints", "c"]
    assert [history.name for history in read_all([folders[0] / "log.jsonl"])] == ["checkpoints"]


def test_transcripts_are_shown_where_they_change(tmp_path: Path) -> None:
    rows = [peek(0, 5, "", "x"), peek(0, 10, "", "x"), peek(1, 20, "sad", "x", wer=0.25)]
    assert transcripts(read(log(tmp_path, *rows))).splitlines() == [
        "0.wav",
        "epoch      step  reference: said 0",
        "    1         5  (nothing)",
        "    2        20  sad",
        "",
        "1.wav",
        "epoch      step  reference: said 1",
        "    1         5  x",
        "",
        "WER of these clips: 100% in epoch 1, 25% in epoch 2",
    ]


def test_a_log_without_transcripts_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no transcripts"):
        transcripts(read(log(tmp_path, train(0, 1.0))))
