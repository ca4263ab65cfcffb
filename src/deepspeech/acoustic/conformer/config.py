"""ConformerConfig: hyperparameters of the chunked causal Conformer. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from deepspeech.acoustic.subsampling.config import SubsampledConfig
from deepspeech.errors import ConfigError
from deepspeech.settings import setting

ROTARY_BASE = 10000.0  # of rotary positions: pair k of n in a head turns by BASE^(-k/n) per frame


@dataclass(frozen=True)
class ConformerConfig(SubsampledConfig):
    """Streaming Conformer (Gulati et al. 2020): causal convolutions, attention within a chunk and to its left context.

    Defaults are those of size "small".
    """

    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"width": 144, "blocks": 8, "heads": 4},
        "medium": {"width": 256, "blocks": 12, "heads": 4},
        "large": {"width": 384, "blocks": 16, "heads": 6},
    }
    described_as: ClassVar[tuple[str, ...]] = ("width", "blocks", "heads", "kernel", "left_frames")

    kind: str = field(default="conformer", init=False)
    width: int = setting(144, "width of a block", "rather choose a size", "units")
    blocks: int = setting(8, "Conformer blocks", "rather choose a size", "blocks")
    heads: int = setting(
        4, "attention heads; the width is a multiple of twice as many", "rather choose a size", "heads"
    )
    kernel: int = setting(15, "outputs that the causal depthwise convolution sees", "seldom", "outputs")
    left_frames: int = setting(64, "left context of attention", "fewer for less memory and time per stream", "outputs")
    train_chunks: tuple[int, ...] = setting(
        (4, 8, 16, 0),
        "dynamic chunk training: each batch draws one of these chunk sizes; 0: the whole clip",
        "to the latencies that streams shall have",
        "outputs",
    )
    train_chunk_weights: tuple[float, ...] = setting(
        (0.15, 0.4, 0.25, 0.2), "how often each of train_chunks is drawn", "with train_chunks"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("train_chunks", "train_chunk_weights"):  # lists, where they were saved as JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.width % (2 * self.heads):
            raise ConfigError(
                f"network.width is {self.width}, network.heads is {self.heads}; "
                "the width must be a multiple of twice the heads"
            )
        chunks, weights = self.train_chunks, self.train_chunk_weights
        if not chunks or len(chunks) != len(weights):
            raise ConfigError(
                f"network.train_chunks are {len(chunks)}, network.train_chunk_weights {len(weights)}; "
                "give a weight for each of at least one chunk"
            )
        if min(chunks) < 0 or min(weights) < 0 or not sum(weights) > 0:
            raise ConfigError("network.train_chunks and train_chunk_weights must not be negative, nor all weights 0")

    @property
    def chunk_choices(self) -> tuple[int, ...]:
        """The chunk sizes of training, without 0 (whole clips)."""
        return tuple(chunk for chunk in self.train_chunks if chunk)

    @property
    def acts(self) -> tuple[str, ...]:
        return (*super().acts, "heads")  # not visible in the shapes of weights
