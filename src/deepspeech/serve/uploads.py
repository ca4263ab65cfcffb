"""Uploads: recordings in memory, transcribed as `deepspeech transcribe` does, in threads that yield to live streams.

A recording is measured before it is transcribed: decoding stops at the limit, so a small file that unpacks to days of
silence costs a moment.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from typing import TypeAlias

from deepspeech.audio.blocks import Blocks
from deepspeech.audio.sound import Sound
from deepspeech.audio.vad import SilenceRules
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.errors import AudioError, DeepSpeechError
from deepspeech.runtime.events import Event, Final, Partial
from deepspeech.runtime.recording import Recording
from deepspeech.serve.limits import Limits, Refused
from deepspeech.serve.live import HIGHEST_HZ, endpoint_rules
from deepspeech.serve.metrics import Metrics
from deepspeech.serve.models import ServedModel

NICE = 10  # of the threads, where threads have a priority of their own (Linux)
NAME = "the upload"


def step_back() -> None:
    """Lower this thread's priority, and that of threads which it starts."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def measure(content: bytes, limits: Limits) -> float:
    """Duration of a recording in seconds, by decoding it; keeps nothing. Raises AudioError, and Refused if too long."""
    too_long = Refused(
        f"the recording is longer than {limits.upload_s:g} s, the limit of this server; cut it", 413, "too_long", "file"
    )
    with Sound(content, NAME, cut_ok=True) as sound:
        if sound.rate_hz > HIGHEST_HZ:
            raise Refused(f"the recording has {sound.rate_hz} Hz; at most {HIGHEST_HZ} are taken", 400, "invalid_rate")
        most, frames = limits.upload_s * sound.rate_hz, 0
        for block in sound.blocks():
            frames += len(block)
            if frames > most:
                raise too_long
    if not frames:
        raise AudioError(f"{NAME}: contains no sound")
    return frames / sound.rate_hz


_Item: TypeAlias = Event | Exception | float | None


class Uploads:
    """Transcribes recordings in `pool`."""

    def __init__(self, limits: Limits, pool: Executor, metrics: Metrics) -> None:
        self._limits, self._pool, self._metrics = limits, pool, metrics

    async def transcribe(
        self, model: ServedModel, content: bytes, phrases: HotPhrases | None = None, alternatives: int = 0
    ) -> Recording:
        """Raises Refused where it cannot be read or is too long."""

        def work() -> Recording:
            began_s, duration_s = time.monotonic(), measure(content, self._limits)
            recognizer = model.with_phrases(model.uploads, phrases)
            (result,) = recognizer.transcribe_all([content], alternatives, cores=1)
            if isinstance(result, AudioError):
                raise result
            self._measured(duration_s, began_s)
            return result

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except Exception as error:
            raise _refusal(error) from None

    async def stream(
        self, model: ServedModel, content: bytes, phrases: HotPhrases | None = None
    ) -> tuple[float, AsyncIterator[Event]]:
        """The duration of a recording, and its Partials and Finals as they happen. Raises Refused."""
        loop, queue, left = asyncio.get_running_loop(), asyncio.Queue[_Item](), threading.Event()

        def put(item: _Item) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, item)

        def work() -> None:
            try:
                began_s, duration_s = time.monotonic(), measure(content, self._limits)
                put(duration_s)
                for event in _events(model, content, phrases, duration_s):
                    if left.is_set():
                        return
                    put(event)
                self._measured(duration_s, began_s)
                put(None)
            except Exception as error:
                put(error)

        async def events() -> AsyncIterator[Event]:
            try:
                while not isinstance(item := await queue.get(), float | None):
                    if isinstance(item, Exception):
                        raise _refusal(item)
                    yield item
            finally:
                left.set()

        job = loop.run_in_executor(self._pool, work)
        try:
            first = await queue.get()
        except BaseException:
            left.set()
            job.cancel()  # where it has not begun
            raise
        if isinstance(first, float):
            return first, events()
        assert isinstance(first, Exception)
        raise _refusal(first)

    def _measured(self, duration_s: float, began_s: float) -> None:
        self._metrics.audio_s.add(duration_s)
        if duration_s:
            self._metrics.real_time_factor.observe((time.monotonic() - began_s) / duration_s)


def _events(model: ServedModel, content: bytes, phrases: HotPhrases | None, duration_s: float) -> Iterator[Event]:
    recognizer = model.with_phrases(model.uploads, phrases)
    if not model.card.streams:
        (result,) = recognizer.transcribe_all([content], cores=1)
        if isinstance(result, AudioError):
            raise result
        yield from (Final(segment) for segment in result.segments)
        return
    # A short recording is one utterance, as for `deepspeech transcribe`.
    short = duration_s <= SilenceRules().max_segment_s
    stream = recognizer.stream() if short else recognizer.stream(endpoints=endpoint_rules(model, None))
    blocks = Blocks(content, model.card.features.sample_rate_hz, name=NAME, cut_ok=True)
    for event in stream.events(blocks):
        if isinstance(event, Partial | Final):
            yield event


def _refusal(error: Exception) -> Exception:
    """What is wrong with a recording is the client's to know; other errors are the server's."""
    if isinstance(error, DeepSpeechError) and not isinstance(error, Refused):
        return Refused(str(error), 400, "invalid_audio", "file")
    return error
