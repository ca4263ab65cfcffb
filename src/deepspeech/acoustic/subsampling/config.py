"""SubsampledConfig: settings common to networks with convolutional subsampling. Imports no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.errors import ConfigError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.settings import setting

STRIDE = 4  # feature frames per output frame
CHANNELS = 64  # channels of its convolutions
SUBSAMPLING, OUTPUT = "subsampling", "output"  # the first layer and the last


def chunk_of(outputs: int, choices: Iterable[int] = (), ahead: int = 0) -> ChunkSpec:
    """Steps of `outputs` output frames, or one of `choices`, with a look-ahead of `ahead` output frames."""
    hops = tuple(sorted(STRIDE * other for other in {*choices} - {outputs}))
    right = STRIDE - 1 + STRIDE * ahead
    return ChunkSpec(STRIDE * (outputs + ahead), STRIDE * outputs, right=right, stride=STRIDE, hops=hops)


@dataclass(frozen=True)
class SubsampledConfig(NetworkConfig):
    """Settings of families with `blocks` of one `width` after the subsampling."""

    front_end: ClassVar[str] = "log_mel"
    described_as: ClassVar[tuple[str, ...]] = ("width", "blocks")  # written to model files beside the kind
    may_be_0: ClassVar[frozenset[str]] = frozenset()  # of these

    width: int = setting(0, "width of a block", "rather choose a size", "units")
    blocks: int = setting(0, "blocks", "rather choose a size", "blocks")
    dropout: float = setting(0.1, "dropout rate", "0.15 to 0.3 where the train loss falls and the dev loss rises")
    chunk_frames: int = setting(
        8,
        "outputs of a step of a stream; 40 ms each if features.step_ms is 10",
        "4 for less latency, 16 for fewer errors of a Conformer",
        "outputs",
    )

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
        """The blocks after one and two thirds of the depth, rounded down."""
        return tuple(dict.fromkeys(f"block_{n}" for n in (self.blocks // 3, 2 * self.blocks // 3) if n))

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]], dimensions: int) -> None:
        due = (self.width, CHANNELS * -(-dimensions // 4))
        if shapes["subsampling.output.weight"] != due:
            raise TypeError(f"the subsampling has {shapes['subsampling.output.weight']}, run.json says {due}")
        there = {name.partition(".")[0] for name in shapes if name.startswith("block_")}
        if len(there) < self.blocks:
            raise TypeError(f"it has {len(there)} blocks, run.json says {self.blocks}")

    @property
    def chunk_choices(self) -> tuple[int, ...]:
        """Other step sizes that a stream may choose, in output frames."""
        return (4, 8, 16)

    @property
    def chunk(self) -> ChunkSpec:
        return chunk_of(self.chunk_frames, self.chunk_choices)

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("kind", *self.described_as)}
