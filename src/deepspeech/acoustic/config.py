"""NetworkConfig: what may be known of a network without torch, so that a configuration can be read anywhere."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from deepspeech.features.chunks import ChunkSpec

Count = TypeVar("Count", bound=Any)


@dataclass(frozen=True)
class NetworkConfig:
    """Settings of every family of networks; each adds its own, and says what `layers` and `chunk` are."""

    kind: str = "deepspeech"  # the family, by its name in acoustic/registry.py
    normalise_features: bool = True  # subtract the training set's mean and divide by its deviation, per coefficient

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the network's layers as people see them, from its input to its output."""
        raise NotImplementedError

    @property
    def head(self) -> str:
        """The layer that knows the tokens; one trained for others must begin anew."""
        return self.layers[-1]

    @property
    def chunk(self) -> ChunkSpec:
        """The frames of features that a step takes."""
        raise NotImplementedError

    def outputs(self, frames: Count) -> Count:
        """Frames of output for `frames` frames of features: a number, or an array of them."""
        return self.chunk.outputs(frames)

    def described(self) -> dict[str, Any]:
        """The network's shape as a model file tells it: entries are settings of these names."""
        return asdict(self)
