"""DeepLstmConfig: hyperparameters of the deep LSTM. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from deepspeech.acoustic.subsampling.config import SubsampledConfig, chunk_of
from deepspeech.errors import ConfigError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.settings import setting

LOOK_AHEAD = "look_ahead"  # the layer after the front end, if there is one


@dataclass(frozen=True)
class DeepLstmConfig(SubsampledConfig):
    """Residual LSTM layers with LayerNorm. Defaults are those of size "small"."""

    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"width": 320, "blocks": 3},
        "medium": {"width": 512, "blocks": 4},
        "large": {"width": 512, "blocks": 8},
    }

    described_as: ClassVar[tuple[str, ...]] = ("width", "blocks", "look_ahead")
    may_be_0: ClassVar[frozenset[str]] = frozenset({"look_ahead"})

    kind: str = field(default="deep_lstm", init=False)
    width: int = setting(320, "width of a block", "rather choose a size", "units")
    blocks: int = setting(3, "LSTM layers", "rather choose a size", "blocks")
    look_ahead: int = setting(
        4,
        "later outputs of the front end that each output sees, 40 ms each; adds to the latency",
        "0 for the least latency",
        "outputs",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.look_ahead < 0:
            raise ConfigError(f"network.look_ahead is {self.look_ahead}; it must not be negative")

    @property
    def layers(self) -> tuple[str, ...]:
        first, *rest = super().layers
        return (first, LOOK_AHEAD, *rest) if self.look_ahead else (first, *rest)

    @property
    def chunk(self) -> ChunkSpec:
        return chunk_of(self.chunk_frames, self.chunk_choices, self.look_ahead)
