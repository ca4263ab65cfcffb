"""Samples as 16-bit integers and as float32 between -1 and 1, one channel."""

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepspeech.errors import AudioError

Float32 = NDArray[np.float32]
Int16 = NDArray[np.int16]

FULL_SCALE = 32768.0
_LOUDEST = 100.0  # 40 dB above full scale: no mixer goes there, and 16-bit samples below it are inaudible
_CANCELLED = 0.3
_WINDOW_FRAMES = 1 << 14
_LOST = 0.05  # of the sound's energy: the maximum in windows that cancel


def int16_to_float(samples: Int16) -> Float32:
    """16-bit samples as float32, -1 to just below 1; exact: `float_to_int16` gives the same integers back."""
    result: Float32 = np.multiply(samples, np.float32(1 / FULL_SCALE), dtype=np.float32)
    return result


def float_to_int16(samples: ArrayLike) -> Int16:
    """Float samples as 16-bit integers: rounded to the nearest, louder ones limited to the range."""
    scaled = np.atleast_1d(np.asarray(samples, np.float32) * np.float32(FULL_SCALE))
    np.rint(scaled, out=scaled)
    np.maximum(scaled, -FULL_SCALE, out=scaled)  # both together begin sooner than np.clip
    np.minimum(scaled, FULL_SCALE - 1, out=scaled)
    return scaled.astype(np.int16)


def to_mono(samples: Float32) -> Float32:
    """Samples [frames] or [frames, channels] as [frames]: the mean of the channels.

    Where channels cancel each other out, as when one side of a stereo recording is inverted, the loudest channel is
    used for the whole recording.
    """
    if samples.ndim == 1:
        return samples
    if samples.shape[1] == 1:
        return samples[:, 0]
    mean: Float32 = samples.mean(axis=1, dtype=np.float32)
    channels = [np.ascontiguousarray(column) for column in samples.T]
    powers = np.array([_powers(channel) for channel in channels])
    # Power of the sum over sum of powers: 1 for channels with nothing in common, their number for equal ones.
    summed, total = _powers(mean) * len(channels) ** 2, powers.sum(axis=0)
    lost = total[summed < _CANCELLED * total].sum()
    if summed.sum() >= _CANCELLED * total.sum() and lost <= _LOST * total.sum():
        return mean
    return channels[int(np.argmax(powers.sum(axis=1)))]


def _powers(channel: Float32) -> NDArray[np.float64]:
    """The energy of each window."""
    windows = (channel[first : first + _WINDOW_FRAMES] for first in range(0, len(channel), _WINDOW_FRAMES))
    return np.array([float(np.dot(window, window)) for window in windows])


def is_off_scale(samples: Float32) -> bool:
    """Whether samples go so far beyond full scale that no recording does; NaN does, too."""
    if np.vdot(samples, samples) <= _LOUDEST**2:  # the energy of most clips is no more than such a sample's
        return False
    return not (samples.max(initial=0.0) <= _LOUDEST and samples.min(initial=0.0) >= -_LOUDEST)


def check_scale(samples: Float32, name: str) -> None:
    """Raise AudioError where floats go so far beyond full scale that they must be integers of 16 bits or more."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > _LOUDEST:
        raise AudioError(
            f"{name}: holds floats up to {peak:.0f}, but full scale is 1: these are integer values; "
            f"divide them by {FULL_SCALE:.0f}, or save integers"
        )


def read_pcm(file: IO[bytes], chunk_samples: int) -> Iterator[Int16]:
    """Raw 16-bit little-endian mono samples of an open pipe or file, in chunks of at most `chunk_samples` as they come.

    An incomplete sample at the end is dropped.
    """
    read = getattr(file, "read1", file.read)  # read1: what is there now, without waiting for more
    rest = b""
    while data := read(2 * chunk_samples - len(rest)):
        data = rest + data
        whole = len(data) // 2 * 2
        rest = data[whole:]
        if whole:
            yield np.frombuffer(data[:whole], "<i2").astype(np.int16, copy=False)
