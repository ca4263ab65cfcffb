"""The weights of int8 model files, as the networks in C++ take them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def dense(arrays: Arrays, name: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """A quantized matrix [inputs, outputs], its scales [1 or outputs] and bias [outputs]."""
    return arrays[f"{name}.weight"], arrays[f"{name}.scale"].reshape(-1), arrays[f"{name}.bias"]


def lstm(arrays: Arrays, name: str) -> tuple[Any, Any]:
    """The same of the input, with the sum of both biases, and of the state, with zeros."""
    of_input, of_state = np.split(arrays[f"{name}.B"][0], 2)
    scales = [arrays[f"{name}.{key}.scale"].reshape(-1) for key in "WR"]
    bias = of_input + of_state
    return (arrays[f"{name}.W"][0], scales[0], bias), (arrays[f"{name}.R"][0], scales[1], np.zeros_like(bias))


def taps(arrays: Arrays, name: str) -> tuple[Any, Any]:
    """A convolution with one input channel per filter: its taps [taps, filters], and its bias."""
    weight = arrays[f"{name}.weight"]
    return np.ascontiguousarray(weight.reshape(len(weight), -1).T), arrays[f"{name}.bias"]


def parts(arrays: Arrays, name: str) -> tuple[Any, Any]:
    """Weight and bias as they are."""
    return arrays[f"{name}.weight"], arrays[f"{name}.bias"]


def subsampling(arrays: Arrays) -> tuple[Any, Any, tuple[Any, Any], tuple[Any, Any], tuple[Any, Any]]:
    """All of the convolutional subsampling but its linear layer."""
    return (
        arrays["feature_mean"], arrays["feature_scale"], taps(arrays, "subsampling.conv"),
        taps(arrays, "subsampling.depthwise"), parts(arrays, "subsampling.pointwise"),
    )  # fmt: skip
