"""The server's own WebSocket, `/stream`: 16-bit PCM in, the runtime's events out as JSON; docs/serve.md describes it.

client  {"type": "start", "model": …, "rate_hz": …, "hot_phrases": […], …}    optional, first
        binary frames                                                          samples, cut anywhere
        {"type": "finish"}
server  ready ─ speech_started ─ partial … ─ speech_stopped ─ final ─ … ─ finished, or error
"""

from typing import Any

from deepspeech.decoder.transcript import Transcript
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.events import Event, Final, Partial, SpeechStarted
from deepspeech.serve.fields import count, number, parsed, text, texts
from deepspeech.serve.limits import Refused
from deepspeech.serve.live import HIGHEST_HZ, LOWEST_HZ, MOST_ALTERNATIVES, LiveSession, StreamOptions
from deepspeech.serve.models import phrases_of
from deepspeech.serve.sockets import Connection, SocketProtocol

KNOWN = {"type", "model", "language", "rate_hz", "hot_phrases", "endpoints", "silence_s", "alternatives"}


async def talk(connection: Connection) -> None:
    """One stream."""
    session: LiveSession | None = None
    async for message in connection.messages():
        if isinstance(message, str):
            command = parsed(message)
            if command.get("type") == "finish":
                break
            if command.get("type") != "start" or session:
                raise Refused("expected samples, or a message of type 'start' (first) or 'finish'", 400, "invalid_type")
            session = await _opened(connection, command)
            continue
        session = session or await _opened(connection, {})
        async for event in session.feed_pcm(message):
            await _send(connection, event)
    if session:
        async for event in session.finish():
            await _send(connection, event)
    await connection.send({"type": "finished"})


async def _opened(connection: Connection, command: dict[str, Any]) -> LiveSession:
    if unknown := set(command) - KNOWN:
        raise Refused(f"'{min(unknown)[:40]}' is unknown; 'start' knows {', '.join(sorted(KNOWN))}")
    limits, models = connection.service.limits, connection.service.models
    model = models.choose(text(command, "model"), text(command, "language"))
    options = StreamOptions(
        rate_hz=count(command, "rate_hz", model.card.features.sample_rate_hz, LOWEST_HZ, HIGHEST_HZ),
        endpoints=command.get("endpoints", True) is not False,
        silence_s=number(command, "silence_s", EndpointRules.trailing_silence_s, 0.05, 60),
        phrases=phrases_of(texts(command, "hot_phrases"), limits, "hot_phrases"),
        alternatives=count(command, "alternatives", 0, 0, MOST_ALTERNATIVES),
    )
    session = connection.open(model, options)
    await connection.send({"type": "ready", "model": model.name, "rate_hz": options.rate_hz})
    return session


async def _send(connection: Connection, event: Event) -> None:
    await connection.send(as_json(event))
    if isinstance(event, Final):
        connection.final(event.transcript)


def as_json(event: Event) -> dict[str, Any]:
    """An event as the message that the page and other clients read."""
    if isinstance(event, Partial):
        return {"type": "partial", "text": event.text, "stable": event.stable}
    if isinstance(event, Final):
        others = [_transcript(other) for other in event.transcript.alternatives]
        return {"type": "final", **_transcript(event.transcript), **({"alternatives": others} if others else {})}
    kind = "speech_started" if isinstance(event, SpeechStarted) else "speech_stopped"
    return {"type": kind, "time_s": round(event.time_s, 3)}


def _transcript(transcript: Transcript) -> dict[str, Any]:
    words = [
        {"text": word.text, "start_s": round(word.start_s, 3), "end_s": round(word.end_s, 3)}
        | ({} if word.confidence is None else {"confidence": round(word.confidence, 4)})
        for word in transcript.words
    ]
    return {"text": transcript.text, "words": words}


def _error(message: str, code: str) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message}


PLAIN = SocketProtocol("plain", talk, _error, "deepspeech")  # browsers that offer a token must be answered one
