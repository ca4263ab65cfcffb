"""Wyoming over TCP, for Home Assistant: describe, transcribe, audio-start, -chunk, -stop in; transcripts out.

`transcript` holds the whole text and is all that Home Assistant reads; transcript-start, -chunk and -stop around it
show it as it grows. The client ends a command with audio-stop; where it states a `vad_sensitivity`, the first pause
does.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from socket import socket
from typing import Any

import numpy as np

from deepspeech._version import __version__
from deepspeech.audio.pcm import Int16
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.runtime.events import Event, Final, SpeechStarted, SpeechStopped
from deepspeech.serve.announce import announced
from deepspeech.serve.deltas import Deltas
from deepspeech.serve.fields import count, text, texts
from deepspeech.serve.limits import Refused
from deepspeech.serve.live import HIGHEST_HZ, LOWEST_HZ, LiveSession, Pace, StreamOptions
from deepspeech.serve.models import ServedModel, spellable
from deepspeech.serve.protocols.wyoming_events import LARGEST_LINE, WyomingEvent, event_bytes, read_event
from deepspeech.serve.service import Service

SENSITIVITY_S = {"relaxed": 1.25, "default": 0.7, "aggressive": 0.5}
TERM_STRENGTH = 0.5  # terms have a lower priority than names
MOST_CHANNELS = 8


@asynccontextmanager
async def wyoming_server(service: Service, listening: socket, zeroconf: bool = False) -> AsyncIterator[None]:
    """Within, the protocol is served on a listening socket."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk(service, reader, writer)
        try:
            await talk.run()
        finally:
            writer.close()
            with suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), service.limits.send_s)
            writer.transport.abort()  # where the client does not read what is left

    server = await asyncio.start_server(client, sock=listening, limit=LARGEST_LINE)
    async with server, announced(listening.getsockname()[1] if zeroconf else None):
        yield


