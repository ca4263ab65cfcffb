"""Streaming loudness and noise floor of a recording, at 100 Hz.

Loudness is taken from the differences of neighboring samples, which weakens hum and handling noise. The noise floor
follows the recording: a low percentile of the loudness within ten seconds on either side (after R. Martin's minimum
statistics, 2001). Where speech is no louder than the noise, it has no meaning and is set far below.
"""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

HOPS_PER_S = 100
HOPS_A_WINDOW = 3
NEIGHBOURHOOD_S = 10
_QUIETEST_DB = -80.0  # of the differences; below the noise of any microphone, above digital silence
_LAG_OF_HZ = 16000  # differences are taken over one sample of this rate, so that other rates weigh tones alike
_CHUNK_HOPS = 6000
_LOUD_DB = -60.0  # a floor above this is noise that speech may drown in
# How far the loudest seconds rise above the floor. Less than steady: noise that never changes. More than clear: speech
# that stands out; where most seconds are steady, less is enough for that.
_STEADY_DB, _CLEAR_DB, _CLEAR_OF_STEADY_DB = 1.7, 16.0, 9.0
_NO_FLOOR_DB = -200.0


class LoudnessStream:
    """Mean square of sample differences over 30 ms, in dB of full scale, each 10 ms."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz, self._lag = rate_hz, max(1, round(rate_hz / _LAG_OF_HZ))
        self._samples = np.zeros(0, np.float32)
        self._first = 0  # index of the first of these
        self._hops = 0  # number of hops with known energy
        self._energy = np.zeros(1)  # energy of the hop before the next output; zero before the first
        self._reported = 0

    @property
    def samples(self) -> int:
        """Number of samples fed."""
        return self._first + len(self._samples)

    def feed(self, samples: Float32) -> Float32:
        """The loudness of the hops that `samples` [N] complete."""
        self._samples = np.concatenate([self._samples, samples.astype(np.float32, copy=False)])
        # Boundaries of hops are rounded, so that rates that are not multiples of 100 do not drift.
        count = int(self.samples * HOPS_PER_S / self._rate_hz)
        found = [self._energy]
        while self._hops < count:
            found.append(self._energies(min(count, self._hops + _CHUNK_HOPS)))
        self._energy = np.concatenate(found)
        return self._smooth()

    def finish(self) -> Float32:
        """The loudness of the last hop; empty for fewer than three hops."""
        if self._hops < HOPS_A_WINDOW:
            return np.zeros(0, np.float32)
        self._energy = np.append(self._energy, 0.0)
        return self._smooth()

    def _energies(self, end: int) -> Float64:
        edges = np.arange(self._hops, end + 1) * self._rate_hz // HOPS_PER_S
        start = max(0, int(edges[0]) - self._lag)
        piece = self._samples[start - self._first : int(edges[-1]) - self._first]
        if not self._hops:
            piece = np.concatenate([np.full(self._lag, piece[0]), piece])
        change = piece[self._lag :] - piece[: -self._lag]
        self._hops = end
        keep = max(0, int(edges[-1]) - self._lag)
        self._samples, self._first = self._samples[keep - self._first :], keep
        return np.add.reduceat(change * change, edges[:-1] - edges[0]).astype(np.float64)

    def _smooth(self) -> Float32:
        """Loudness of each hop whose two neighbors are known."""
        energy = self._energy
        if len(energy) < HOPS_A_WINDOW:
            return np.zeros(0, np.float32)
        self._energy = energy[-2:]
        sums = energy[:-2] + energy[1:-1] + energy[2:]
        smooth = sums * HOPS_PER_S / (HOPS_A_WINDOW * self._rate_hz)
        quietest = 10.0 ** (_QUIETEST_DB / 10)
        result: Float32 = (10 * np.log10(np.maximum(smooth, quietest))).astype(np.float32)
        return result


class FloorStream:
    """The noise floor of each second, with a delay of ten seconds."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        # A few numbers per second: less than a megabyte per day.
        self._low: list[float] = []
        self._high: list[float] = []
        self._reported = 0

    def feed(self, loudness: Float32) -> Float32:
        """Floors [seconds] that became known."""
        self._rest = np.concatenate([self._rest, loudness])
        whole = len(self._rest) // HOPS_PER_S
        self._take(self._rest[: whole * HOPS_PER_S])
        self._rest = self._rest[whole * HOPS_PER_S :]
        return self._floors(len(self._low) - NEIGHBOURHOOD_S, last=False)

    def finish(self) -> Float32:
        """The remaining floors, including that of an incomplete last second."""
        if len(self._rest):
            self._take(np.pad(self._rest, (0, HOPS_PER_S - len(self._rest)), mode="edge"))
            self._rest = self._rest[:0]
        return self._floors(len(self._low), last=True)

    def _take(self, loudness: Float32) -> None:
        if len(loudness):
            seconds = loudness.reshape(-1, HOPS_PER_S)
            low, high = np.percentile(seconds, (10, 95), axis=1)
            self._low += low.tolist()
            self._high += high.tolist()

    def _floors(self, end: int, last: bool) -> Float32:
        # A beginning is mirrored only where there is enough to mirror, which the eleventh second shows.
        if end <= self._reported or (not last and len(self._low) <= NEIGHBOURHOOD_S):
            return np.zeros(0, np.float32)
        low, high = self._around(self._low, end), self._around(self._high, end)
        floor = np.percentile(low, 20, axis=1)
        most, rise = np.percentile(high, (50, 95), axis=1) - floor
        clear = np.where(most > _STEADY_DB, _CLEAR_DB, _CLEAR_OF_STEADY_DB)
        drowned = (floor > _LOUD_DB) & (rise > _STEADY_DB) & (rise < clear)
        self._reported = end
        return np.where(drowned, _NO_FLOOR_DB, floor).astype(np.float32)

    def _around(self, values: list[float], end: int) -> Float64:
        """The neighborhoods [seconds, 21] of the next seconds up to `end`."""
        count, reach = len(values), NEIGHBOURHOOD_S
        places = np.arange(self._reported, end)[:, None] + np.arange(-reach, reach + 1)
        if count > reach:  # the first and the last second are mirrors
            places = np.abs(places)
            places = np.where(places >= count, 2 * (count - 1) - places, places)
        first = max(0, self._reported - 2 * reach)
        near: Float64 = np.array(values[first:])
        around: Float64 = near[np.clip(places, 0, count - 1) - first]
        return around
