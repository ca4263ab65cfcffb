"""NetworkConfig: hyperparameters of an acoustic network. Imports no torch, so configurations can be read anywhere."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from deepspeech.features.chunks import ChunkSpec
from deepspeech.settings import setting

Count = TypeVar("Count", bound=Any)


@dataclass(frozen=True)
class NetworkConfig:
    """Settings common to all network families; each adds its own and defines `layers` and `chunk`."""

    # No field: saved settings without `kind` are these, also for versions that know no other. In other families it is
    # one, with init=False.
    kind = "deepspeech"
    front_end: ClassVar[str] = "mfcc"  # features.kind of a configuration that names none
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # settings that `network.size` stands for
    normalize_features: bool = setting(
        True,
        "subtract the training set's mean and divide by its deviation, per coefficient",
        "false to repeat a training of 0.9.3",
    )

    @property
    def layers(self) -> tuple[str, ...]:
        """Public names of the layers, from input to output."""
        raise NotImplementedError

    def layer_named(self, name: str) -> str:
        """Resolve an alias of a layer name; unknown names are returned unchanged."""
        return name

    @property
    def acts(self) -> tuple[str, ...]:
        """Settings that must match for weights to be compatible, besides names and shapes."""
        return ("kind",)

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]], dimensions: int) -> None:
        """Raise TypeError where weights of these shapes do not match this configuration.

        Call it before building a network from an untrusted file, to avoid huge allocations.
        """

    @property
    def head(self) -> str:
        """The output layer, which depends on the tokens and is re-initialized for another alphabet."""
        return self.layers[-1]

    @property
    def intermediate(self) -> tuple[str, ...]:
        """Layers whose outputs the head takes too, for intermediate CTC losses (InterCTC); empty: not supported."""
        return ()

    @property
    def chunk(self) -> ChunkSpec:
        """Chunk geometry of a step."""
        raise NotImplementedError

    def outputs(self, frames: Count) -> Count:
        """Output frames for `frames` feature frames (a number or an array)."""
        return self.chunk.outputs(frames)

    def described(self) -> dict[str, Any]:
        """Hyperparameters to store in the model card."""
        return asdict(self)
