"""Every flag of DeepSpeech.py 0.9.3, run through its command: it is changed, and the effect is checked.

`SEEN` names for each flag that works what to give and what must then be so, compared with a run that differs in
nothing else. A flag outside the table must be harmless, with a note that says what took its place.
"""

import io
import itertools
import json
import re
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch

from deepspeech import checkpoint, progress
from deepspeech.cli import old_trainer
from deepspeech.compat.flags import FLAGS
from deepspeech.datasets import clips
from deepspeech.runtime.session import Session
from deepspeech.training import devices, emit, saving
from tests.fakes import corpus, small_scorer

ALPHABET = Path(__file__).resolve().parents[2] / "data" / "alphabet.txt"


@dataclass(frozen=True)
class World:
    """Where things lie; texts in the table below are filled from its fields."""

    root: Path
    train: Path  # 8 clips
    dev: Path  # 4 clips
    other: Path  # 4 clips
    scorer: Path
    base: Path  # checkpoints of the plain run
    hearing: Path  # checkpoints of a network that tells tones apart
    empty: Path  # a folder for this one test


@dataclass(frozen=True)
class Seen:
    """The results of a command."""

    out: str
    err: str
    folder: Path

    @cached_property
    def log(self) -> list[dict[str, object]]:
        file = self.folder / "log.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

    def facts(self, name: str) -> list[object]:
        return [line[name] for line in self.log if name in line]

    @property
    def steps(self) -> list[object]:
        """At the end of each epoch."""
        return [line["step"] for line in self.log if "train_loss" in line]

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        return checkpoint.load(checkpoint.found(self.folder, "train")[0]).weights

    @property
    def epochs(self) -> int:
        return self.out.count("Finished training epoch")

    def model(self, name: str = "output_graph") -> Session:
        return Session(self.folder.parent / "out" / f"{name}.onnx")


def command(name: str, folder: Path, *arguments: str) -> Seen:
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = [name, *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            old_trainer.main(name)
    except SystemExit as left:
        raise AssertionError(f"exit {left.code}: {err.getvalue()}") from None
    finally:
        sys.argv = before
    return Seen(out.getvalue(), err.getvalue(), folder)


def plain(world: World) -> list[str]:
    return [
        f"--train_files={world.train}", f"--dev_files={world.dev}", "--n_hidden=8", "--epochs=2",
        "--train_batch_size=4", f"--alphabet_config_path={ALPHABET}", "--intra_op_parallelism_threads=2",
    ]  # fmt: skip


def train(world: World, *arguments: str) -> Seen:
    folder = world.empty / "checkpoints"
    return command("DeepSpeech.py", folder, *plain(world), f"--checkpoint_dir={folder}", *arguments)


def test(world: World, *arguments: str) -> Seen:
    """A test of the network that hears, with a scorer; its results are in test.json."""
    output = f"--test_output_file={world.empty / 'test.json'}"
    files = [f"--test_files={world.dev}", f"--checkpoint_dir={world.hearing}", f"--scorer_path={world.scorer}", output]
    return command("evaluate.py", world.empty, *files, *arguments)


def export(world: World, *arguments: str) -> Seen:
    out = world.empty / "out"
    filled_arguments = [f"--checkpoint_dir={world.hearing}", f"--export_dir={out}"]
    return command("DeepSpeech.py", world.empty / "unused", *filled_arguments, *arguments)


test.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, hearing_checkpoints: Path) -> tuple[World, Seen]:
    """The world, and the plain run in it."""
    root = tmp_path_factory.mktemp("flags")
    sets = [corpus(root, count, name) for count, name in ((8, "train"), (4, "dev"), (4, "other"))]
    scorer = small_scorer(root / "small.scorer", ("ab", "abba", "dc", "bad"))
    world = World(root, *sets, scorer, root / "checkpoints", hearing_checkpoints, root)
    return world, train(world)


@pytest.fixture
def world(made: tuple[World, Seen], tmp_path: Path) -> World:
    return World(**{**vars(made[0]), "empty": tmp_path})


@pytest.fixture
def before(made: tuple[World, Seen]) -> Seen:
    return made[1]


# ---- what can be seen ---------------------------------------------------------------------------------------------

Look = Callable[[World, Seen], None]  # of a world and the plain run; does the run with the flag itself


