"""TrainingState: weights, averaged weights, optimizer state and position, saved in every checkpoint; the anchor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.checkpoint import Tensors
from deepspeech.errors import CheckpointError
from deepspeech.training import optim, stopping


@dataclass
class Position:
    """Position of a run: epoch, batch, step, losses; saved with every checkpoint."""

    epoch: int = 0
    batch: int = 0  # finished batches of this epoch
    step: int = 0
    loss_sum: float = 0.0  # over this epoch's clips
    clips: int = 0
    rate_factor: float = 1.0
    progress: stopping.Progress = field(default_factory=stopping.Progress)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as saved in run.json; `judged` is the format's name of `validated`."""
        values = asdict(self)
        values["progress"]["judged"] = values["progress"].pop("validated")
        return values

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Position":
        """Read the position of a checkpoint. Raises CheckpointError."""
        try:
            progress = {"judged": values["epoch"], **values["progress"]}  # which earlier versions did not write
            progress["validated"] = progress.pop("judged")
            return cls(**{**values, "progress": stopping.Progress(**progress)})
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"the checkpoint's position is damaged ({error}); use an older one") from None


@dataclass
class TrainingState:
    """Updated in place by the loop and by validation."""

    network: AcousticNetwork
    optimizer: torch.optim.Optimizer
    average: optim.Average
    position: Position
    anchor: optim.Anchor

    def tensors(self) -> tuple[Tensors, Tensors, Tensors]:
        """Weights, average and optimizer state, as `checkpoint.save` takes them."""
        average = {name: value.cpu().numpy() for name, value in self.average.weights.items()}
        return optim.weights_of(self.network), average, optim.state_of(self.network, self.optimizer)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Swap in the averaged weights, if enabled, within the block."""
        self.average.swap(self.network)
        yield
        self.average.swap(self.network)
