"""CheckpointWriter: writes, prunes and uploads the checkpoints of a run."""

import time
from pathlib import Path

import torch

from deepspeech import checkpoint
from deepspeech._version import __version__
from deepspeech.text.token_files import write_alphabet
from deepspeech.training.build import Parts
from deepspeech.training.log import Log
from deepspeech.training.staging import upload
from deepspeech.training.state import TrainingState


class CheckpointWriter:
    """Writes the state of a run to `checkpoint.folder`, on the first rank."""

    def __init__(self, parts: Parts, state: TrainingState, log: Log) -> None:
        self._parts, self._state, self._log = parts, state, log
        self._folder, self._keep = Path(parts.config.checkpoint.folder), parts.config.checkpoint.keep
        self._saved_at = time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the last "train" checkpoint, or since the start."""
        return time.monotonic() - self._saved_at

    def claim(self, resumed: bool) -> None:
        """Prepare the folder: move checkpoints later than the run's position aside."""
        checkpoint.claim(self._folder)
        step = self._state.position.step
        if aside := checkpoint.set_aside(self._folder, step if resumed else -1):
            start = f"Resuming from step {step}" if resumed else "Starting from scratch"
            self._log.line(f"{start}; {'later' if resumed else 'earlier'} checkpoints are kept in {aside}")
        for kind in ("train", "best"):  # a killed run may not have pruned
            self._prune(kind)

    def save(self, kind: str) -> Path:
        """Write a "train" or "best" checkpoint, prune older ones, and return its path."""
        if kind == "train":
            self._saved_at = time.monotonic()
        step = self._state.position.step
        if not self._parts.ranks.first:
            return checkpoint.path_of(self._folder, kind, step)
        normalization = self._parts.plain.front_end.normalization
        run = {
            "config": self._parts.config.to_dict(),
            "alphabet": write_alphabet(self._parts.tokens),
            "position": self._state.position.to_dict(),
            **({"normalization": normalization.to_dict()} if normalization else {}),
            "made_with": f"deepspeech {__version__}, torch {torch.__version__}",
        }
        path = checkpoint.save(self._folder, kind, step, self._state.tensors(), run)
        self._prune(kind)
        upload(self._folder, self._log)
        return path

    def _prune(self, kind: str) -> None:
        checkpoint.prune(self._folder, kind, self._keep if kind == "train" else 1)
