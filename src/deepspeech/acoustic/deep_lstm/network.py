"""Deep LSTM after convolutional subsampling, for CTC: x ← LayerNorm(x + dropout(LSTM(x))) in each block.

Before the first block each frame sees a few later ones (LookAhead), since an LSTM sees none.

Shapes: B clips, T frames of features, O of output, N frames of all clips, D width, V classes.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepspeech.acoustic.contract import States
from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.depthwise import depthwise
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


class LookAhead(nn.Module):
    """x ← LayerNorm(x + W·SiLU(conv(x))), with a depthwise convolution over as many frames before as after.

    A relative of the row convolution of Deep Speech 2 (Amodei et al. 2015).
    """

    def __init__(self, width: int, ahead: int) -> None:
        super().__init__()
        self.ahead = ahead
        self.depthwise = nn.Conv1d(width, width, 2 * ahead + 1, groups=width)
        self.output = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x_BSD: Tensor) -> Tensor:
        """Of the frames that have `ahead` frames on both sides: [B, S − 2 ahead, D]."""
        inner = self.output(functional.silu(depthwise(x_BSD, self.depthwise)))
        out: Tensor = self.norm(x_BSD[:, self.ahead : x_BSD.shape[1] - self.ahead] + inner)
        return out


class DeepLstm(SubsampledNetwork):
    config: DeepLstmConfig

    def __init__(self, config: DeepLstmConfig, dimensions: int, classes: int) -> None:
        super().__init__(config, dimensions, classes)
        if config.look_ahead:
            self.look_ahead = LookAhead(config.width, config.look_ahead)

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
        x, packing = self.subsampling(self.normalize(filled(features_BTF, c.look_ahead))), None
        if c.look_ahead:
            x = self.look_ahead(functional.pad(x, (0, 0, c.look_ahead, 0)))
        if lengths_B is not None and x.device.type == "cpu":
            packing = Packing.of(c.outputs(lengths_B), x.shape[1])
            x = packing.pack(x)
        x, others = dropout(x), list[Tensor]()
        for name in c.block_names:
            x = self.get_submodule(name)(x, dropout, packing)
            if name in intermediate:
                others.append(self.output(x))
        logits = [self.output(x), *others]
        return logits if packing is None else [packing.unpack(one) for one in logits]

    def start(self, clips: int) -> States:
        c, new_zeros = self.config, self.output.weight.new_zeros
        zeros = new_zeros(c.blocks, clips, c.width)
        seen = {"seen": new_zeros(clips, c.look_ahead, c.width)} if c.look_ahead else {}
        return {**self.subsampling.start(clips), **seen, "state_h": zeros, "state_c": zeros}

    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        """The last `look_ahead` frames of the front end are in the next chunk again."""
        ahead = self.config.look_ahead
        x, after = self.subsampling.step(self.normalize(chunk_BTF), states, ahead)
        if ahead:
            x = torch.cat([states["seen"], x], 1)
            after["seen"] = x[:, -2 * ahead : -ahead]
            x = self.look_ahead(x)
        hidden, cells = list[Tensor](), list[Tensor]()
        for name, h_BD, c_BD in zip(self.config.block_names, states["state_h"], states["state_c"], strict=True):
            block = self.get_submodule(name)
            assert isinstance(block, Block)
            x, h, c = block.step(x, h_BD, c_BD)
            hidden.append(h)
            cells.append(c)
        return self.output(x), {**after, "state_h": torch.stack(hidden), "state_c": torch.stack(cells)}
