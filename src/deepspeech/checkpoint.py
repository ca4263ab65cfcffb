"""Checkpoints: one folder each, written atomically.

    DIR/train-000120/weights.safetensors    the network's tensors; averages under "average/", Adam's under "optimiser/"
    DIR/train-000120/run.json               configuration, position in training, losses, versions
    DIR/best-000100/…                       the same, of the best dev loss so far

Training resumes from the one with the most steps; `best-*` is tested and exported. A folder gets its name only after
its files are synced to disk. Nothing is unpickled.
"""

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from deepspeech.errors import CheckpointError, ConfigError
from deepspeech.files import crc32_of
from deepspeech.text.config import TextConfig
from deepspeech.untrusted import at, check_description, read_json, reason

Tensors = dict[str, NDArray[Any]]
FORMAT = 1
_NAME = re.compile(r"(train|best)-(\d+)(\.replaced)?")  # the suffix: killed while replacing it
_GROUPS = ("", "average/", "optimiser/")
_PARTIAL, _REPLACED = ".partial", ".replaced"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint: three groups of tensors by parameter name, and the content of run.json."""

    path: Path
    weights: Tensors
    average: Tensors
    optimizer: Tensors
    run: dict[str, Any]


def path_of(folder: Path, kind: str, step: int) -> Path:
    """Path of the checkpoint of a step."""
    return folder / f"{kind}-{step:06d}"


def save(folder: Path, kind: str, step: int, groups: tuple[Tensors, Tensors, Tensors], run: dict[str, Any]) -> Path:
    """Write `folder/kind-step` of (weights, average, optimizer) tensors and return its path.

    On CheckpointError an existing checkpoint is unchanged.
    """
    target = path_of(folder, kind, step)
    temporary, aside = folder / f".{target.name}{_PARTIAL}", folder / f"{target.name}{_REPLACED}"
    tensors = {
        prefix + name: np.asarray(value, order="C")
        for prefix, group in zip(_GROUPS, groups, strict=True)
        for name, value in group.items()
    }
    try:
        for leftover in folder.glob(f".{target.name}*{_PARTIAL}"):
            shutil.rmtree(leftover, ignore_errors=True)
        temporary.mkdir(parents=True)
        save_file(tensors, temporary / "weights.safetensors")
        checksum = crc32_of(temporary / "weights.safetensors")
        page = json.dumps(
            run | {"format": FORMAT, "step": step, "weights_crc32": checksum}, indent=2, ensure_ascii=False
        )
        (temporary / "run.json").write_text(page + "\n", encoding="utf-8")
        for path in (*temporary.iterdir(), temporary):
            _to_disk(path)
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)
            target.rename(aside)
        temporary.rename(target)
        _to_disk(folder)
        shutil.rmtree(aside, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        if aside.exists() and not target.exists():
            aside.rename(target)
        shutil.rmtree(temporary, ignore_errors=True)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CheckpointError(f"{target}: cannot write the checkpoint ({reason}); nothing was changed there") from None
    return target


def load(path: Path) -> Checkpoint:
    """Read one checkpoint folder. Raises CheckpointError where it is damaged or not a checkpoint."""
    run = describe(path)
    try:
        file = path / "weights.safetensors"
        if crc32_of(file) != run["weights_crc32"]:
            raise CheckpointError(f"{file}: the checkpoint is damaged (checksum differs); use an older one")
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot read the checkpoint ({error}); use an older one") from None
    groups: list[Tensors] = [{}, {}, {}]
    for name, value in tensors.items():
        group = next((i for i in (1, 2) if name.startswith(_GROUPS[i])), 0)
        groups[group][name.removeprefix(_GROUPS[group])] = value
    return Checkpoint(path, groups[0], groups[1], groups[2], run)


def describe(path: Path) -> dict[str, Any]:
    """run.json of a checkpoint folder."""
    try:
        run: dict[str, Any] = read_json(path / "run.json")
        check_description(run)
        if run["format"] > FORMAT:
            raise CheckpointError(f"{path}: written by a newer version (format {run['format']}); update deepspeech")
        _ = at(run, "weights_crc32", int), at(run, "step", int), at(run, "config", dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not a readable checkpoint ({reason(error)}); name a folder that training wrote"
        ) from None
    return run


def setting(run: dict[str, Any], name: str, *kinds: type) -> Any:
    """The value at dotted key `name` of run.json. Raises CheckpointError where its type is none of `kinds`."""
    try:
        return at(run, name, *kinds)
    except ValueError as error:
        raise CheckpointError(f"the checkpoint's run.json is damaged ({error}); use another one") from None


def text_of(run: dict[str, Any]) -> TextConfig:
    """How a run normalized its transcripts; no settings in checkpoints of earlier versions."""
    entries = setting(run, "config", dict).get("text", {})
    try:
        return TextConfig.from_dict(entries)
    except (ConfigError, TypeError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint's run.json is damaged ({error}); use another one") from None


def found(folder: Path, kind: str) -> list[Path]:
    """Checkpoints of one kind in `folder`, newest first."""
    matches = [path for path in folder.glob(f"{kind}-*") if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(matches, key=lambda path: (-steps(path), path.name))


def latest(folder: Path) -> list[Path]:
    """Checkpoints of both kinds in the order in which training would resume from them.

    A "best" one newer than every "train" one comes first (the run was killed between the two writes); other "best" ones
    come last.
    """
    train, best = found(folder, "train"), found(folder, "best")
    ahead = [path for path in best if not train or steps(path) > steps(train[0])]
    return [*ahead, *train, *best[len(ahead) :]]


def steps(path: Path) -> int:
    """Step number, from the name."""
    match = _NAME.fullmatch(path.name)
    return int(match[2]) if match else 0


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a checkpoint is in `folder`, after resolving both paths."""
    return path.parent.resolve() == folder.resolve()


