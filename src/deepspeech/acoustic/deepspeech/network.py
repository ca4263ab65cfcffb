"""Mozilla's network: spliced frames, three dense layers, LSTM, dense layer, linear head.

Shapes: B clips, T frames, F coefficients, W = (2·context + 1)·F, H hidden, V classes (labels, then blank).
Source: DeepSpeech 0.9.3 `training/deepspeech_training/train.py::create_model`. Parameter names are a contract:
checkpoints, transfer learning and converters address them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepspeech.acoustic.contract import AcousticNetwork, States
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.dense import dense
from deepspeech.acoustic.dropout import dropped
from deepspeech.acoustic.lstm import Packing, lstm
from deepspeech.acoustic.products import product_type
from deepspeech.acoustic.recurrent import ClippedRecurrence

State = tuple[Tensor, Tensor]
Dense = Callable[[Tensor, nn.Linear, float], Tensor]


def _plain(x: Tensor, layer: nn.Linear, clip: float) -> Tensor:
    """Like `dense`, for any shape and device, with torch's autograd."""
    return torch.clamp(layer(x), 0.0, clip)


class DeepSpeech(AcousticNetwork):
    """The network of Mozilla's DeepSpeech; with a "relu" recurrent layer that of Hannun et al. 2014."""

    config: DeepSpeechConfig

    def __init__(self, config: DeepSpeechConfig, dimensions: int, classes: int) -> None:
        super().__init__(config, dimensions, classes)
        window = (2 * config.context_frames + 1) * dimensions
        hidden = config.hidden
        self.layer_1 = nn.Linear(window, hidden)
        self.layer_2 = nn.Linear(hidden, hidden)
        self.layer_3 = nn.Linear(hidden, hidden)
        if config.recurrent == "relu":
            self.layer_4 = ClippedRecurrence(hidden, config.bidirectional, config.relu_clip)
        else:
            self.lstm = nn.LSTM(hidden, hidden, config.lstm_layers, batch_first=True)
        self.layer_5 = nn.Linear(hidden, hidden)
        self.layer_6 = nn.Linear(hidden, classes)
        if config.layer_norm:
            # eps as TensorFlow's contrib layer_norm.
            self.norms = nn.ModuleDict({name: nn.LayerNorm(hidden, eps=1e-12) for name in ("1", "2", "3", "5")})
        self._initialize()

    def _initialize(self) -> None:
        """Initialize weights: He (2015) for clipped ReLUs, orthogonal recurrence, forget gate bias 1.

        0.9.3 used Glorot initialization and forget gate bias 0, which reaches a higher WER on AN4 with equal budget.
        """
        for layer in (self.layer_1, self.layer_2, self.layer_3, self.layer_5):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        nn.init.xavier_uniform_(self.layer_6.weight)
        nn.init.zeros_(self.layer_6.bias)
        hidden = self.config.hidden
        for name, value in self.lstm.named_parameters() if self.config.recurrent == "lstm" else ():
            if "bias" in name:
                nn.init.zeros_(value)
            elif "_hh_" in name:
                for gate in torch.split(value, hidden):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(value)
            if "bias_ih" in name:
                with torch.no_grad():
                    value[hidden : 2 * hidden].fill_(1.0)  # the forget gate, second of i, f, g, o

    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        """Frames outside a clip are zeros, as in the old trainer.

        A bidirectional network needs `lengths_B`. On a CPU an LSTM skips padding: its logits are zeros.
        """
        context = self.config.context_frames
        padded = functional.pad(features_BTF, (0, 0, context, context))
        frames_BTF = self.normalize(padded)
        ends_B = None if lengths_B is None else self.config.outputs(lengths_B)
        if ends_B is not None and self.config.recurrent == "lstm" and features_BTF.device.type == "cpu":
            return self._packed(frames_BTF, ends_B, random)
        return self._logits(self._windows(frames_BTF), random=random, lengths_B=ends_B)[0]

    def _packed(self, frames_BTF: Tensor, lengths_B: Tensor, random: torch.Generator | None) -> Tensor:
        """Logits [B, T, V], computed on packed frames."""
        coefficients = frames_BTF.shape[2]
        numbers = frames_BTF.to(product_type(frames_BTF)).flatten(1)  # a window is a contiguous row of these
        window = (2 * self.config.context_frames + 1) * coefficients
        windows_BTW = numbers.unfold(1, window, self.config.stride * coefficients)
        packing = Packing.of(lengths_B, windows_BTW.shape[1])
        x = self._before(packing.pack(windows_BTW), random, dense)
        return packing.unpack(self._after(lstm(x, self.lstm, packing.counts), random, dense))

    def start(self, clips: int) -> States:
        c = self.config
        if c.bidirectional:
            return {}
        zeros = self.feature_mean.new_zeros(c.lstm_layers, clips, c.hidden)
        return {"state_h": zeros, "state_c": zeros}

    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        state = (states["state_h"], states["state_c"]) if states else None
        logits_BTV, (h, c) = self._logits(self._windows(self.normalize(chunk_BTF)), state)
        return logits_BTV, {"state_h": h, "state_c": c} if states else {}

    def layer_of(self, name: str) -> str:
        """The norm of a layer belongs to it: norms.2.weight → layer_2. Accepts both names of the recurrent layer."""
        first, _, rest = name.partition(".")
        layer = f"layer_{rest.partition('.')[0]}" if first == "norms" else super().layer_of(name)
        return self.config.layer_named(layer)

    def _windows(self, frames_BTF: Tensor) -> Tensor:
        """Spliced frames [B, T, W] at every `stride`-th frame, oldest first."""
        windows_BTFC = frames_BTF.unfold(1, 2 * self.config.context_frames + 1, self.config.stride)
        return windows_BTFC.transpose(2, 3).flatten(2)

    def _logits(
        self,
        windows_BTW: Tensor,
        state: State | None = None,
        random: torch.Generator | None = None,
        lengths_B: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Logits [B, T, V] and the recurrent layer's state after the last frame."""
        x = self._before(windows_BTW, random)
        if self.config.recurrent == "relu":
            x, last = self.layer_4(x, lengths_B, None if state is None else state[0])
            state = (last, last)  # these units have no cell state
        else:
            x, state = self.lstm(x, state)
        return self._after(x, random), state

    def _before(self, x: Tensor, random: torch.Generator | None, dense: Dense = _plain) -> Tensor:
        """Input of the recurrent layer from windows [..., W]."""
        c = self.config
        x = self._dropped(self._dense("1", self.layer_1, x, dense), c.dropout_1, random)
        x = self._dropped(self._dense("2", self.layer_2, x, dense), c.dropout_2, random)
        return self._dropped(self._dense("3", self.layer_3, x, dense), c.dropout_3, random)

    def _after(self, x: Tensor, random: torch.Generator | None, dense: Dense = _plain) -> Tensor:
        """Logits [..., V] from outputs of the recurrent layer."""
        x = self._dropped(x, self.config.dropout_lstm, random)
        x = self._dropped(self._dense("5", self.layer_5, x, dense), self.config.dropout_5, random)
        logits: Tensor = self.layer_6(x)
        return logits

    def _dense(self, name: str, layer: nn.Linear, x: Tensor, dense: Dense = _plain) -> Tensor:
        x = dense(x, layer, self.config.relu_clip)
        return self.norms[name](x) if self.config.layer_norm else x

    def _dropped(self, x: Tensor, rate: float, random: torch.Generator | None) -> Tensor:
        return dropped(x, rate if self.training else 0.0, random)
