"""A family of networks for tests: as small as one that streams, takes fewer steps than frames and remembers can be."""

from dataclasses import dataclass, field

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.features.chunks import ChunkSpec


@dataclass(frozen=True)
class TinyConfig(NetworkConfig):
    """A causal convolution over every second frame, one over its outputs, a linear layer."""

    kind: str = field(default="tiny", init=False)
    width: int = 24

    @property
    def layers(self) -> tuple[str, ...]:
        return ("conv", "mix", "output")

    @property
    def chunk(self) -> ChunkSpec:
        return ChunkSpec(frames=8, hop=8, right=1, stride=2, hops=(2, 4, 32))