def trains_differently(*arguments: str) -> Look:
    """Other weights come out than without the flag; the plain run repeated gives the same ones (tested below)."""

    def look(world: World, before: Seen) -> None:
        after = train(world, *filled(world, arguments)).weights
        assert after.keys() != before.weights.keys() or any(
            after[name].shape != before.weights[name].shape or not np.array_equal(after[name], before.weights[name])
            for name in after
        )

    return look


def says(pattern: str, *arguments: str, absent: bool = False) -> Look:
    """A training run with the flag says something that one without does not."""

    def look(world: World, before: Seen) -> None:
        filled_arguments = filled(world, (pattern, *arguments))
        after = train(world, *filled_arguments[1:])
        assert (re.search(filled_arguments[0], after.out) is None) == absent, after.out
        assert (re.search(filled_arguments[0], before.out) is None) != absent

    return look


def epochs(count: int, *arguments: str) -> Look:
    def look(world: World, before: Seen) -> None:
        assert before.epochs == 2 != count
        assert train(world, *arguments).epochs == count

    return look


def decodes_otherwise(with_flag: Sequence[str], without: Sequence[str] = ()) -> Look:
    """A test with the flag finds other texts."""

    def look(world: World, before: Seen) -> None:
        texts = []
        for arguments in (without, with_flag):
            test(world, *filled(world, arguments))
            texts.append([row["res"] for row in json.loads((world.empty / "test.json").read_text())])
        assert sorted(texts[0]) != sorted(texts[1])

    return look


def in_card(name: str, key: str, argument: str, value: str) -> Look:
    """The exported model and the Markdown card beside it hold the value."""

    def look(world: World, before: Seen) -> None:
        after = export(world, argument)
        assert f"{key}: {value}\n" in next((world.empty / "out").glob("*.md")).read_text()
        if name:
            assert getattr(after.model().card, name) == value

    return look


def filled(world: World, arguments: Sequence[str]) -> list[str]:
    """`{train}` and the like in arguments, filled in."""
    return [re.sub(r"\{(\w+)\}", lambda found: str(getattr(world, found[1])), text) for text in arguments]


def steps(world: World, before: Seen) -> None:
    assert before.steps == [2, 4]
    assert train(world, "--train_batch_size=2").steps == [4, 8]


def dev_sets_apart(world: World, before: Seen) -> None:
    after = train(world, f"--dev_files={world.dev},{world.other}")
    assert after.facts("dev") == [str(world.dev), str(world.other)] * 2
    best = checkpoint.describe(checkpoint.found(after.folder, "best")[0])["position"]["progress"]["best"]
    losses = np.array(after.facts("dev_loss"), float).reshape(2, 2)
    assert best == pytest.approx(losses.mean(1).min())  # both have 4 clips
    assert before.facts("dev") == [str(world.dev)] * 2


def metrics_sets(world: World, before: Seen) -> None:
    """Judged, reported, and of no influence."""
    after = train(world, f"--metrics_files={world.other},{world.train}")
    assert after.facts("metrics") == [str(world.other), str(world.train)] * 2
    assert len(set(map(float, after.facts("metrics_loss")))) == 4  # type: ignore[arg-type]
    assert f"I Metrics for epoch 0 on {world.other} - loss: " in after.out
    names = [path.name for path in checkpoint.found(before.folder, "best")]
    assert [path.name for path in checkpoint.found(after.folder, "best")] == names
    assert after.facts("dev_loss") == before.facts("dev_loss")


def test_sets_apart(world: World, before: Seen) -> None:
    after = test(world, f"--test_files={world.dev},{world.other}")
    for file in (world.dev, world.other):
        assert f"Test on {file} - WER: " in after.out


test_sets_apart.__test__ = False  # type: ignore[attr-defined]


def limit_train(world: World, before: Seen) -> None:
    """Over all files of the set."""
    assert train(world, f"--train_files={world.train},{world.other}", "--limit_train=5").steps == [2, 4]


def limit_dev(world: World, before: Seen) -> None:
    """The shortest clips, or with --reverse_dev the longest."""
    losses = [
        train(world, "--limit_dev=1", *more, "--load_train=init").facts("dev_loss")[-1]
        for more in ([], ["--reverse_dev"])
    ]
    assert len({*losses, before.facts("dev_loss")[-1]}) == 3


