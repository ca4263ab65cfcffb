"""DeepSpeechConfig: hyperparameters of Mozilla's network and of the paper's. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.errors import ConfigError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.settings import setting

STEP_OUTPUTS = 16
DESCRIBED = ("kind", "context_frames", "hidden", "lstm_layers", "recurrent", "bidirectional", "stride")


@dataclass(frozen=True)
class DeepSpeechConfig(NetworkConfig):
    """DeepSpeech's network: three dense layers over a window of frames, LSTM, one dense layer, one linear layer.

    Defaults are those of DeepSpeech 0.9.3, except `normalize_features`, which it did not have. `recurrent = "relu"`,
    `bidirectional` and `stride = 2` make the network of Hannun et al. 2014.
    """

    hidden: int = setting(
        2048, "width of every layer and of the LSTM", "256 to 512 for less than an hour or a CPU", "units"
    )
    context_frames: int = setting(9, "frames of context on each side (splicing)", "seldom", "frames")
    relu_clip: float = setting(
        20.0, 'upper limit of the outputs of dense layers, and of a "relu" recurrent layer', "seldom"
    )
    recurrent: str = setting("lstm", '"lstm"; "relu": clipped rectified units', '"relu" to repeat the paper')
    lstm_layers: int = setting(1, "LSTM layers", "2 for hundreds of hours", "layers")
    bidirectional: bool = setting(
        False, 'both directions of time; only with "relu"; such a network cannot stream', "true to repeat the paper"
    )
    stride: int = setting(1, "subsampling: input frames per output frame", "2 with features.step_ms = 10", "frames")
    layer_norm: bool = setting(
        False, "layer normalization after each dense layer but the last", "true with high learning rates"
    )
    dropout_1: float = setting(
        0.05, "dropout rate after the first dense layer", "0.1 to 0.3 where the train loss falls and the dev loss rises"
    )
    dropout_2: float = setting(0.05, "after the second", "as dropout_1")
    dropout_3: float = setting(0.05, "after the third", "as dropout_1")
    dropout_5: float = setting(0.05, "after the one that follows the LSTM", "as dropout_1")
    dropout_lstm: float = setting(0.0, "after the LSTM", "as dropout_1")

    def __post_init__(self) -> None:
        if self.recurrent not in ("lstm", "relu"):
            raise ConfigError(f"network.recurrent is '{self.recurrent}'; use lstm or relu")
        if self.recurrent == "relu" and self.lstm_layers != 1:
            raise ConfigError(
                f'network.lstm_layers is {self.lstm_layers}; with network.recurrent = "relu" there is one'
            )
        if self.recurrent == "lstm" and self.bidirectional:
            raise ConfigError('network.bidirectional needs network.recurrent = "relu"')
        for name in ("hidden", "lstm_layers", "stride"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; it must be at least 1")
        if self.context_frames < 0:
            raise ConfigError(f"network.context_frames is {self.context_frames}; it must not be negative")
        if self.relu_clip <= 0:
            raise ConfigError(f"network.relu_clip is {self.relu_clip:g}; it must be positive")
        for name in ("dropout_1", "dropout_2", "dropout_3", "dropout_5", "dropout_lstm"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name):g}; it must be at least 0 and below 1")

    @property
    def layers(self) -> tuple[str, ...]:
        return (
            "layer_1",
            "layer_2",
            "layer_3",
            "lstm" if self.recurrent == "lstm" else "layer_4",
            "layer_5",
            "layer_6",
        )

    def layer_named(self, name: str) -> str:
        """Both names of the recurrent layer are accepted."""
        return self.layers[3] if name in ("lstm", "layer_4") else name

    @property
    def acts(self) -> tuple[str, ...]:
        return (*super().acts, "relu_clip", "stride")

    def check_sizes(self, shapes: Mapping[str, tuple[int, ...]], dimensions: int) -> None:
        due = (self.hidden, (2 * self.context_frames + 1) * dimensions)
        if shapes["layer_1.weight"] != due:
            raise TypeError(f"its first layer is {shapes['layer_1.weight']}, run.json says {due}")
        if sum(name.startswith("lstm.weight_ih_l") for name in shapes) < self.lstm_layers > 1:
            raise TypeError(f"it has no {self.lstm_layers} LSTM layers")

    @property
    def chunk(self) -> ChunkSpec:
        outputs = 0 if self.bidirectional else STEP_OUTPUTS
        return ChunkSpec.of_windows(self.context_frames, self.stride, outputs)

    def described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in DESCRIBED}