class _Talk:
    """One connection."""

    def __init__(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service, self._reader, self._writer = service, reader, writer
        self._address = str((writer.get_extra_info("peername") or ("unknown",))[0])
        self._request: dict[str, Any] = {}
        self._session: LiveSession | None = None
        self._slot: AbstractContextManager[None] | None = None
        self._deltas, self._finals, self._done = Deltas(), list[str](), False

    async def run(self) -> None:
        """Serve until the client leaves, is idle or the server drains."""
        began_s, status = time.monotonic(), "done"
        pace = Pace(self._service.limits)
        try:
            while event := await self._next():
                await self._handle(event, pace)
            if self._session:
                await self._finish()
        except Refused as refusal:
            status = refusal.code
            self._service.metrics.refusals.add(cause=refusal.code)
            with suppress(OSError, asyncio.TimeoutError):
                await self._send("error", text=str(refusal), code=refusal.code)
        except (OSError, asyncio.TimeoutError) as error:
            status = type(error).__name__
        except Exception as error:
            status = type(error).__name__
            self._service.metrics.failures.add(protocol="wyoming")
            self._service.log.write("failure", protocol="wyoming", error=f"{type(error).__name__}: {error}"[:300])
        finally:
            self._release()
        if pace.audio_s:
            self._service.log.write(
                "stream", " | ".join(self._finals), protocol="wyoming", address=self._address, status=status,
                audio_s=pace.audio_s, duration_s=time.monotonic() - began_s,
            )  # fmt: skip

    async def _next(self) -> WyomingEvent | None:
        """The next event; None at the end, when idle, or when the server drains."""
        reading = asyncio.ensure_future(read_event(self._reader))
        draining = asyncio.ensure_future(self._service.admission.draining.wait())
        await asyncio.wait({reading, draining}, timeout=self._service.limits.idle_s, return_when="FIRST_COMPLETED")
        draining.cancel()
        if not reading.done():
            reading.cancel()
            return None
        return reading.result()

    async def _handle(self, event: WyomingEvent, pace: Pace) -> None:
        if event.kind == "describe":
            await self._send("info", asr=[_program(list(self._service.models.values()))])
        elif event.kind == "ping":
            await self._send("pong", text=event.data.get("text"))
        elif event.kind == "transcribe":
            self._request = event.data
        elif event.kind == "audio-start":
            await self._start(event.data, pace)
        elif event.kind == "audio-chunk":
            if self._session is None and not self._done:
                await self._start(event.data, pace)
            if self._session:
                await self._follow(self._session.feed(_samples(event)))
        elif event.kind == "audio-stop":
            if self._session:
                await self._finish()
            self._done, self._request = False, {}
        # Others are ignored, as the protocol demands of events that a program does not know.

    async def _start(self, data: dict[str, Any], pace: Pace) -> None:
        if self._session:
            raise Refused("audio-start within a stream; send audio-stop first", 400, "invalid_type")
        request, models = self._request, self._service.models
        model = models.choose(text(request, "name"), text(request, "language"))
        sensitivity = request.get("vad_sensitivity")
        silence_s = SENSITIVITY_S.get(str(sensitivity), SENSITIVITY_S["default"])
        options = StreamOptions(
            count(data, "rate", None, LOWEST_HZ, HIGHEST_HZ),
            sensitivity is not None,
            silence_s,
            self._phrases(model, request),
        )
        self._slot = self._service.admission.stream(self._address)
        self._slot.__enter__()
        self._session = self._service.open(model, options, pace)
        self._service.metrics.requests.add(protocol="wyoming", model=model.name)
        self._deltas, self._finals, self._done = Deltas(), [], False
        await self._send("transcript-start", **({"language": model.card.language} if model.card.language else {}))

    def _phrases(self, model: ServedModel, request: dict[str, Any]) -> HotPhrases | None:
        limits = self._service.limits
        weak = spellable(model, texts(request, "transcript_terms"), limits)
        strong = spellable(model, texts(request, "transcript_names"), limits)
        strengths = dict.fromkeys(weak.strengths, TERM_STRENGTH) if weak else {}
        strengths |= dict(strong.strengths) if strong else {}
        return HotPhrases(strengths) if strengths else None

    async def _follow(self, events: AsyncIterator[Event]) -> None:
        """Send what events mean; with turn detection the first utterance that ends is the command."""
        assert self._session
        early = self._session.options.endpoints
        async for event in events:
            if delta := self._deltas.take(event):
                await self._send("transcript-chunk", text=delta)
            if isinstance(event, SpeechStarted | SpeechStopped) and early:
                kind = "voice-started" if isinstance(event, SpeechStarted) else "voice-stopped"
                await self._send(kind, timestamp=round(event.time_s * 1000))
            if isinstance(event, Final) and event.transcript.text:
                self._finals.append(event.transcript.text)
                if early:
                    await self._end()
                    return

    async def _finish(self) -> None:
        assert self._session
        await self._follow(self._session.finish())
        if self._session:
            await self._end()

    async def _end(self) -> None:
        assert self._session
        language = self._session.model.card.language
        more = {"language": language} if language else {}
        await self._send("transcript", text=" ".join(self._finals), **more)
        await self._send("transcript-stop")
        self._done = True
        self._release()

    def _release(self) -> None:
        self._session = None
        if self._slot:
            self._slot.__exit__(None, None, None)
            self._slot = None

    async def _send(self, kind: str, **data: Any) -> None:
        self._writer.write(event_bytes(WyomingEvent(kind, data)))
        await asyncio.wait_for(self._writer.drain(), self._service.limits.send_s)


def _program(models: list[ServedModel]) -> dict[str, Any]:
    """What `info` says; a model without a language fits all, which the protocol cannot say."""
    attribution = {"name": "DeepSpeech", "url": "https://github.com/mozilla/DeepSpeech"}
    common = {"attribution": attribution, "installed": True, "version": __version__}
    entries = [
        {"name": model.name, "description": model.card.description or model.name, **common,
         "languages": [model.card.language or "und"]}
        for model in models if model.card.streams
    ]  # fmt: skip
    return {
        "name": "deepspeech", "description": "DeepSpeech", **common, "models": entries,
        "supports_transcript_streaming": True, "requires_external_vad": True,
    }  # fmt: skip


def _samples(event: WyomingEvent) -> Int16:
    """16-bit samples of a chunk, channels averaged. Raises Refused."""
    width, channels = count(event.data, "width", None, 1, 4), count(event.data, "channels", None, 1, MOST_CHANNELS)
    if width != 2:
        raise Refused(f"samples of {width} bytes; send 16-bit ones", 400, "invalid_value", "width")
    whole = len(event.payload) // (2 * channels) * (2 * channels)
    samples = np.frombuffer(event.payload[:whole], "<i2").reshape(-1, channels)
    return samples[:, 0].astype(np.int16) if channels == 1 else samples.mean(1).astype(np.int16)
