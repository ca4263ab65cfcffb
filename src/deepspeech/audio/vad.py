"""Where a recording holds speech: long sound cut at its silences, by loudness alone.

In: mono samples. Out: stretches [(start_s, end_s)] in order, without overlap. What is left out is quiet; what is only
noisy is kept, for a recogniser passes over noise, but what it never hears is lost.

Loudness is taken 100 times a second from the differences of neighbouring samples, which weakens hum and handling noise.
The noise floor follows the recording: a low percentile of the loudness within ten seconds on either side (after
R. Martin's minimum statistics, 2001). Speech starts well above the floor and lasts until it is nearly back there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ConfigError

Float32 = NDArray[np.float32]
Flags = NDArray[np.bool_]
Runs = NDArray[np.int64]  # [n, 2]: first hop, and the hop after the last

_HOPS_PER_S = 100
_HOPS_A_WINDOW = 3
_NEIGHBOURHOOD_S = 10
_QUIETEST_DB = -80.0  # of the differences; no microphone is quieter than this, digital silence is
_LAG_OF_HZ = 16000  # differences are taken over one sample of this rate, so that other rates weigh tones alike
_CHUNK_HOPS = 60_000


@dataclass(frozen=True)
class SilenceRules:
    """What counts as speech, and where to cut."""

    start_db: float = 6.0  # speech begins so far above the noise floor
    stop_db: float = 3.0  # and lasts while it is so far above it
    min_speech_s: float = 0.1  # what is loud for less is a click
    min_silence_s: float = 0.5  # shorter pauses do not cut
    margin_s: float = 0.25  # kept on either side of speech: soft beginnings and ends
    max_segment_s: float = 30.0  # longer speech is cut at its quietest place

    def __post_init__(self) -> None:
        if not self.start_db >= self.stop_db > 0:
            raise ConfigError(f"start_db {self.start_db:g} must be at least stop_db {self.stop_db:g}, and that above 0")
        for name in ("min_speech_s", "min_silence_s", "margin_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name):g}; it must not be negative")
        if not self.max_segment_s >= 1:
            raise ConfigError(f"max_segment_s is {self.max_segment_s:g}; it must be at least 1 second")


def segments(samples: Float32, rate_hz: int, rules: SilenceRules | None = None) -> list[tuple[float, float]]:
    """Stretches of speech (start_s, end_s) in mono `samples` [N] at `rate_hz`, margins included.

    Silence, and noise that never rises, give none; sound shorter than 30 ms gives none.
    """
    rules = rules or SilenceRules()
    loudness = _loudness_db(samples, rate_hz)
    if not len(loudness):
        return []
    above = loudness - _floor_db(loudness)
    speech = _speech(above, rules)
    end_s = len(samples) / rate_hz
    pieces = [piece for run in _with_margins(speech, rules, len(loudness)) for piece in _cut(run, loudness, rules)]
    # The last hop may end a little before the samples do.
    return [(a / _HOPS_PER_S, end_s if b >= len(loudness) else b / _HOPS_PER_S) for a, b in pieces]


def _loudness_db(samples: Float32, rate_hz: int) -> Float32:
    """Mean square of sample differences over 30 ms, in dB of full scale, each 10 ms; [hops]."""
    # Boundaries of hops are rounded, so that rates that are no multiple of 100 do not drift.
    count = int(len(samples) * _HOPS_PER_S / rate_hz)
    lag = max(1, round(rate_hz / _LAG_OF_HZ))
    if count < _HOPS_A_WINDOW:
        return np.zeros(0, np.float32)
    energy = np.empty(count, np.float64)
    for first in range(0, count, _CHUNK_HOPS):  # in pieces: an hour would need a second copy of itself
        edges = np.arange(first, min(first + _CHUNK_HOPS, count) + 1) * rate_hz // _HOPS_PER_S
        piece = samples[max(0, edges[0] - lag) : edges[-1]].astype(np.float32, copy=False)
        if not first:
            piece = np.concatenate([np.full(lag, piece[0]), piece])
        change = piece[lag:] - piece[:-lag]
        energy[first : first + len(edges) - 1] = np.add.reduceat(change * change, edges[:-1] - edges[0])
    smooth = np.convolve(energy, np.ones(_HOPS_A_WINDOW), "same") * _HOPS_PER_S / (_HOPS_A_WINDOW * rate_hz)
    quietest = 10.0 ** (_QUIETEST_DB / 10)
    result: Float32 = (10 * np.log10(np.maximum(smooth, quietest))).astype(np.float32)
    return result


def _floor_db(loudness: Float32) -> Float32:
    """The noise floor at each hop."""
    seconds = -(-len(loudness) // _HOPS_PER_S)
    padded = np.pad(loudness, (0, seconds * _HOPS_PER_S - len(loudness)), mode="edge").reshape(seconds, _HOPS_PER_S)
    of_second = np.percentile(padded, 10, axis=1)
    around = np.pad(of_second, _NEIGHBOURHOOD_S, mode="reflect" if seconds > _NEIGHBOURHOOD_S else "edge")
    near = np.lib.stride_tricks.sliding_window_view(around, 2 * _NEIGHBOURHOOD_S + 1)
    floor: Float32 = np.repeat(np.percentile(near, 20, axis=1), _HOPS_PER_S)[: len(loudness)].astype(np.float32)
    return floor


def _runs(flags: Flags) -> Runs:
    """Stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return edges.reshape(-1, 2).astype(np.int64)