def limit_test(world: World, before: Seen) -> None:
    found = []
    for more in ([], ["--reverse_test"]):
        test(world, "--limit_test=1", *more)
        (row,) = json.loads((world.empty / "test.json").read_text())
        found.append(Path(row["wav_filename"]).stat().st_size)
    sizes = [path.stat().st_size for path in world.root.glob("dev*.wav")]
    assert found == [min(sizes), max(sizes)]


def eval_batch(argument: str) -> Look:
    def look(world: World, before: Seen) -> None:
        sizes: list[int] = []
        original = emit.batches

        def noted(lengths: Sequence[float], size: int, *rest: object) -> list[list[int]]:
            sizes.append(size)
            return original(lengths, size, *rest)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(emit, "batches", noted)
            train(world, "--epochs=1")
            train(world, "--epochs=1", "--load_train=init", argument)
        assert list(dict.fromkeys(sizes)) == [1, 3]

    return look


def stops_early(count: int, *arguments: str) -> Look:
    """Of five epochs, when none but the first counts as an improvement."""

    def look(world: World, before: Seen) -> None:
        after = train(world, "--epochs=5", "--early_stop", "--es_min_delta=1000", "--es_epochs=1", *arguments)
        assert after.epochs == count
        assert ("I Early stop triggered as the loss did not improve the last" in after.out) == (count < 5)

    return look


def not_stopped(world: World, before: Seen) -> None:
    assert train(world, "--epochs=5", "--es_min_delta=1000", "--es_epochs=1").epochs == 5


def early_stop(world: World, before: Seen) -> None:
    not_stopped(world, before)
    shutil.rmtree(world.empty / "checkpoints")
    stops_early(2)(world, before)


PLATEAU = ("--learning_rate=1e-9", "--es_min_delta=1000", "--reduce_lr_on_plateau", "--plateau_epochs=1")


def plateau(rates: list[float], lowered: int, *arguments: str) -> Look:
    """The learning rate of each epoch, when each but the first is on a plateau."""

    def look(world: World, before: Seen) -> None:
        after = train(world, *PLATEAU, "--epochs=4", *arguments)
        assert after.facts("learning_rate") == pytest.approx(rates)
        assert after.out.count("I Encountered a plateau, reducing learning rate to ") == lowered

    return look


def plateaus(world: World, before: Seen) -> None:
    plateau([1e-9] * 4, 0, "--noreduce_lr_on_plateau")(world, before)
    shutil.rmtree(world.empty / "checkpoints")
    plateau([1e-9, 1e-9, 1e-10, 1e-11], 3)(world, before)


def rate_begins_again(world: World, before: Seen) -> None:
    train(world, *PLATEAU, "--epochs=2")
    lowered = train(world, "--learning_rate=1e-9", "--epochs=3").facts("learning_rate")[-1]
    again = train(world, "--learning_rate=1e-9", "--epochs=4", "--force_initialize_learning_rate")
    assert (lowered, again.facts("learning_rate")[-1]) == pytest.approx((1e-10, 1e-9))


def shape(tensor: str, expected: tuple[int, ...], *arguments: str) -> Look:
    def look(world: World, before: Seen) -> None:
        assert before.weights.get(tensor, np.zeros(())).shape != expected
        assert train(world, *filled(world, arguments)).weights[tensor].shape == expected

    return look


def features_kept(world: World, before: Seen) -> None:
    """Of each clip once, in files that begin so; from the second epoch on, and in the next run, no clip is decoded."""
    cache = world.empty / "kept"
    decoded: list[str] = []
    original = clips.read_16_bit

    def noted(source: Path, rate_hz: int) -> np.ndarray:
        decoded.append(str(source))
        return original(source, rate_hz)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clips, "read_16_bit", noted)
        first = train(world, f"--feature_cache={cache}")
        assert len(decoded) == len(set(decoded)) == 12
        assert [path.suffix for path in world.empty.glob("kept-*.sqlite")] == [".sqlite"]
        decoded.clear()
        again = train(world, f"--feature_cache={cache}", "--load_train=init")
    assert decoded == []
    for after in (first, again):
        assert all(np.array_equal(after.weights[name], before.weights[name]) for name in before.weights)


def mixed_precision(world: World, before: Seen) -> None:
    """Where 16-bit products are faster; float32 where they are not."""
    for half_s, same in ((0.5, False), (2.0, True)):
        seconds = {torch.bfloat16: half_s, torch.float32: 1.0}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(devices, "product_seconds", seconds.__getitem__)
            after = train(world, "--automatic_mixed_precision", "--load_train=init").weights
        assert np.array_equal(after["layer_5.weight"], before.weights["layer_5.weight"]) == same


