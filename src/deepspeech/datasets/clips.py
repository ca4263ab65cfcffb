"""ClipCache: decoded clips in memory, up to a limit."""

import threading

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.formats import read_16_bit
from deepspeech.audio.pcm import int16_to_float
from deepspeech.audio.source import read_ahead
from deepspeech.datasets.sample import Sample

Float32 = NDArray[np.float32]


class ClipCache:
    """Decoded clips, kept as 16-bit samples until `limit_mb` is full. Threads may share it."""

    def __init__(self, limit_mb: int) -> None:
        self._left = limit_mb * 1_000_000
        self._clips: dict[str, NDArray[np.int16]] = {}
        self._lock = threading.Lock()

    def expect(self, sample: Sample) -> None:
        """Start reading the file of an uncached clip in the background."""
        if sample.id not in self._clips:
            read_ahead(sample.audio)

    def read(self, sample: Sample, rate_hz: int) -> Float32:
        """Mono samples of a clip at `rate_hz`. Raises AudioError."""
        kept = self._clips.get(sample.id)
        if kept is not None:
            return int16_to_float(kept)
        clip = read_16_bit(sample.audio, rate_hz)
        with self._lock:
            if sample.id not in self._clips and clip.nbytes <= self._left:  # another thread may have been quicker
                self._left -= clip.nbytes
                self._clips[sample.id] = clip
        return int16_to_float(clip)
