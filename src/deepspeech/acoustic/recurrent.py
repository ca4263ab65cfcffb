"""The recurrent layer of Hannun et al. 2014 (section 2): clipped ReLU RNN, uni- or bidirectional.

    forwards    f_t = g(W·x_t + b + U_f·f_{t-1})        g(z) = min(max(z, 0), clip)
    backwards   b_t = g(W·x_t + b + U_b·b_{t+1})
    output      h_t = f_t + b_t

W and b are shared by both directions, as in the paper. Shapes: B clips, T frames, H hidden, D directions.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class _Unroll(torch.autograd.Function):
    """The recurrence over time, all directions at once: one product per frame, and one for the whole gradient of U.

    Autograd would accumulate a gradient of U [H, H] at every frame, which dominates the time.
    """

    @staticmethod
    def forward(ctx: Any, sums_TDBH: Tensor, recurrent_DHH: Tensor, start_DBH: Tensor, clip: float) -> Tensor:
        states = torch.empty_like(sums_TDBH)
        turned, state = recurrent_DHH.transpose(1, 2), start_DBH
        for before, after in zip(sums_TDBH, states, strict=True):
            torch.baddbmm(before, state, turned, out=after)
            state = after.clamp_(0.0, clip)
        ctx.save_for_backward(states, recurrent_DHH, start_DBH)
        ctx.clip = clip
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_TDBH: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        states, recurrent, start = ctx.saved_tensors
        # The gradient is zero where g is flat; the next frame adds its own.
        passes = ((states > 0) & (states < ctx.clip)).to(states.dtype)
        sums = gradient_TDBH * passes
        for frame in range(len(sums) - 1, 0, -1):
            sums[frame - 1] += torch.bmm(sums[frame], recurrent).mul_(passes[frame - 1])
        before = torch.cat([start[None], states[:-1]])
        flat = [x.transpose(0, 1).flatten(1, 2) for x in (sums, before)]  # [D, T·B, H]
        return sums, torch.bmm(flat[0].transpose(1, 2), flat[1]), torch.bmm(sums[0], recurrent), None


class ClippedRecurrence(nn.Module):
    """x_BTH → h_BTH, over whole clips or, if unidirectional, over consecutive chunks with a state."""

    def __init__(self, hidden: int, bidirectional: bool, clip: float) -> None:
        super().__init__()
        self.clip = clip
        self.input = nn.Linear(hidden, hidden)
        self.recurrent = nn.Parameter(torch.empty(2 if bidirectional else 1, hidden, hidden))  # U_f, then U_b
        nn.init.kaiming_uniform_(self.input.weight, nonlinearity="relu")
        nn.init.zeros_(self.input.bias)
        for matrix in self.recurrent:
            nn.init.orthogonal_(matrix)

    def forward(
        self, x_BTH: Tensor, lengths_B: Tensor | None = None, state_DBH: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Outputs [B, T, H] and the forward state [1, B, H] after the last frame.

        The backward direction begins at each clip's own end: `lengths_B` in frames (None: all are T long). The
        recurrence is computed in 32 bits even where matrix products elsewhere are of 16: errors add up along it.
        """
        sums_TBH = self.input(x_BTH).float().transpose(0, 1)
        directions = len(self.recurrent)
        if directions == 2:
            turns = turned_frames(sums_TBH.shape[0], sums_TBH.shape[1], lengths_B).to(sums_TBH.device)
            turns_TBH = turns[:, :, None].expand_as(sums_TBH)
            sums = torch.stack([sums_TBH, sums_TBH.gather(0, turns_TBH)], 1)
        else:
            sums = sums_TBH.unsqueeze(1)
        start = sums.new_zeros(directions, *sums.shape[2:]) if state_DBH is None else state_DBH
        with torch.autocast(sums.device.type, enabled=False):
            states: Tensor = _Unroll.apply(sums, self.recurrent, start, self.clip)  # type: ignore[no-untyped-call]
        h_TBH = states[:, 0]
        if directions == 2:
            h_TBH = h_TBH + states[:, 1].gather(0, turns_TBH)
        return h_TBH.transpose(0, 1), states[-1, :1]


def turned_frames(frames: int, clips: int, lengths_B: Tensor | None) -> Tensor:
    """Frame indices [T, B] that reverse each clip within its length.

    Padding stays at the end, so that it has no effect in either direction.
    """
    time = torch.arange(frames)[:, None]
    lengths = torch.full((clips,), frames) if lengths_B is None else lengths_B.cpu()
    return torch.where(time < lengths, lengths - 1 - time, time)
