"""NetworkConfig: what may be known of a network without torch, so that a configuration can be read anywhere."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from deepspeech.features.chunks import ChunkSpec

Count = TypeVar("Count", bound=Any)


@dataclass(frozen=True)
class NetworkConfig:
    """Settings of every family of networks; each adds its own, and says what `layers` and `chunk` are."""

    # No field: saved settings without `kind` are these, also for versions that know no other. In other families it is
    # one, with init=False.
    kind = "deepspeech"
    front_end: ClassVar[str] = "mfcc"  # features.kind of a configuration that names none
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}  # settings that `network.size` stands for
    normalise_features: bool = True  # subtract the training set's mean and divide by its deviation, per coefficient

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the network's layers as people see them, from its input to its output."""
        raise NotImplementedError

    def layer_named(self, name: str) -> str:
        """The layer that a user means by `name`; itself where it is none."""
        return name

    @property
    def acts(self) -> tuple[str, ...]:
        """Settings on which the meaning of weights hangs, besides their names and shapes."""
        return ("kind",)

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]], dimensions: int) -> None:
        """Raise TypeError where weights of these shapes are not of a network as large as this says.

        To be asked before one is made, of pages that a stranger may have written.
        """

    @property
    def head(self) -> str:
        """The layer that knows the tokens; one trained for others must begin anew."""
        return self.layers[-1]

    @property
    def intermediate(self) -> tuple[str, ...]:
        """Layers whose outputs the head takes too, for intermediate CTC losses (InterCTC); empty: not supported."""
        return ()

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
