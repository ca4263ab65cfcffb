"""Samples in memory, as programs hold them → mono float32 [N] from -1 to 1.

In: NumPy arrays, what gives one (tensors of torch, JAX, TensorFlow; `array.array`), lists of numbers, and raw 16-bit
little-endian bytes, as PyAudio and wave read them. What they mean must be certain: integers are 16-bit samples, floats
lie between -1 and 1. Everything else is an AudioError of one line.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.pcm import Float32, int16_to_float
from deepspeech.errors import AudioError

LOUDEST = 8.0  # larger floats are not scaled to -1…1; decoders and resamplers overshoot 1 by far less
_SHOWN = 120


class ArrayLike(Protocol):
    """What NumPy can read as an array, such as a tensor."""

    def __array__(self) -> NDArray[Any]: ...


Array: TypeAlias = NDArray[np.int16] | NDArray[np.float32]
Samples: TypeAlias = Array | ArrayLike | Sequence[float] | bytes | bytearray | memoryview


def as_float(audio: Samples) -> Float32:
    """Mono samples [N] (also [1, N] and [N, 1]) as float32 from -1 to 1. Raises AudioError."""
    samples = _array(audio)
    if samples.ndim == 2 and 1 in samples.shape:
        samples = samples.reshape(-1)
    if samples.ndim != 1:
        raise AudioError(f"samples have shape {samples.shape}; pass one channel, a 1-D array")
    if samples.dtype.kind == "i" and samples.dtype.itemsize == 2:  # of either byte order
        return int16_to_float(samples)
    if samples.dtype.kind != "f":
        raise AudioError(f"samples are {samples.dtype}; pass int16, or floats from -1 to 1")
    highest = float(np.abs(samples).max(initial=0.0))
    if not np.isfinite(highest):
        raise AudioError("samples hold values that are not finite")
    if highest > LOUDEST:
        raise AudioError(
            f"samples reach {highest:g}, but floats must lie between -1 and 1; divide 16-bit values by 32768, or pass "
            "them as int16"
        )
    return samples.astype(np.float32, copy=False)


def _array(audio: Any) -> NDArray[Any]:
    if isinstance(audio, np.ndarray):
        return audio
    if isinstance(audio, bytes | bytearray) or (isinstance(audio, memoryview) and audio.itemsize == 1):
        return _from_bytes(bytes(audio))
    if isinstance(audio, tuple) and len(audio) == 2 and not np.isscalar(audio[0]):
        raise AudioError("samples and rate came as a pair; pass them apart: transcribe(samples, rate_hz=rate)")
    for ready in ("detach", "cpu"):  # a tensor of torch that records gradients, or lies on a GPU
        audio = getattr(audio, ready, lambda audio=audio: audio)()
    try:
        samples: NDArray[Any] = np.asarray(audio)
    except Exception as error:  # of the object's own __array__, or rows of different lengths
        reason = " ".join(str(error).split())[:_SHOWN]
        raise AudioError(f"a {type(audio).__name__} cannot be read as samples ({reason}); pass a 1-D array") from None
    if samples.dtype.kind not in "iufb" or (samples.ndim == 0 and not hasattr(audio, "__array__")):
        raise AudioError(
            f"a {type(audio).__name__} holds no samples; pass a 1-D array of int16, or of floats from -1 to 1"
        )
    if isinstance(audio, list | tuple) and samples.dtype.kind == "i" and _is_16_bit(samples):
        return samples.astype(np.int16)
    return samples


def _from_bytes(data: bytes) -> NDArray[np.int16]:
    if len(data) % 2:
        raise AudioError(f"{len(data)} bytes of sound, but 16-bit samples take two each; pass an even number")
    return np.frombuffer(data, "<i2")


def _is_16_bit(samples: NDArray[Any]) -> bool:
    return bool(samples.min(initial=0) >= -(1 << 15) and samples.max(initial=0) < 1 << 15)
