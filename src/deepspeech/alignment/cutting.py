"""Cut planned clips out of their recording, in one pass, whatever its length.

In: clips of `clips.py` in order. Out: their samples at the network's rate. A clip begins and ends at the quietest
20 ms of the silence around it, at most the padding away from its words.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech.alignment.clips import Clip
from deepspeech.audio.blocks import Blocks
from deepspeech.audio.sound import Source

Float32 = NDArray[np.float32]

_HOP_S = 0.02


def cut(source: Source, clips: Sequence[Clip], rate_hz: int, channel: int | None) -> Iterator[tuple[Clip, Float32]]:
    """Each clip with its mono samples [N] at `rate_hz`. Raises AudioError."""
    coming = iter(Blocks(source, rate_hz, channel, cut_ok=True))
    held, first, ended = np.zeros(0, np.float32), 0, False
    for clip in clips:
        start, end = (round(at_s * rate_hz) for at_s in (clip.start_s - clip.before_s, clip.end_s + clip.after_s))
        parts = [held]
        while not ended and first + sum(map(len, parts)) < end:
            block = next(coming, None)
            ended = block is None
            if block is not None:
                parts.append(block)
        held = np.concatenate(parts)[max(0, start - first) :]
        first = max(first, start)
        samples = held[: max(0, end - first)]
        yield clip, _trimmed(samples, clip, rate_hz)


def _trimmed(samples: Float32, clip: Clip, rate_hz: int) -> Float32:
    """Samples between the quietest places of the silence at either end."""
    hop = max(1, round(_HOP_S * rate_hz))
    before, after = (round(length_s * rate_hz) for length_s in (clip.before_s, clip.after_s))
    start = _quietest(samples[:before], hop)
    end = len(samples) - _quietest(samples[len(samples) - after :][::-1], hop) if after else len(samples)
    return samples[start:end]


def _quietest(samples: Float32, hop: int) -> int:
    """Where the quietest hop of silence begins; the first of equals, so that most of it is kept."""
    count = len(samples) // hop
    if not count:
        return 0
    levels = (samples[: count * hop].reshape(count, hop).astype(np.float64) ** 2).sum(axis=1)
    return int(levels.argmin()) * hop
