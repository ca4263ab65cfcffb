"""NetworkConfig: the shape of the network. Imports no torch, so that a configuration can be read anywhere."""

from dataclasses import dataclass

from deepspeech.errors import ConfigError


@dataclass(frozen=True)
class NetworkConfig:
    """DeepSpeech's network: three dense layers over a window of frames, LSTM, one dense layer, one linear layer.

    Defaults are those of DeepSpeech 0.9.3, but for `normalise_features`, which it did not have.
    """

    hidden: int = 2048  # width of every layer and of the LSTM
    context_frames: int = 9  # frames seen on each side of the present one
    relu_clip: float = 20.0  # upper limit of the dense layers' outputs
    lstm_layers: int = 1
    layer_norm: bool = False  # after each dense layer but the last
    normalise_features: bool = True  # subtract the training set's mean and divide by its deviation, per coefficient
    dropout_1: float = 0.05  # share of outputs zeroed while training, after dense layers 1, 2, 3 and 5
    dropout_2: float = 0.05
    dropout_3: float = 0.05
    dropout_5: float = 0.05
    dropout_lstm: float = 0.0  # the same after the LSTM

    def __post_init__(self) -> None:
        for name in ("hidden", "lstm_layers"):
            if getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name)}; it must be at least 1")
        if self.context_frames < 0:
            raise ConfigError(f"network.context_frames is {self.context_frames}; it must not be negative")
        if self.relu_clip <= 0:
            raise ConfigError(f"network.relu_clip is {self.relu_clip:g}; it must be positive")
        for name in ("dropout_1", "dropout_2", "dropout_3", "dropout_5", "dropout_lstm"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"network.{name} is {getattr(self, name):g}; it must be at least 0 and below 1")