def _speech(above: Float32, rules: SilenceRules) -> Runs:
    """Runs above the lower threshold that reach the upper one, joined over short pauses, clicks left out."""
    runs = _runs(above > rules.stop_db)
    loud = np.concatenate([[0], np.cumsum(above > rules.start_db)])
    runs = runs[loud[runs[:, 1]] > loud[runs[:, 0]]]
    if not len(runs):
        return runs
    pause = runs[1:, 0] - runs[:-1, 1]
    new = np.concatenate([[True], pause >= max(1.0, rules.min_silence_s * _HOPS_PER_S)])
    firsts = np.flatnonzero(new)
    joined = np.stack([runs[firsts, 0], runs[np.append(firsts[1:], len(runs)) - 1, 1]], axis=1)
    active = np.add.reduceat(runs[:, 1] - runs[:, 0], firsts)
    return joined[active >= rules.min_speech_s * _HOPS_PER_S]


def _with_margins(speech: Runs, rules: SilenceRules, hops: int) -> list[tuple[int, int]]:
    """Speech with a margin on either side; where two would meet, each gets half of the pause."""
    margin = round(rules.margin_s * _HOPS_PER_S)
    padded = []
    for number, (start, end) in enumerate(speech.tolist()):
        before = (speech[number - 1, 1] + start + 1) // 2 if number else 0
        after = (end + speech[number + 1, 0] + 1) // 2 if number + 1 < len(speech) else hops
        padded.append((int(max(start - margin, before)), int(min(end + margin, after))))
    return padded


def _cut(run: tuple[int, int], loudness: Float32, rules: SilenceRules) -> list[tuple[int, int]]:
    """The run in pieces of at most the longest length, cut where a fifth of a second is quietest."""
    longest = int(rules.max_segment_s * _HOPS_PER_S)
    start, end = run
    pieces = []
    while end - start > longest:
        # In the second half: pieces stay long, and two halves of the rest are possible.
        part = loudness[start + longest // 2 : start + longest]
        quiet = np.convolve(part, np.full(_HOPS_PER_S // 5, 5 / _HOPS_PER_S), "valid")
        place = start + longest // 2 + int(quiet.argmin()) + _HOPS_PER_S // 10
        pieces.append((start, place))
        start = place
    return [*pieces, (start, end)]
