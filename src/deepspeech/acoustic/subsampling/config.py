"""What may be known without torch of the shared front end and of the networks behind it: chunks, layers, checks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.errors import ConfigError
from deepspeech.features.chunks import ChunkSpec

STRIDE = 4  # frames of features for each of output
CHANNELS = 64  # of its convolutions
SUBSAMPLING, OUTPUT = "subsampling", "output"  # the first layer and the last


def chunk_of(outputs: int, choices: Iterable[int] = (), ahead: int = 0) -> ChunkSpec:
    """Steps of so many outputs, or one of `choices`, that see `ahead` more; the end is padded to a multiple of 4."""
    hops = tuple(sorted(STRIDE * other for other in {*choices} - {outputs}))
    right = STRIDE - 1 + STRIDE * ahead
    return ChunkSpec(STRIDE * (outputs + ahead), STRIDE * outputs, right=right, stride=STRIDE, hops=hops)


@dataclass(frozen=True)
class SubsampledConfig(NetworkConfig):
    """Settings of every family that puts `blocks` of one `width` behind the front end."""

    front_end: ClassVar[str] = "log_mel"
    described_as: ClassVar[tuple[str, ...]] = ("width", "blocks")  # written to model files beside the kind
    may_be_0: ClassVar[frozenset[str]] = frozenset()  # of these

    width: int = 0
    blocks: int = 0
    dropout: float = 0.1  # share of outputs zeroed while training, wherever the family drops
    chunk_frames: int = 8  # outputs of a step, 40 ms each where features.step_ms is 10

    def __post_init__(self) -> None:
        for name in {*self.described_as, "chunk_frames"} - self.may_be_0:
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"network.dropout is {self.dropout:g}; it must be at least 0 and below 1")

    @property
    def block_names(self) -> tuple[str, ...]:
        return tuple(f"block_{number}" for number in range(1, self.blocks + 1))

    @property
    def layers(self) -> tuple[str, ...]:
        return (SUBSAMPLING, *self.block_names, OUTPUT)

    @property
    def intermediate(self) -> tuple[str, ...]:
        """After a third and two thirds of the blocks, rounded down."""
        return tuple(dict.fromkeys(f"block_{n}" for n in (self.blocks // 3, 2 * self.blocks // 3) if n))

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]], dimensions: int) -> None:
        due = (self.width, CHANNELS * -(-dimensions // 4))
        if shapes["subsampling.output.weight"] != due:
            raise TypeError(f"its front end ends with {shapes['subsampling.output.weight']}, run.json says {due}")
        there = {name.partition(".")[0] for name in shapes if name.startswith("block_")}
        if len(there) < self.blocks:
            raise TypeError(f"it has {len(there)} blocks, run.json says {self.blocks}")

    @property
    def chunk_choices(self) -> tuple[int, ...]:
        """Outputs of a step that a stream may choose instead."""
        return (4, 8, 16)

    @property
    def chunk(self) -> ChunkSpec:
        return chunk_of(self.chunk_frames, self.chunk_choices)

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("kind", *self.described_as)}
