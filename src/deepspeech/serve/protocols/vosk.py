"""vosk-server's WebSocket, `/vosk` and `/`: PCM in, one reply for each message of samples, as its clients expect.

https://alphacephei.com/vosk/server, websocket/asr_server.py. `phrase_list` boosts its phrases here; it does not
restrict the vocabulary to them.
"""

from dataclasses import dataclass
from typing import Any

from deepspeech.decoder.transcript import Transcript
from deepspeech.runtime.events import Event, Final, Partial
from deepspeech.serve.fields import number, parsed, table, text, texts
from deepspeech.serve.limits import Refused
from deepspeech.serve.live import HIGHEST_HZ, LOWEST_HZ, MOST_ALTERNATIVES, LiveSession, StreamOptions
from deepspeech.serve.models import phrases_of
from deepspeech.serve.sockets import Connection, SocketProtocol

RATE_HZ = 8000  # vosk-server's default
UNKNOWN_WORD = "[unk]"


@dataclass(frozen=True)
class _Config:
    """What `{"config": …}` may set."""

    model: str | None = None
    rate_hz: int = RATE_HZ
    phrases: tuple[str, ...] = ()
    words: bool = True
    alternatives: int = 0


async def talk(connection: Connection) -> None:
    """Until `{"eof": 1}`."""
    config, session, shown = _Config(), None, _Shown()
    async for message in connection.messages():
        if isinstance(message, bytes):
            session = session or _opened(connection, config)
            finals = [one async for event in session.feed_pcm(message) for one in shown.take(event)]
            await _reply(connection, config, finals, shown.partial)
            continue
        command = parsed(message)
        if "config" in command:
            config = _configured(config, command["config"])
        elif command.get("reset"):
            await _finish(connection, config, session, shown)
            session, shown = None, _Shown()
        elif command.get("eof"):
            break
        else:
            raise Refused("expected samples, or a message with 'config', 'reset' or 'eof'", 400, "invalid_type")
    await _finish(connection, config, session, shown)


class _Shown:
    """The text of the current utterance."""

    def __init__(self) -> None:
        self.partial = ""

    def take(self, event: Event) -> list[Transcript]:
        """The final of an event, if it is one and not empty."""
        if isinstance(event, Partial):
            self.partial = event.text
        elif isinstance(event, Final):
            self.partial = ""
            return [event.transcript] if event.transcript.text else []
        return []


def _opened(connection: Connection, config: _Config) -> LiveSession:
    service = connection.service
    phrases = phrases_of([one for one in config.phrases if one != UNKNOWN_WORD], service.limits, "phrase_list")
    options = StreamOptions(config.rate_hz, phrases=phrases, alternatives=max(0, config.alternatives - 1))
    return connection.open(service.models.choose(config.model), options)


def _configured(config: _Config, value: Any) -> _Config:
    """`config` with the values of `{"config": …}`; vosk-server's clients send numbers of either kind."""
    values = table(value, "config")
    return _Config(
        model=text(values, "model") or config.model,
        rate_hz=round(number(values, "sample_rate", config.rate_hz, LOWEST_HZ, HIGHEST_HZ)),
        phrases=tuple(texts(values, "phrase_list")) or config.phrases,
        words=bool(values.get("words", config.words)),
        alternatives=round(number(values, "max_alternatives", config.alternatives, 0, MOST_ALTERNATIVES)),
    )


async def _finish(connection: Connection, config: _Config, session: LiveSession | None, shown: _Shown) -> None:
    finals = [one async for event in session.finish() for one in shown.take(event)] if session else []
    await _reply(connection, config, finals or [Transcript("", (), 0.0)], "")


async def _reply(connection: Connection, config: _Config, finals: list[Transcript], partial: str) -> None:
    """One message: clients read one for each that they send."""
    for final in finals:
        connection.final(final)
    await connection.send(_result(finals, config) if finals else {"partial": partial})


def _result(finals: list[Transcript], config: _Config) -> dict[str, Any]:
    """The utterances that ended within one message, as one."""
    if config.alternatives:
        others = [other for final in finals[:1] for other in final.alternatives] if len(finals) == 1 else []
        return {"alternatives": [_alternative([*finals], config), *(_alternative([other], config) for other in others)]}
    found: dict[str, Any] = {"text": _text(finals)}
    if config.words and found["text"]:
        found = {"result": _words(finals), **found}
    return found


def _alternative(parts: list[Transcript], config: _Config) -> dict[str, Any]:
    found: dict[str, Any] = {"confidence": round(sum(part.confidence for part in parts), 6), "text": _text(parts)}
    return found | ({"result": _words(parts, conf=False)} if config.words else {})


def _words(parts: list[Transcript], conf: bool = True) -> list[dict[str, Any]]:
    return [
        ({"conf": round(1.0 if word.confidence is None else word.confidence, 6)} if conf else {})
        | {"end": round(word.end_s, 6), "start": round(word.start_s, 6), "word": word.text}
        for part in parts
        for word in part.words
    ]


def _text(parts: list[Transcript]) -> str:
    return " ".join(part.text for part in parts)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": message, "code": code}


VOSK = SocketProtocol("vosk", talk, _error)