def folders(world: World, before: Seen) -> None:
    """Loaded from one folder, saved in another; what was loaded stays as it was."""
    one, two = world.empty / "one", world.empty / "two"
    shutil.copytree(world.base, one)
    kept = sorted(path.name for path in one.iterdir())
    after = command(
        "DeepSpeech.py", two, *plain(world), f"--load_checkpoint_dir={one}", f"--save_checkpoint_dir={two}"
    )  # fmt: skip
    assert f"I Loading most recent checkpoint from {one / 'train-000004'}" in after.out
    assert checkpoint.found(two, "train")
    assert sorted(path.name for path in one.iterdir()) == kept


def ticking() -> SimpleNamespace:
    """A clock on which two seconds pass between any two looks."""
    return SimpleNamespace(monotonic=itertools.count(0.0, 2.0).__next__)


def saved_within_epochs(world: World, before: Seen) -> None:
    counts = []
    for every_s in (0, 1):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(saving, "time", ticking())
            after = train(world, f"--checkpoint_secs={every_s}", "--max_to_keep=0", "--load_train=init")
        counts.append(len(checkpoint.found(after.folder, "train")))
    assert counts[0] < counts[1] == 4  # one a batch


def kept(world: World, before: Seen) -> None:
    names = []
    for keep in (2, 1):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(saving, "time", ticking())
            after = train(world, "--checkpoint_secs=1", f"--max_to_keep={keep}", "--load_train=init")
        names.append([path.name for path in checkpoint.found(after.folder, "train")])
    assert names == [["train-000004", "train-000003"], ["train-000004"]]


def loads(world: World, before: Seen) -> None:
    """auto and last take the last, best and transfer the best, init none; from another folder."""
    found = {}
    for which in ("auto", "last", "best", "init", "transfer"):
        own = world.empty / which
        after = command("DeepSpeech.py", own, *plain(world), f"--load_checkpoint_dir={world.base}",
                     f"--save_checkpoint_dir={own}", f"--load_train={which}", "--epochs=1")  # fmt: skip
        found[which] = re.findall(r"I Loading (.*) checkpoint from", after.out)
    best, last = ["best validating"], ["most recent"]
    assert found == {"auto": last, "last": last, "best": best, "init": [], "transfer": best}


def chooses_checkpoint(world: World, before: Seen) -> None:
    loaded = {}
    for which in ("auto", "last", "best"):
        after = test(world, f"--checkpoint_dir={world.base}", f"--load_evaluate={which}")
        loaded[which] = re.findall(r"I Loading (.*) checkpoint from", after.out)
    assert loaded == {"auto": ["best validating"], "last": ["most recent"], "best": ["best validating"]}


def drops_layers(world: World, before: Seen) -> None:
    own = world.empty / "own"
    after = command("DeepSpeech.py", own, *plain(world), f"--load_checkpoint_dir={world.base}",
                 f"--save_checkpoint_dir={own}", "--drop_source_layers=2")  # fmt: skip
    assert "re-initialized: layer_5, layer_6" in after.out


def exports(world: World, before: Seen) -> None:
    after = export(world)
    assert after.model().card.precision == "float32"
    listed = sorted(path.name for path in (world.empty / "out").iterdir())
    assert listed == ["author_model_0.0.1.md", "exported.json", "output_graph.onnx"]


def removes_export(world: World, before: Seen) -> None:
    """What an export wrote goes, what it did not write stays, and so does what was changed since."""
    out = world.empty / "out"
    export(world, "--export_file_name=old", "--export_author_id=changed")
    export(world, "--export_file_name=older", "--export_author_id=me")
    (out / "notes.txt").write_text("mine")
    (out / "changed_model_0.0.1.md").write_text("mine too")
    after = export(world, "--remove_export")
    assert sorted(path.name for path in out.iterdir()) == [
        "author_model_0.0.1.md", "changed_model_0.0.1.md", "exported.json", "notes.txt", "output_graph.onnx",
    ]  # fmt: skip
    assert f"W --remove_export: {out / 'notes.txt'} is kept" in after.out


