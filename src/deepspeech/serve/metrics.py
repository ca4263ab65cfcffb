"""Metrics: counters, gauges and histograms in Prometheus' text format. Thread-safe.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

_Labels: TypeAlias = tuple[tuple[str, str], ...]

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Counter:
    """A number that grows, by label values."""

    kind = "counter"

    def __init__(self, name: str, meaning: str) -> None:
        self.name, self.meaning = name, meaning
        self._values: dict[_Labels, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, amount: float = 1.0, **labels: str) -> None:
        with self._lock:
            self._values[tuple(sorted(labels.items()))] += amount

    def value(self, **labels: str) -> float:
        """The current value; 0 where nothing was counted."""
        return self._values.get(tuple(sorted(labels.items())), 0.0)

    def lines(self) -> Iterator[str]:
        for labels, value in sorted(self._values.items()):
            yield f"{self.name}{_shown(labels)} {value:g}"


class Gauge:
    """A number that is looked up when it is asked for."""

    kind = "gauge"

    def __init__(self, name: str, meaning: str, current: Callable[[], float]) -> None:
        self.name, self.meaning, self._current = name, meaning, current

    def lines(self) -> Iterator[str]:
        yield f"{self.name} {self._current():g}"


class Histogram:
    """How often a value was at most each of `bounds`."""

    kind = "histogram"

    def __init__(self, name: str, meaning: str, bounds: Sequence[float]) -> None:
        self.name, self.meaning, self._bounds = name, meaning, bounds
        self._counts, self._sum, self._lock = [0] * (len(bounds) + 1), 0.0, threading.Lock()

    def observe(self, value: float) -> None:
        place = next((n for n, bound in enumerate(self._bounds) if value <= bound), len(self._bounds))
        with self._lock:
            self._counts[place] += 1
            self._sum += value

    def lines(self) -> Iterator[str]:
        total = 0
        for bound, count in zip([*map("{:g}".format, self._bounds), "+Inf"], self._counts, strict=True):
            total += count
            yield f'{self.name}_bucket{{le="{bound}"}} {total}'
        yield f"{self.name}_sum {self._sum:g}"
        yield f"{self.name}_count {total}"


class Metrics:
    """All that the server counts."""

    def __init__(self, streams: Callable[[], float], uploads: Callable[[], float], queue: Callable[[], float]) -> None:
        self.audio_s = Counter("deepspeech_audio_seconds_total", "Audio received.")
        self.compute_s = Counter("deepspeech_compute_seconds_total", "Time from audio to events, waiting included.")
        self.refusals = Counter("deepspeech_refusals_total", "Requests refused, by cause.")
        self.requests = Counter("deepspeech_requests_total", "Streams and uploads accepted, by protocol and model.")
        self.failures = Counter("deepspeech_failures_total", "Streams and uploads that ended with an error.")
        self.batch = Histogram("deepspeech_batch_size", "Streams in a step of the network.", SIZES)
        self.wait = Histogram("deepspeech_batch_wait_seconds", "Wait of a batch's oldest step.", SECONDS)
        self.final = Histogram(
            "deepspeech_final_latency_seconds", "Time from the audio or message that ends an utterance to its final.",
            SECONDS,
        )  # fmt: skip
        self.real_time_factor = Histogram(
            "deepspeech_real_time_factor", "Time to transcribe an upload, over its duration.",
            (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
        )  # fmt: skip
        self._gauges = (
            Gauge("deepspeech_streams", "Live streams.", streams),
            Gauge("deepspeech_uploads", "Recordings being received or transcribed.", uploads),
            Gauge("deepspeech_queue", "Steps of the network that wait.", queue),
        )

    def text(self) -> str:
        """The page that Prometheus reads."""
        every = [*self._gauges, *(one for one in vars(self).values() if isinstance(one, Counter | Histogram))]
        lines = [
            line
            for one in every
            for line in (f"# HELP {one.name} {one.meaning}", f"# TYPE {one.name} {one.kind}", *one.lines())
        ]
        return "\n".join(lines) + "\n"


def _shown(labels: _Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
