"""Typed face of the C++ extension (`native/src/bind*.cc`)."""

import numpy as np
from numpy.typing import NDArray

class FrameKernel:
    def __init__(
        self,
        sample_rate_hz: int,
        window_samples: int,
        step_samples: int,
        mel_bands: int,
        coefficients: int,
        low_hz: float,
        high_hz: float,
    ) -> None: ...
    @property
    def bins(self) -> int: ...
    def power(self, samples: NDArray[np.float32]) -> NDArray[np.float32]: ...
    def mfcc(self, power: NDArray[np.float32]) -> NDArray[np.float32]: ...

class NgramModel:
    def __init__(self, path: str) -> None: ...
    @property
    def order(self) -> int: ...
    def score(self, words: list[str], begin: bool, end: bool) -> list[tuple[float, int, bool]]: ...

class Scorer:
    def __init__(self, path: str) -> None: ...
    @property
    def order(self) -> int: ...
    @property
    def bytes_mode(self) -> bool: ...
    @property
    def alpha(self) -> float: ...
    @property
    def beta(self) -> float: ...

class Language:
    def __init__(
        self,
        scorer: Scorer,
        labels: list[str],
        space: int | None,
        alpha: float,
        beta: float,
        hot_words: dict[str, float],
    ) -> None: ...

class BeamSearch:
    def __init__(
        self,
        classes: int,
        beam_width: int,
        cutoff_prob: float,
        cutoff_top_n: int,
        language: Language | None = None,
    ) -> None: ...
    def feed(self, probabilities: NDArray[np.float32]) -> None: ...
    def best(self, count: int) -> list[tuple[list[int], list[int], float]]: ...
    def settle(self, labels: list[int]) -> None: ...
    def settled(self) -> list[int]: ...
    @property
    def frames(self) -> int: ...
    @property
    def entries(self) -> int: ...

def word_probabilities(
    probabilities: NDArray[np.float32], labels: list[int], frames: list[int], space: int | None, margin: int
) -> list[float]: ...