def zips(world: World, before: Seen) -> None:
    out = world.empty / "out"
    after = export(world, "--export_zip", f"--scorer_path={world.scorer}")
    assert f"I Exported packaged model {out}.zip" in after.out
    with zipfile.ZipFile(f"{out}.zip") as archive:
        assert sorted(archive.namelist()) == ["author_model_0.0.1.md", "output_graph.onnx", "small.scorer"]
        assert archive.read("small.scorer") == world.scorer.read_bytes()
        archive.extractall(world.empty / "unpacked")
    assert Session(world.empty / "unpacked" / "output_graph.onnx").card.precision == "int8"
    with pytest.raises(AssertionError, match=r"is not empty .*--remove_export"):
        export(world, "--export_zip")
    export(world, "--export_zip", "--remove_export")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(AssertionError, match=r"is not empty \(notes.txt, .*name an empty folder"):
        export(world, "--export_zip")


def int8(world: World, before: Seen) -> None:
    assert export(world, "--export_tflite").model().card.precision == "int8"


def file_name(world: World, before: Seen) -> None:
    assert export(world, "--export_file_name=mine").model("mine").card.name == "model"


def card_beam(world: World, before: Seen) -> None:
    assert export(world, "--export_beam_width=77").model().card.beam_width == 77


def description(world: World, before: Seen) -> None:
    after = export(world, "--export_description=Heard at sea.")
    assert after.model().card.description == "Heard at sea."
    assert (world.empty / "out" / "author_model_0.0.1.md").read_text().endswith("\n---\n\nHeard at sea.\n")


def log_levels(world: World, before: Seen) -> None:
    lines = {
        level: train(world, f"--log_level={level}", "--train_cudnn", "--load_train=init").out for level in (1, 2, 3)
    }
    assert [("I " in text, "W --train_cudnn" in text) for text in lines.values()] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress_bars(world: World, before: Seen) -> None:
    written = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(progress, "_bars", True)
        patched.setattr(progress, "TERMINAL_EVERY_S", 0.0)
        patched.setattr(progress, "LOG_EVERY_S", 0.0)
        for arguments in ([], ["--noshow_progressbar"]):
            if arguments:
                train(world, *arguments)  # turns bars off for the rest of the process
            stream = Terminal()
            with progress.Progress(1, "x", "clips", stream=stream) as shown:
                shown.advance()
            written.append(stream.getvalue())
    assert "\r" in written[0]
    assert "\r" not in written[1]
    assert written[1].startswith("x: 1 of 1 clips (100 %)")


def reports(world: World, before: Seen) -> None:
    counts = [len(re.findall("^WER: ", test(world, f"--report_count={count}").out, re.MULTILINE)) for count in (1, 3)]
    assert counts == [3, 9]


