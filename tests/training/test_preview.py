"""The preview: a few clips are transcribed during training, reported and logged, with no effect on the result."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.datasets.sample import Sample
from deepspeech.training.log import Log
from deepspeech.training.preview import CLIPS, SHOWN, choose, shortened
from deepspeech.training.run import Run
from tests.fakes import config


def samples(count: int) -> list[Sample]:
    return [Sample(f"{i}", Path(f"{i}.wav"), "a", 1, duration_s=float((7 * i) % 11)) for i in range(count)]


def trained(folder: Path, **changes: Any) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The log's lines and the last weights."""
    Run(config(folder, **changes), Log(folder / "checkpoints")).train()
    rows = [json.loads(line) for line in (folder / "checkpoints/log.jsonl").read_text().splitlines()]
    return rows, checkpoint.load(checkpoint.found(folder / "checkpoints", "train")[0]).weights


def test_a_few_clips_of_all_lengths_are_chosen_in_any_order() -> None:
    chosen = choose(samples(11))
    assert [sample.duration_s for sample in chosen] == [2, 4, 6, 8]
    assert choose(samples(11)[::-1]) == chosen
    assert len(choose(samples(2))) == 2
    assert choose([]) == []


def test_transcripts_are_kept_within_epochs_and_at_their_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, _ = trained(tmp_path, training__preview_every_s=1e-9)
    heard = [row for row in rows if "peek" in row]
    assert [(row["epoch"], row["step"]) for row in heard] == [
        (0, 1),
        (0, 2),
        (0, 3),
        (0, 3),
        (1, 4),
        (1, 5),
        (1, 6),
        (1, 6),
    ]
    dev = Run(config(tmp_path), Log()).parts.datasets.dev[f"{tmp_path}/dev.csv"]
    said = {sample.id: sample.transcript for sample in dev}
    assert {clip["id"]: clip["said"] for clip in heard[-1]["peek"]} == said
    assert len(said) == CLIPS
    assert heard[-1]["peek_wer"] == [row["wer"] for row in rows if "dev" in row][-1]  # the clips are the whole dev set
    assert f'hypothesis "{heard[3]["peek"][0]["heard"]}", reference' in capsys.readouterr().err


def test_listening_leaves_no_trace(tmp_path: Path) -> None:
    settings = {"training__average_decay": 0.9}
    _, often = trained(tmp_path / "often", training__preview_every_s=1e-9, **settings)
    rows, never = trained(tmp_path / "never", training__preview_every_s=0, **settings)
    assert not [row for row in rows if "peek" in row]
    for name in never:
        np.testing.assert_array_equal(often[name], never[name], err_msg=name)


def test_without_a_dev_set_nothing_is_heard(tmp_path: Path) -> None:
    rows, _ = trained(tmp_path, data__dev=[], training__preview_every_s=1e-9)
    assert {"epoch", "step", "train_loss", "seconds", "learning_rate", "audio_s_per_s"} <= rows[0].keys()
    assert not [row for row in rows if "peek" in row]


def test_the_same_text_is_not_told_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, _ = trained(tmp_path, training__learning_rate=1e-12, training__epochs=4)
    assert len({row["peek"][0]["heard"] for row in rows if "peek" in row}) == 1
    assert capsys.readouterr().err.count("hypothesis ") == 1


def test_a_long_text_is_shortened() -> None:
    assert shortened("a" * SHOWN) == "a" * SHOWN
    assert shortened("a" * (SHOWN + 1)) == "a" * (SHOWN - 1) + "…"