def newest(folder: Path, kinds: tuple[str, ...]) -> Path | None:
    """The newest checkpoint of the first kind that has any; `folder` may itself be a checkpoint."""
    if (folder / "run.json").is_file():
        return folder
    return next((paths[0] for kind in kinds if (paths := found(folder, kind))), None)


def best_or_newest(folder: Path, kinds: tuple[str, ...] = ("best", "train")) -> Path:
    """The checkpoint to evaluate or export: the best, else the newest. Raises CheckpointError if there is none."""
    path = newest(folder, kinds)
    if path is None:
        raise CheckpointError(f"{folder}: no checkpoint there; train first, or name another folder")
    return path


def in_words(path: Path) -> str:
    """The kind of checkpoint, in the words of 0.9.3's log."""
    return "best validating" if path.name.startswith("best") else "most recent"


def prune(folder: Path, kind: str, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints of one kind (0: none of them), and leftovers of killed writes."""
    _sweep(folder)
    for path in found(folder, kind)[keep:] if keep else []:
        shutil.rmtree(path, ignore_errors=True)


def claim(folder: Path) -> None:
    """Prepare `folder` for a run: create it, check that it is writable, delete leftovers of killed writes.

    Raises CheckpointError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".trial{_PARTIAL}").mkdir(exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"{folder}: checkpoints cannot be written there ({error.strerror}); "
            "free space, or choose another place: checkpoint.folder (--checkpoint_dir)"
        ) from None
    _sweep(folder)


def _sweep(folder: Path) -> None:
    replaced = [path for path in folder.glob(f"*{_REPLACED}") if path.with_suffix("").exists()]
    for path in (*folder.glob(f".*{_PARTIAL}"), *replaced):
        if path.name.startswith(".") or _NAME.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def set_aside(folder: Path, after: int = -1) -> Path | None:
    """Move checkpoints with more than `after` steps into a new subfolder, so that a run can continue from step `after`.

    Returns that folder, None where there was nothing to move. Raises CheckpointError.
    """
    later = [path for path in latest(folder) if steps(path) > after]
    if not later:
        return None
    number = 1
    while (aside := folder / f"earlier-{number}").exists():
        number += 1
    try:
        aside.mkdir()
        for path in later:
            path.rename(aside / path.name)
    except OSError as error:
        raise CheckpointError(f"{folder}: checkpoints cannot be moved to {aside} ({error.strerror})") from None
    return aside


def _to_disk(path: Path) -> None:
    if os.name == "nt":  # which opens no folders, and flushes no file opened to read
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