def events(path: Path) -> dict[str, list[int]]:
    """Steps of each scalar in the event files of a folder (TFRecord frames of Event messages)."""
    from tensorboardX.proto.event_pb2 import Event

    found: dict[str, list[int]] = {}
    for file in sorted(path.glob("events.out.tfevents.*")):
        content, at = file.read_bytes(), 0
        while at < len(content):
            (size,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                found.setdefault(value.tag, []).append(event.step)
    return found


def summaries(world: World, before: Seen) -> None:
    pytest.importorskip("tensorboardX")
    there = world.empty / "summaries"
    train(world, f"--summary_dir={there}", f"--dev_files={world.dev},{world.other}", f"--metrics_files={world.train}")
    by_batch, by_epoch = [0, 1, 2, 3], [2, 4]
    assert events(there / "train") == {"step_loss": by_batch, "learning_rate": by_batch, "loss": by_epoch}
    for run_name in ("dev/dev", "dev/other", "metrics/train"):
        assert events(there / run_name) == {"loss": by_epoch, "wer": by_epoch, "cer": by_epoch}


def writes_results(world: World, before: Seen) -> None:
    test(world)
    rows = json.loads((world.empty / "test.json").read_text())
    assert len(rows) == 4
    assert {"wav_filename", "src", "res", "loss", "wer", "cer"} <= rows[0].keys()


def one_shot(world: World, before: Seen) -> None:
    clip = next(iter(sorted(world.root.glob("dev*.wav"))))
    after = command("DeepSpeech.py", world.empty, f"--one_shot_infer={clip}", f"--checkpoint_dir={world.hearing}")
    test(world, "--scorer_path=")
    rows = {row["wav_filename"]: row["res"] for row in json.loads((world.empty / "test.json").read_text())}
    assert after.out.splitlines()[-1] == rows[str(clip)] != ""


def tunes(*checks: tuple[tuple[str, ...], Callable[[list[dict[str, float]]], bool]]) -> Look:
    """Trials of lm_optimizer.py, read from its journal."""

    def look(world: World, before: Seen) -> None:
        own = world.empty / "hearing"
        shutil.copytree(world.hearing, own)
        for arguments, holds in checks:
            command("lm_optimizer.py", own, f"--test_files={world.dev}", f"--checkpoint_dir={own}",
                 f"--scorer_path={world.scorer}", "--beam_width=10", *arguments)  # fmt: skip
            journal = max((own / "tuning").glob("trials-*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
            trials = [json.loads(line) for line in journal.read_text().splitlines()]
            assert holds([trial for trial in trials if "alpha" in trial])

    return look


def largest(name: str, low: float, high: float) -> Callable[[list[dict[str, float]]], bool]:
    """Of the trials that were proposed, not of the scorer's own weights, which are tried as they are."""
    return lambda trials: low < max(t[name] for t in trials if (t["alpha"], t["beta"]) != (0.75, 1.85)) <= high


# What to flip, and what to see.
SEEN: dict[str, Look] = {
    "train_files": trains_differently("--train_files={train},{other}"),
    "dev_files": dev_sets_apart,
    "test_files": test_sets_apart,
    "metrics_files": metrics_sets,
    "feature_cache": features_kept,
    "feature_win_len": trains_differently("--feature_win_len=64"),
    "feature_win_step": trains_differently("--feature_win_step=16"),
    "audio_sample_rate": trains_differently("--audio_sample_rate=8000"),
    "augment": trains_differently("--augment=volume[p=1,dbfs=-40]"),
    "limit_train": limit_train,
    "limit_dev": limit_dev,
    "limit_test": limit_test,
    "reverse_train": trains_differently("--reverse_train"),
    "reverse_dev": limit_dev,
    "reverse_test": limit_test,
    "epochs": epochs(3, "--epochs=3"),
    "dropout_rate": trains_differently("--dropout_rate=0.5"),
    "dropout_rate2": trains_differently("--dropout_rate2=0.5"),
    "dropout_rate3": trains_differently("--dropout_rate3=0.5"),
    "dropout_rate6": trains_differently("--dropout_rate6=0.5"),
    "relu_clip": trains_differently("--relu_clip=0.1"),
    "beta1": trains_differently("--beta1=0.5"),
    "beta2": trains_differently("--beta2=0.5"),
    "epsilon": trains_differently("--epsilon=0.1"),
    "learning_rate": trains_differently("--learning_rate=0.01"),
    "train_batch_size": steps,
    "dev_batch_size": eval_batch("--dev_batch_size=3"),
    "test_batch_size": eval_batch("--test_batch_size=3"),
    "random_seed": trains_differently("--random_seed=1"),
    "early_stop": early_stop,
    "es_epochs": stops_early(3, "--es_epochs=2"),
    "es_min_delta": stops_early(5, "--es_min_delta=0", "--learning_rate=0.01"),
    "reduce_lr_on_plateau": plateaus,
    "plateau_epochs": plateau([1e-9, 1e-9, 1e-9, 1e-10], 1, "--plateau_epochs=2"),
    "plateau_reduction": plateau([1e-9, 1e-9, 5e-10, 2.5e-10], 3, "--plateau_reduction=0.5"),
    "force_initialize_learning_rate": rate_begins_again,
    "n_hidden": shape("layer_2.weight", (12, 12), "--n_hidden=12"),
    "layer_norm": shape("norms.1.weight", (8,), "--layer_norm"),
    "intra_op_parallelism_threads": trains_differently("--intra_op_parallelism_threads=1"),
    "automatic_mixed_precision": mixed_precision,
    "checkpoint_dir": folders,
    "load_checkpoint_dir": folders,
    "save_checkpoint_dir": folders,
    "checkpoint_secs": saved_within_epochs,
    "max_to_keep": kept,
    "load_train": loads,
    "load_evaluate": chooses_checkpoint,
    "drop_source_layers": drops_layers,
    "export_dir": exports,
    "remove_export": removes_export,
    "export_tflite": int8,
    "export_zip": zips,
    "export_file_name": file_name,
    "export_beam_width": card_beam,
    "export_author_id": in_card("author", "author", "--export_author_id=me", "me"),
    "export_model_name": in_card("name", "model_name", "--export_model_name=mine", "mine"),
    "export_model_version": in_card("version", "model_version", "--export_model_version=2.1", "2.1"),
    "export_contact_info": in_card("contact", "contact_info", "--export_contact_info=a@b", "a@b"),
    "export_license": in_card("license", "license", "--export_license=MIT", "MIT"),
    "export_language": in_card("language", "language", "--export_language=fr", "fr"),
    "export_min_ds_version": in_card("", "min_ds_version", "--export_min_ds_version=1.0", "1.0"),
    "export_max_ds_version": in_card("", "max_ds_version", "--export_max_ds_version=2.0", "2.0"),
    "export_description": description,
    "log_level": log_levels,
    "show_progressbar": progress_bars,
    "report_count": reports,
    "summary_dir": summaries,
    "test_output_file": writes_results,
    "bytes_output_mode": shape("layer_6.weight", (256, 8), "--bytes_output_mode"),
    "alphabet_config_path": shape("layer_6.weight", (6, 8), "--alphabet_config_path={root}/short.txt"),
    "scorer_path": decodes_otherwise((), ("--scorer_path=",)),
    "scorer": decodes_otherwise(("--scorer_path=", "--scorer={scorer}"), ("--scorer_path=",)),
    "beam_width": decodes_otherwise(("--beam_width=1",)),
    "lm_alpha": decodes_otherwise(("--lm_alpha=20",)),
    "lm_beta": decodes_otherwise(("--lm_beta=50",)),
    "cutoff_prob": decodes_otherwise(("--cutoff_prob=0.01",)),
    "cutoff_top_n": decodes_otherwise(("--cutoff_prob=0.9999", "--cutoff_top_n=1"), ("--cutoff_prob=0.9999",)),
    "one_shot_infer": one_shot,
    "n_trials": tunes((("--n_trials=3",), lambda t: len(t) == 3), (("--n_trials=5",), lambda t: len(t) == 5)),
    "lm_alpha_max": tunes((("--n_trials=10", "--lm_alpha_max=0.1"), largest("alpha", 0, 0.1)),
                          (("--n_trials=10",), largest("alpha", 0.1, 5))),
    "lm_beta_max": tunes((("--n_trials=10", "--lm_beta_max=0.1"), largest("beta", 0, 0.1)),
                         (("--n_trials=10",), largest("beta", 0.1, 5))),
}  # fmt: skip


def test_every_flag_is_seen_to_work_or_says_what_took_its_place() -> None:
    for flag in FLAGS:
        assert (flag.name in SEEN) + flag.obsolete == 1, flag.name
        assert flag.name in SEEN or flag.note
    assert not SEEN.keys() - {flag.name for flag in FLAGS}


@pytest.mark.parametrize("name", SEEN)
def test_a_flag_is_flipped_and_its_effect_seen(name: str, world: World, before: Seen) -> None:
    (world.root / "short.txt").write_text(" \na\nb\nc\nd\n")
    SEEN[name](world, before)


def test_without_another_flag_the_run_is_the_same(world: World, before: Seen) -> None:
    after = train(world).weights
    assert all(np.array_equal(after[name], before.weights[name]) for name in before.weights)


def test_flags_are_left_beside_the_checkpoints_and_read_back(world: World, before: Seen) -> None:
    file = before.folder / "flags.txt"
    assert "--n_hidden=8" in file.read_text().splitlines()
    own = world.empty / "checkpoints"
    after = command("DeepSpeech.py", own, f"--flagfile={file}", f"--checkpoint_dir={own}").weights
    assert all(np.array_equal(after[name], before.weights[name]) for name in before.weights)


def test_the_card_has_the_old_keys_and_has_questions_for_unset_values(world: World, before: Seen) -> None:
    export(world)
    text = (world.empty / "out" / "author_model_0.0.1.md").read_text()
    assert text.startswith("---\nauthor: author\nmodel_name: model\nmodel_version: 0.0.1\ncontact_info: <how to reach")
    keys = [line.split(":")[0] for line in text.split("---\n")[1].splitlines()]
    assert keys == [
        "author", "model_name", "model_version", "contact_info", "license", "language", "runtime", "min_ds_version",
        "max_ds_version", "acoustic_model_url", "scorer_url",
    ]  # fmt: skip


def test_the_exported_file_stands_by_itself(world: World, before: Seen) -> None:
    export(world)
    onnx.checker.check_model(str(world.empty / "out" / "output_graph.onnx"))
