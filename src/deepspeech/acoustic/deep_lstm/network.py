"""Deep LSTM after convolutional subsampling, for CTC: x ← LayerNorm(x + dropout(LSTM(x))) in each block.

Shapes: B clips, T frames of features, O of output, N frames of all clips, D width, V classes.
"""

from functools import partial

import torch
from torch import Tensor, nn

from deepspeech.acoustic.contract import States
from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.dropout import Dropout, dropped
from deepspeech.acoustic.lstm import Packing, lstm
from deepspeech.acoustic.subsampling.blocks import SubsampledNetwork
from deepspeech.acoustic.subsampling.network import filled


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, batch_first=True)
        self.norm = nn.LayerNorm(width)
        for name, value in self.lstm.named_parameters():
            if "weight_hh" in name:
                for gate in torch.split(value, width):
                    nn.init.orthogonal_(gate)
            elif "weight" in name:
                nn.init.xavier_uniform_(value)
            else:
                nn.init.zeros_(value)
            if "bias_ih" in name:  # the forget gate, second of i, f, g, o, starts open
                value.data[width : 2 * width] = 1.0

    def forward(self, x: Tensor, dropout: Dropout, packing: Packing | None = None) -> Tensor:
        """Whole clips [B, O, D], or packed frames [N, D] on a CPU."""
        outputs = self.lstm(x)[0] if packing is None else lstm(x, self.lstm, packing.counts)
        return self._after(x, dropout(outputs))

    def step(self, x_BOD: Tensor, h_BD: Tensor, c_BD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs, (h, c) = self.lstm(x_BOD, (h_BD[None], c_BD[None]))
        return self._after(x_BOD, outputs), h[0], c[0]

    def _after(self, x: Tensor, outputs: Tensor) -> Tensor:
        out: Tensor = self.norm(x + outputs)
        return out


class DeepLstm(SubsampledNetwork):
    config: DeepLstmConfig

    def new_block(self) -> Block:
        return Block(self.config.width)

    def logits(
        self,
        features_BTF: Tensor,
        lengths_B: Tensor | None,
        random: torch.Generator | None,
        intermediate: tuple[str, ...],
    ) -> list[Tensor]:
        """On a CPU padding is skipped; its logits are 0."""
        c = self.config
        dropout = partial(dropped, rate=c.dropout if self.training else 0.0, random=random)
        x, packing = self.subsampling(self.normalize(filled(features_BTF))), None
        if lengths_B is not None and x.device.type == "cpu":
            packing = Packing.of(c.outputs(lengths_B), x.shape[1])
            x = packing.pack(x)
        x, others = dropout(x), list[Tensor]()
        for name in c.layers[1:-1]:
            x = self.get_submodule(name)(x, dropout, packing)
            if name in intermediate:
                others.append(self.output(x))
        logits = [self.output(x), *others]
        return logits if packing is None else [packing.unpack(one) for one in logits]

    def start(self, clips: int) -> States:
        zeros = self.output.weight.new_zeros(self.config.blocks, clips, self.config.width)
        return {**self.subsampling.start(clips), "state_h": zeros, "state_c": zeros}

    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        x, after = self.subsampling.step(self.normalize(chunk_BTF), states)
        hidden, cells = list[Tensor](), list[Tensor]()
        for name, h_BD, c_BD in zip(self.config.layers[1:-1], states["state_h"], states["state_c"], strict=True):
            block = self.get_submodule(name)
            assert isinstance(block, Block)
            x, h, c = block.step(x, h_BD, c_BD)
            hidden.append(h)
            cells.append(c)
        return self.output(x), {**after, "state_h": torch.stack(hidden), "state_c": torch.stack(cells)}
