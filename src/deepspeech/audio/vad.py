"""Where a recording holds speech: long sound cut at its silences, by loudness alone.

In: mono samples. Out: stretches [(start_s, end_s)] in order, without overlap. What is left out is quiet; what is only
noisy is kept, for a recogniser passes over noise, but what it never hears is lost.

Speech starts well above the noise floor and lasts until it is nearly back there (`loudness.py`). In noise that is as
loud as the speech nothing is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.loudness import HOPS_PER_S, FloorStream, LoudnessStream
from deepspeech.errors import ConfigError

Float32 = NDArray[np.float32]

_LATE_S = 30  # what is a little above the floor for so long, but never well above it, is no beginning of speech


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
    stream = SpeechStream(rate_hz, rules)
    return [*stream.feed(samples), *stream.finish()]


@dataclass
class _Run:
    """Hops of speech, joined over short pauses."""

    start: int
    end: int
    active: int  # hops above the lower threshold


class SpeechStream:
    """The stretches of `segments`, of sound that is fed in pieces of any size. Memory does not grow with time."""

    def __init__(self, rate_hz: int, rules: SilenceRules | None = None) -> None:
        self._rate_hz, self._rules = rate_hz, rules or SilenceRules()
        self._pause = max(1.0, self._rules.min_silence_s * HOPS_PER_S)
        self._margin = round(self._rules.margin_s * HOPS_PER_S)
        self._least = self._rules.min_speech_s * HOPS_PER_S
        self._longest = int(self._rules.max_segment_s * HOPS_PER_S)
        self._levels, self._floor = LoudnessStream(rate_hz), FloorStream()
        self._loudness, self._first = np.zeros(0, np.float32), 0  # from which hop on it is kept
        self._hops = 0  # that were looked at
        self._open: tuple[int, bool] | None = None  # where what is above the lower threshold began; is it in a run?
        self._run: _Run | None = None  # which may go on
        self._held: _Run | None = None  # which is over, but for its margin
        self._before = -1  # where the speech before this one ended
        self._at: int | None = None  # where the next stretch of a run starts that has given some

    @property
    def needed_s(self) -> float:
        """No stretch to come starts before this."""
        starts = [run.start for run in (self._held, self._run) if run]
        starts += [self._open[0]] if self._open else []
        start = self._at if self._at is not None else max(0, min([self._hops, *starts]) - self._margin)
        return start / HOPS_PER_S

    def feed(self, samples: Float32) -> list[tuple[float, float]]:
        """Stretches (start_s, end_s) that are certain now, in order."""
        loudness = self._levels.feed(samples)
        self._loudness = np.concatenate([self._loudness, loudness])
        return self._look(self._floor.feed(loudness), last=False)

    def finish(self) -> list[tuple[float, float]]:
        """The stretches still to come."""
        loudness = self._levels.finish()
        self._loudness = np.concatenate([self._loudness, loudness])
        floors = np.concatenate([self._floor.feed(loudness), self._floor.finish()])
        return self._look(floors, last=True)

    def _look(self, floors: Float32, last: bool) -> list[tuple[float, float]]:
        found: list[tuple[int, int]] = []
        floor = np.repeat(floors, HOPS_PER_S)
        known = self._loudness[self._hops - self._first :][: len(floor)]
        above = known - floor[: len(known)]
        for start, end, loud in self._above(above):
            found += self._take(start, end, loud)
        self._hops += len(above)
        found += self._decide(last)
        keep = max(self._first, round(self.needed_s * HOPS_PER_S))
        self._loudness, self._first = self._loudness[keep - self._first :], keep
        end_s = self._levels.samples / self._rate_hz
        # The last hop may end a little before the samples do.
        return [(a / HOPS_PER_S, end_s if last and b >= self._hops else b / HOPS_PER_S) for a, b in found]

    def _above(self, above: Float32) -> Iterator[tuple[int, int, bool]]:
        """Stretches above the lower threshold in these hops, and whether they reach the upper one."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], above > self._rules.stop_db, [False]])))
        loud = np.concatenate([[0], np.cumsum(above > self._rules.start_db)])
        if len(above) and not above[0] > self._rules.stop_db:
            self._open = None
        for start, end in edges.reshape(-1, 2).tolist():
            yield self._hops + start, self._hops + end, bool(loud[end] > loud[start])
            if end < len(above):
                self._open = None

    def _take(self, start: int, end: int, loud: bool) -> list[tuple[int, int]]:
        """A stretch above the lower threshold, or more of the open one."""
        begun, inside = self._open or (start, False)
        if inside and self._run:
            self._run.active += end - start
            self._run.end = end
            self._open = begun, True
            return self._cut()
        if not loud:
            late = end - _LATE_S * HOPS_PER_S - self._longest
            self._open = max(begun, late), False
            return []
        self._open = begun, True
        if self._run and begun - self._run.end < self._pause:
            self._run.active += end - begun
            self._run.end = end
            return self._cut()
        found = self._over()
        self._run = _Run(begun, end, end - begun)
        return [*found, *self._cut()]

    def _decide(self, last: bool) -> list[tuple[int, int]]:
        """What is certain after the hops that were looked at."""
        found: list[tuple[int, int]] = []
        begun = self._open[0] if self._open else self._hops
        if self._run and (last or begun - self._run.end >= self._pause):
            found += self._over()
        coming = self._run.start if self._run else begun
        if self._held and (last or coming >= self._held.end + 2 * self._margin):
            found += self._end(min(self._held.end + self._margin, self._hops if last else coming))
        return found

    def _over(self) -> list[tuple[int, int]]:
        """The run is over; what was held before it gets its margin, if there is a next one."""
        run, self._run = self._run, None
        if run is None or run.active < self._least:
            return []
        found = self._next_is(run.start)
        self._held = run
        return found

    def _next_is(self, start: int) -> list[tuple[int, int]]:
        """The speech after the held run starts there: where the two margins would meet, each gets half of the pause."""
        if self._held is None:
            return []
        return self._end(min(self._held.end + self._margin, (self._held.end + start + 1) // 2))

    def _end(self, end: int) -> list[tuple[int, int]]:
        """The stretches that the held run has left."""
        assert self._held is not None
        found = self._pieces(self._start(self._held), end)
        self._before, self._held, self._at = self._held.end, None, None
        return [*found[0], (found[1], end)]

    def _start(self, run: _Run) -> int:
        if self._at is not None:
            return self._at
        half = (self._before + run.start + 1) // 2 if self._before >= 0 else 0
        return max(run.start - self._margin, half)

    def _cut(self) -> list[tuple[int, int]]:
        """Stretches of a run that goes on and is too long already."""
        run = self._run
        if run is None or run.active < self._least or run.end - run.start <= self._longest:
            return []
        found = self._next_is(run.start)
        pieces, self._at = self._pieces(self._start(run), run.end)
        return [*found, *pieces]

    def _pieces(self, start: int, end: int) -> tuple[list[tuple[int, int]], int]:
        """Stretches of at most the longest length, cut where a fifth of a second is quietest; where the rest starts."""
        pieces = []
        while end - start > self._longest:
            # In the second half: pieces stay long, and two halves of the rest are possible.
            first = start + self._longest // 2 - self._first
            part = self._loudness[first : start + self._longest - self._first]
            quiet = np.convolve(part, np.full(HOPS_PER_S // 5, 5 / HOPS_PER_S), "valid")
            place = start + self._longest // 2 + int(quiet.argmin()) + HOPS_PER_S // 10
            pieces.append((start, place))
            start = place
        return pieces, start
