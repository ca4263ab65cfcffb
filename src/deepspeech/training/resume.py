"""Where a run starts from: its own latest checkpoint, another folder's, or nothing. Nothing is changed here."""

from pathlib import Path

from deepspeech import checkpoint
from deepspeech.config import CheckpointConfig
from deepspeech.errors import CheckpointError
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks, restarted

KINDS = {
    "auto": ("train", "best"), "last": ("train",), "best": ("best",), "transfer": ("best", "train"),
}  # fmt: skip


def starting_point(config: CheckpointConfig, log: Log, ranks: Ranks = ALONE) -> checkpoint.Checkpoint | None:
    """The checkpoint to start from, None to start anew. A damaged one is passed over for the one before it.

    A run that has a checkpoint of its own goes on from the latest, wherever it started, unless it is told to start
    anew, or names one of its own. The first rank chooses.
    """
    kept = _chosen(config, log) if ranks.first else None
    path = ranks.broadcast(str(kept.path) if kept else "")
    return kept or (checkpoint.load(Path(path)) if path else None)


def _chosen(config: CheckpointConfig, log: Log) -> checkpoint.Checkpoint | None:
    candidates = _candidates(config)
    if not candidates:
        if config.which != "init" and (config.which != "auto" or config.load):
            raise CheckpointError(f"{config.load or config.folder}: no '{config.which}' checkpoint there to start from")
        return None
    kept = _first_sound(candidates, log)
    log.line(f"Loading {checkpoint.in_words(kept.path)} checkpoint from {kept.path}")
    return kept


def _candidates(config: CheckpointConfig) -> list[Path]:
    """Checkpoints to start from, the first one that can be read."""
    own, source = Path(config.folder), Path(config.load or config.folder)
    inside = source.resolve() == own.resolve()
    named = checkpoint.lies_in(source, own) and (source / "run.json").is_file()
    # In the place of a process that failed, it goes on from what that one wrote.
    anew = not restarted() and (config.which == "init" or (config.which == "best" and inside) or named)
    if not anew and (mine := checkpoint.latest(own)):
        return mine
    if config.which == "init":
        return []
    if (source / "run.json").is_file():
        return [source]
    return next((paths for kind in KINDS[config.which] if (paths := checkpoint.found(source, kind))), [])


def _first_sound(candidates: list[Path], log: Log) -> checkpoint.Checkpoint:
    for candidate in candidates:
        try:
            return checkpoint.load(candidate)
        except CheckpointError as error:
            log.line(f"{error}; trying the one before it")
    raise CheckpointError(f"{candidates[0].parent}: no readable checkpoint; start anew with checkpoint.which = init")
