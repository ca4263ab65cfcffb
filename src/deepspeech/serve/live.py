"""LiveSession: sound in, events out; what every live protocol maps its bytes to.

    async for event in session.feed_pcm(data): …
    async for event in session.finish(): …

Audio is held until the network's next step is due, which delays no event and saves most hand-overs. The stream behind
it computes in a thread of the pool, a second of audio at a time, so that streams take turns. While it computes nothing
more is read from the client: that is the back-pressure on those that send faster than real time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from deepspeech.audio.pcm import Float32
from deepspeech.audio.samples import Array, as_float
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.errors import ConfigError
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.event_stream import EventStream
from deepspeech.runtime.events import Event, Final
from deepspeech.serve.batcher import Batcher
from deepspeech.serve.limits import Limits, Refused
from deepspeech.serve.metrics import Metrics
from deepspeech.serve.models import ServedModel

LOWEST_HZ, HIGHEST_HZ = 4000, 192_000
PIECE_S = 1.0  # computed in one turn
LEAST_S = 0.02  # smaller chunks are collected first
MOST_ALTERNATIVES = 20


@dataclass(frozen=True)
class StreamOptions:
    """What a client chooses for a stream."""

    rate_hz: int = 16000
    endpoints: bool = True  # utterances end at pauses; else there is one until `finish`
    silence_s: float | None = None  # pause that ends an utterance; raised to what the model needs
    phrases: HotPhrases | None = None
    alternatives: int = 0

    def __post_init__(self) -> None:
        if not LOWEST_HZ <= self.rate_hz <= HIGHEST_HZ:
            raise Refused(
                f"the sample rate is {self.rate_hz:g} Hz; this server takes {LOWEST_HZ} to {HIGHEST_HZ}",
                400, "invalid_rate", "rate",
            )  # fmt: skip
        if not 0 <= self.alternatives <= MOST_ALTERNATIVES:
            raise Refused(f"alternatives is {self.alternatives}; it must be 0 to {MOST_ALTERNATIVES}")


class Pace:
    """How much audio a connection has sent, and how fast."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock, self._began_s = limits, clock, clock()
        self.audio_s = 0.0

    async def take(self, duration_s: float) -> None:
        """Wait until so much more audio may be taken. Raises Refused for a stream that is too long."""
        self.audio_s += duration_s
        if self.audio_s > self._limits.stream_s:
            raise Refused(f"the stream is longer than {self._limits.stream_s:g} s; open another", 413, "too_long")
        ahead_s = (self.audio_s - self._limits.burst_s) / self._limits.speed - (self._clock() - self._began_s)
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)


class LiveSession:
    """One stream of one connection. Raises Refused from all methods."""

    def __init__(
        self,
        model: ServedModel,
        options: StreamOptions,
        pace: Pace,
        batcher: Batcher,
        pool: Executor,
        metrics: Metrics,
    ) -> None:
        """Use Service.open()."""
        self.model, self.options = model, options
        self._pace, self._batcher, self._pool, self._metrics = pace, batcher, pool, metrics
        self._odd = b""  # half a sample
        self._held, self._held_samples = list[Float32](), 0
        self.audio_s = 0.0
        try:
            recognizer = model.with_phrases(model.live, options.phrases)
            self._stream: EventStream
            if options.endpoints:
                rules = endpoint_rules(model, options.silence_s)
                self._stream = recognizer.stream(options.rate_hz, endpoints=rules, alternatives=options.alternatives)
            else:
                self._stream = recognizer.stream(options.rate_hz, alternatives=options.alternatives)
        except ConfigError as error:
            raise Refused(str(error)) from None

    async def feed_pcm(self, data: bytes) -> AsyncIterator[Event]:
        """Feed 16-bit little-endian mono samples, cut anywhere; yields events as they happen."""
        data = self._odd + data
        whole = len(data) // 2 * 2
        self._odd = data[whole:]
        async for event in self.feed(np.frombuffer(data[:whole], "<i2").astype(np.int16, copy=False)):
            yield event

    async def feed(self, samples: Array) -> AsyncIterator[Event]:
        """Feed mono samples [N], int16 or floats from -1 to 1; yields events as they happen."""
        size = round(PIECE_S * self.options.rate_hz)
        for first in range(0, len(samples), size):
            piece = as_float(samples[first : first + size])
            duration_s = len(piece) / self.options.rate_hz
            await self._pace.take(duration_s)
            self.audio_s += duration_s
            self._metrics.audio_s.add(duration_s)
            self._held.append(piece)
            self._held_samples += len(piece)
            if self._held_samples >= max(LEAST_S * self.options.rate_hz, self._stream.lacking):
                for event in await self._computed(self._feed_held):
                    yield event

    async def finish(self) -> AsyncIterator[Event]:
        """End the stream; yields the remaining events."""
        for event in await self._computed(lambda: [*self._feed_held(), *self._stream.finish_events()]):
            yield event

    def _feed_held(self) -> list[Event]:
        held, self._held, self._held_samples = self._held, [], 0
        return self._stream.feed_events(np.concatenate(held)) if held else []

    async def _computed(self, work: Callable[[], Sequence[Event]]) -> Sequence[Event]:
        def at_work() -> Sequence[Event]:
            with self._batcher.at_work():
                return work()

        began_s = time.monotonic()
        events = await asyncio.get_running_loop().run_in_executor(self._pool, at_work)
        took_s = time.monotonic() - began_s
        self._metrics.compute_s.add(took_s)
        for event in events:
            if isinstance(event, Final):
                self._metrics.final.observe(took_s)
        return events


def endpoint_rules(model: ServedModel, silence_s: float | None) -> EndpointRules:
    """Rules with this pause, but none shorter than the model's network can serve."""
    rules, chunk = EndpointRules(), model.card.chunk
    least_s = (chunk.hop + chunk.right) * model.card.features.step_s
    pause_s = max(rules.trailing_silence_s if silence_s is None else silence_s, least_s)
    return replace(rules, trailing_silence_s=pause_s, no_speech_s=max(rules.no_speech_s, pause_s))
