"""DeepLstmConfig: hyperparameters of the deep LSTM. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from deepspeech.acoustic.subsampling.config import SubsampledConfig


@dataclass(frozen=True)
class DeepLstmConfig(SubsampledConfig):
    """Residual LSTM layers with LayerNorm. Defaults are those of size "small"."""

    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {"width": 320, "blocks": 3},
        "medium": {"width": 512, "blocks": 4},
        "large": {"width": 512, "blocks": 8},
    }

    kind: str = field(default="deep_lstm", init=False)
    width: int = 320
    blocks: int = 3
