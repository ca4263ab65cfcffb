"""Chunked causal Conformer for CTC: subsampling by four, Conformer blocks, linear head.

Frames attend to their own chunk and to `left_frames` before it; everything else is causal. Whole clips use an
attention mask and have the same logits as a stream.

Shapes: B clips, T feature frames, O output frames, F feature dimensions, D width, L left context frames, V classes.
"""

from functools import partial

import torch
from torch import Tensor

from deepspeech.acoustic.conformer.blocks import Block, Cache, Context, rotation_of
from deepspeech.acoustic.conformer.config import ConformerConfig
from deepspeech.acoustic.contract import States
from deepspeech.acoustic.dropout import dropped
from deepspeech.acoustic.subsampling.blocks import SubsampledNetwork
from deepspeech.acoustic.subsampling.config import STRIDE
from deepspeech.acoustic.subsampling.network import filled

LONGEST = 1500  # output frames (one minute); in evaluation mode longer clips are processed in chunks


def attention_mask(
    frames: int, chunk: int, left: int, lengths_B: Tensor | None = None, device: torch.device | None = None
) -> Tensor:
    """[B or 1, 1, frames, frames]: 0 where frame i attends to frame j, -inf elsewhere.

    Condition: ⌊i/C⌋·C − left ≤ j < ⌊i/C⌋·C + C with chunk size C (0: all frames), and j within the clip. Padding frames
    attend to themselves too, because softmax needs one key.
    """
    place = torch.arange(frames, device=device)
    first = place // (chunk or max(frames, 1)) * chunk
    end = first + (chunk or frames)
    seen = ((place >= first[:, None] - left) & (place < end[:, None]))[None]
    if lengths_B is not None:
        own = place < lengths_B.to(place.device)[:, None, None]
        seen = seen & (own | (place == place[:, None]))
    return torch.zeros(seen.shape, device=device).masked_fill_(~seen, float("-inf"))[:, None]


class Conformer(SubsampledNetwork):
    """`chunk_frames` is the chunk size of whole clips in evaluation mode; it may be set (0: unlimited).

    Steps take a chunk of any length.
    """

    config: ConformerConfig

    def __init__(self, config: ConformerConfig, dimensions: int, classes: int) -> None:
        super().__init__(config, dimensions, classes)
        self.chunk_frames = config.chunk_frames

    def new_block(self) -> Block:
        return Block(self.config)

    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        """Long clips are processed in chunks in evaluation mode: the mask is quadratic in the length of a clip."""
        if not self.training and self.chunk_frames and features_BTF.shape[1] > STRIDE * LONGEST:
            return self._in_chunks(features_BTF, lengths_B)
        return super().whole(features_BTF, lengths_B, random)

    def _in_chunks(self, features_BTF: Tensor, lengths_B: Tensor | None) -> Tensor:
        outputs, states, pieces = 0, self.start(len(features_BTF)), list[Tensor]()
        for chunk_BTF in torch.split(filled(features_BTF), STRIDE * self.chunk_frames, 1):
            left_B = None if lengths_B is None else self.config.outputs(lengths_B) - outputs
            logits_BOV, states = self._step(chunk_BTF, states, left_B)
            outputs += logits_BOV.shape[1]
            pieces.append(logits_BOV)
        return torch.cat(pieces, 1)

    def logits(
        self,
        features_BTF: Tensor,
        lengths_B: Tensor | None,
        random: torch.Generator | None,
        intermediate: tuple[str, ...],
    ) -> list[Tensor]:
        c = self.config
        chunk = self._drawn_chunk(random) if self.training else self.chunk_frames
        dropout = partial(dropped, rate=c.dropout if self.training else 0.0, random=random)
        x = dropout(self.subsampling(self.normalize(filled(features_BTF))))
        ends_B = None if lengths_B is None else c.outputs(lengths_B)
        mask = attention_mask(x.shape[1], chunk, c.left_frames, ends_B, x.device)
        context = Context(mask, rotation_of(x.shape[1], c.width, c.heads, x.device), dropout)
        others = []
        for name in c.block_names:
            x, _ = self.get_submodule(name)(x, context)
            if name in intermediate:
                others.append(self.output(x))
        return [self.output(x), *others]

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # a number that Python needs cannot be compiled
    def _drawn_chunk(self, random: torch.Generator | None) -> int:
        """Draw a chunk size for this batch."""
        device = torch.device("cpu") if random is None else random.device
        weights = torch.tensor(self.config.train_chunk_weights, device=device)
        return self.config.train_chunks[int(torch.multinomial(weights, 1, generator=random))]

    def start(self, clips: int) -> States:
        c, zeros = self.config, self.output.weight.new_zeros
        cached = (c.blocks, clips, c.left_frames, c.width)
        return {
            "seen": zeros(clips),  # valid frames in the caches of keys and values
            **self.subsampling.start(clips),
            "keys": zeros(cached),
            "values": zeros(cached),
            "convolution": zeros(c.blocks, clips, c.kernel - 1, c.width),
        }

    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        return self._step(chunk_BTF, states, None)

    def _step(self, chunk_BTF: Tensor, states: States, left_B: Tensor | None) -> tuple[Tensor, States]:
        """`left_B`: remaining output frames of each clip (None: at least a chunk)."""
        c = self.config
        x, after = self.subsampling.step(self.normalize(chunk_BTF), states)
        frames, seen_B = x.shape[1], states["seen"]
        place = torch.arange(c.left_frames + frames, device=x.device)
        hidden = place < c.left_frames - seen_B[:, None]
        if left_B is not None:  # softmax needs one key, even after the end of a clip
            hidden = hidden | (place >= c.left_frames + left_B.to(x.device).clamp(min=1)[:, None])
        mask = torch.zeros(hidden.shape, device=x.device).masked_fill_(hidden, float("-inf"))[:, None, None]
        rotation = rotation_of(c.left_frames + frames, c.width, c.heads, x.device)
        context, caches = Context(mask, rotation, lambda x: x), list[Cache]()
        for name, *cached in zip(c.block_names, states["keys"], states["values"], states["convolution"], strict=True):
            x, cache = self.get_submodule(name)(x, context, Cache(*cached))
            caches.append(cache)
        return self.output(x), {
            "seen": (seen_B + frames).clamp(max=c.left_frames),
            **after,
            "keys": torch.stack([cache.keys for cache in caches]),
            "values": torch.stack([cache.values for cache in caches]),
            "convolution": torch.stack([cache.convolution for cache in caches]),
        }
