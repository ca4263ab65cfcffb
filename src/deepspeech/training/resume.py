"""Where a run starts from: its own newest checkpoint, another folder's, or nothing."""

from pathlib import Path

from deepspeech import checkpoint
from deepspeech.config import CheckpointConfig
from deepspeech.errors import CheckpointError
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks, restarted

KINDS = {
    "auto": ("train", "best"), "last": ("train",), "best": ("best",), "transfer": ("best", "train"), "init": (),
}  # fmt: skip


def starting_point(config: CheckpointConfig, log: Log, ranks: Ranks = ALONE) -> checkpoint.Checkpoint | None:
    """The checkpoint to start from, None to start anew. A damaged one is passed over for the one before it.

    A run that has a checkpoint of its own goes on from there, wherever it started. The first rank chooses.
    """
    kept = _chosen(config, log) if ranks.first else None
    path = ranks.told(str(kept.path) if kept else "")
    return kept or (checkpoint.load(Path(path)) if path else None)


def _chosen(config: CheckpointConfig, log: Log) -> checkpoint.Checkpoint | None:
    if config.which == "init" and not restarted():
        if aside := checkpoint.set_aside(Path(config.folder)):
            log.line(f"Starting anew; earlier checkpoints are kept in {aside}")
        return None
    own, source = Path(config.folder), Path(config.load or config.folder)
    path = checkpoint.newest(own, ("train",)) or checkpoint.newest(source, KINDS[config.which])
    if path is None:
        if config.which not in ("auto", "init") or config.load:
            raise CheckpointError(f"{source}: no '{config.which}' checkpoint there to start from")
        return None
    kept = _newest_sound(path, log)
    log.line(f"Loading {checkpoint.in_words(kept.path)} checkpoint from {kept.path}")
    return kept


def _newest_sound(path: Path, log: Log) -> checkpoint.Checkpoint:
    siblings = checkpoint.found(path.parent, path.name.split("-")[0])
    for candidate in siblings if path in siblings else [path]:
        try:
            return checkpoint.load(candidate)
        except CheckpointError as error:
            log.line(f"{error}; trying the one before it")
    raise CheckpointError(f"{path.parent}: no readable checkpoint; start anew with checkpoint.which = init")
