"""Emission: per-frame class probabilities of a clip. Shapes: T frames, V classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepspeech.errors import ModelFileError

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Emission:
    """Class probabilities of each frame; the CTC blank is the last class."""

    probabilities_TV: Float32
    frame_s: float  # seconds from one frame to the next


def checked(probabilities_TV: ArrayLike, classes: int) -> Float32:
    """The array as float32 [T, classes]. Raises ModelFileError for any other output of a network."""
    try:
        array = np.ascontiguousarray(probabilities_TV, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"the network's output is not an array of numbers ({error})") from None
    if np.ndim(probabilities_TV) != 2:
        dimensions = np.ndim(probabilities_TV)
        raise ModelFileError(f"the network's output has {dimensions} dimensions; it must have two, frames and classes")
    if array.shape[1] != classes:
        raise ModelFileError(
            f"the network outputs {array.shape[1]} classes, the alphabet needs {classes} (labels and blank); "
            "use the alphabet that the network was trained with"
        )
    if not (np.all(array >= 0) and np.all(array <= 1.001)):  # NaN fails both
        frame, label = np.argwhere(~((array >= 0) & (array <= 1.001)))[0]
        raise ModelFileError(
            f"the network's output for frame {frame}, class {label} is {array[frame, label]:g}; "
            "probabilities are between 0 and 1"
        )
    return array
