"""Voice activity detection by loudness: segments of speech in long recordings, cut at silences.

In: mono samples. Out: stretches [(start_s, end_s)] in order, without overlap. What is left out is quiet; what is only
noisy is kept: a recognizer ignores noise, but cannot recover audio that was cut.

Speech starts well above the noise floor and lasts until it is nearly back there (`loudness.py`). In noise as
loud as the speech, everything is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.loudness import HOPS_PER_S, FloorStream, LoudnessStream
from deepspeech.errors import ConfigError

Float32 = NDArray[np.float32]

_LATE_S = 30  # seconds slightly above the floor, but never well above it, after which it is not speech


@dataclass(frozen=True)
class SilenceRules:
    """Thresholds of speech and lengths of segments."""

    start_db: float = 6.0  # speech begins this far above the noise floor
    stop_db: float = 3.0  # and lasts while it is this far above it
    min_speech_s: float = 0.1  # shorter ones are clicks
    min_silence_s: float = 0.5  # shorter pauses do not cut
    margin_s: float = 0.25  # kept on either side of speech: soft beginnings and ends
    max_segment_s: float = 30.0  # longer speech is cut at its quietest point

    def __post_init__(self) -> None:
        if not self.start_db >= self.stop_db > 0:
            raise ConfigError(f"start_db {self.start_db:g} must be at least stop_db {self.stop_db:g}, and that above 0")
        for name in ("min_speech_s", "min_silence_s", "margin_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name):g}; it must not be negative")
        if not self.max_segment_s >= 1:
            raise ConfigError(f"max_segment_s is {self.max_segment_s:g}; it must be at least 1 second")


def segments(samples: Float32, rate_hz: int, rules: SilenceRules | None = None) -> list[tuple[float, float]]:
    """Segments of speech (start_s, end_s) in mono `samples` [N] at `rate_hz`, margins included.

    Silence, and noise that never rises, give none; sound shorter than 30 ms gives none.
    """
    stream = SpeechStream(rate_hz, rules)
    return [*stream.feed(samples), *stream.finish()]


@dataclass
class _Run:
    """A run of speech, joined over short pauses; in hops."""

    start: int
    end: int
    active: int  # hops above the lower threshold


class SpeechStream:
    """Streaming `segments`: fed in chunks of any size, in bounded memory."""

    def __init__(self, rate_hz: int, rules: SilenceRules | None = None) -> None:
        self._rate_hz, self._rules = rate_hz, rules or SilenceRules()
        self._pause = max(1.0, self._rules.min_silence_s * HOPS_PER_S)
        self._margin = round(self._rules.margin_s * HOPS_PER_S)
        self._least = self._rules.min_speech_s * HOPS_PER_S
        self._longest = int(self._rules.max_segment_s * HOPS_PER_S)
        self._levels, self._floor = LoudnessStream(rate_hz), FloorStream()
        self._loudness, self._first = np.zeros(0, np.float32), 0  # index of the first kept hop
        self._hops = 0  # number of hops processed
        self._open: tuple[int, bool] | None = (
            None  # start of the current stretch above the lower threshold; whether it belongs to a run
        )
        self._run: _Run | None = None  # the current run
        self._held: _Run | None = None  # the finished run whose end margin is open
        self._before = -1  # end of the previous speech
        self._at: int | None = None  # start of the rest of a run that was cut

    @property
    def needed_s(self) -> float:
        """Time in s before which no further segment starts."""
        starts = [run.start for run in (self._held, self._run) if run]
        starts += [self._open[0]] if self._open else []
        start = self._at if self._at is not None else max(0, min([self._hops, *starts]) - self._margin)
        return start / HOPS_PER_S

    def feed(self, samples: Float32) -> list[tuple[float, float]]:
        """Feed samples; return the segments (start_s, end_s) that became final, in order."""
        loudness = self._levels.feed(samples)
        self._loudness = np.concatenate([self._loudness, loudness])
        return self._look(self._floor.feed(loudness), last=False)

    def finish(self) -> list[tuple[float, float]]:
        """Flush: the remaining segments."""
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
        """Segments that are final after the processed hops."""
        found: list[tuple[int, int]] = []
        begun = self._open[0] if self._open else self._hops
        if self._run and (last or begun - self._run.end >= self._pause):
            found += self._over()
        coming = self._run.start if self._run else begun
        if self._held and (last or coming >= self._held.end + 2 * self._margin):
            found += self._end(min(self._held.end + self._margin, self._hops if last else coming))
        return found

    def _over(self) -> list[tuple[int, int]]:
        """End the current run, and emit the previous one with its margin."""
        run, self._run = self._run, None
        if run is None or run.active < self._least:
            return []
        found = self._next_is(run.start)
        self._held = run
        return found

    def _next_is(self, start: int) -> list[tuple[int, int]]:
        """Speech after the held run starts there: overlapping margins each get half of the pause."""
        if self._held is None:
            return []
        return self._end(min(self._held.end + self._margin, (self._held.end + start + 1) // 2))

    def _end(self, end: int) -> list[tuple[int, int]]:
        """The remaining segments of the held run."""
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
        """Segments of an unfinished run that is too long already."""
        run = self._run
        if run is None or run.active < self._least or run.end - run.start <= self._longest:
            return []
        found = self._next_is(run.start)
        pieces, self._at = self._pieces(self._start(run), run.end)
        return [*found, *pieces]

    def _pieces(self, start: int, end: int) -> tuple[list[tuple[int, int]], int]:
        """Segments of at most the maximum length, cut at the quietest 200 ms; and the start of the rest."""
        pieces = []
        while end - start > self._longest:
            # In the second half, so that segments stay long and the rest can be cut in two.
            first = start + self._longest // 2 - self._first
            part = self._loudness[first : start + self._longest - self._first]
            quiet = np.convolve(part, np.full(HOPS_PER_S // 5, 5 / HOPS_PER_S), "valid")
            place = start + self._longest // 2 + int(quiet.argmin()) + HOPS_PER_S // 10
            pieces.append((start, place))
            start = place
        return pieces, start
