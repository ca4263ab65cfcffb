"""Chooses the checkpoint a run starts from: its own latest, another folder's, or none; and which settings it changes.

Reads only.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspeech import checkpoint
from deepspeech.config import RunConfig
from deepspeech.errors import CheckpointError
from deepspeech.renamed import current
from deepspeech.run_settings import CheckpointConfig
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks, restarted

KINDS = {
    "auto": ("train", "best"), "last": ("train",), "best": ("best",), "transfer": ("best", "train"),
}  # fmt: skip


def starting_point(config: CheckpointConfig, log: Log, ranks: Ranks = ALONE) -> checkpoint.Checkpoint | None:
    """The checkpoint to start from; None to start from scratch. Damaged ones are skipped.

    A run with checkpoints of its own resumes from the latest, unless `which` is "init" or `load` names one of its own.
    The first rank chooses.
    """
    kept = _chosen(config, log) if ranks.first else None
    path = ranks.broadcast(str(kept.path) if kept else "")
    return kept or (checkpoint.load(Path(path)) if path else None)


def source_of(config: CheckpointConfig) -> checkpoint.Checkpoint | None:
    """The checkpoint that `load` names, also for a run that has its own by now; None if it names none."""
    if not config.load:
        return None
    candidates = _loaded(config)
    if not candidates:
        raise CheckpointError(f"{config.load}: no checkpoint, but transfer.keep needs it; put it back")
    return _first_sound(candidates, Log())


def _chosen(config: CheckpointConfig, log: Log) -> checkpoint.Checkpoint | None:
    candidates = _candidates(config)
    if not candidates:
        if config.which != "init" and (config.which != "auto" or config.load):
            raise CheckpointError(f"{config.load or config.folder}: no '{config.which}' checkpoint to start from")
        return None
    kept = _first_sound(candidates, log)
    log.line(f"Loading {checkpoint.in_words(kept.path)} checkpoint from {kept.path}")
    return kept


def _candidates(config: CheckpointConfig) -> list[Path]:
    """Candidate checkpoints, in order of preference."""
    own, source = Path(config.folder), Path(config.load or config.folder)
    inside = source.resolve() == own.resolve()
    named = checkpoint.lies_in(source, own) and (source / "run.json").is_file()
    # A restarted process resumes from what the failed one wrote.
    from_scratch = not restarted() and (config.which == "init" or (config.which == "best" and inside) or named)
    if not from_scratch and (mine := checkpoint.latest(own)):
        return mine
    if config.which == "init":
        return []
    return _loaded(config)


def _loaded(config: CheckpointConfig) -> list[Path]:
    """Candidates of `load`, or of the own folder."""
    source = Path(config.load or config.folder)
    if (source / "run.json").is_file():
        return [source]
    return next((paths for kind in KINDS.get(config.which, ()) if (paths := checkpoint.found(source, kind))), [])


def _first_sound(candidates: list[Path], log: Log) -> checkpoint.Checkpoint:
    for candidate in candidates:
        try:
            return checkpoint.load(candidate)
        except CheckpointError as error:
            log.line(f"{error}; trying an older one")
    raise CheckpointError(
        f"{candidates[0].parent}: no readable checkpoint; start from scratch with checkpoint.which = init"
    )


def changed_settings(before: Mapping[str, Any], config: RunConfig) -> list[str]:
    """`table.name = …, was …` for each setting that differs from those a checkpoint keeps (`config` of its run.json).

    Settings that the version which wrote it did not know are left out.
    """
    now = _by_name(json.loads(json.dumps(config.to_dict())))
    return [
        f"{name} = {json.dumps(value, ensure_ascii=False)}, was {json.dumps(was, ensure_ascii=False)}"
        for name, was in _by_name(before).items()
        if name in now and (value := now[name]) != was
    ]


def _by_name(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by dotted name, under their current names."""
    flat: dict[str, Any] = {}
    for table, values in tables.items():
        if isinstance(values, Mapping):
            flat |= {f"{table}.{key}": value for key, value in current(table, values, warn=False).items()}
        else:
            flat[table] = values
    return flat
