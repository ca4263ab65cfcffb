"""OpenAI's Realtime API, transcription sessions: WebSocket /v1/realtime?intent=transcription.

https://platform.openai.com/docs/guides/realtime-transcription. An item is one utterance: what the runtime's events say
between SpeechStarted and Final, or, without turn detection, between two commits. Deltas are what is stable.
"""

import base64
import binascii
import secrets
from collections.abc import AsyncIterator
from typing import Any

from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import DeepSpeechError
from deepspeech.runtime.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from deepspeech.serve.answers import error_body
from deepspeech.serve.fields import parsed
from deepspeech.serve.limits import Refused
from deepspeech.serve.live import LiveSession
from deepspeech.serve.protocols.openai_events import logprobs
from deepspeech.serve.protocols.openai_session import SessionConfig, updated
from deepspeech.serve.sockets import Connection, SocketProtocol

LARGEST = 15 << 20  # bytes of audio in an append
TRANSCRIPTION = "conversation.item.input_audio_transcription"
UPDATES = {"session.update": "session.updated", "transcription_session.update": "transcription_session.updated"}


async def talk(connection: Connection) -> None:
    """One session."""
    name = connection.websocket.query_params.get("model")
    models = connection.service.models
    config = SessionConfig(models.choose(name if name in models else None))
    await _Session(connection, config).run()


class _Session:
    def __init__(self, connection: Connection, config: SessionConfig) -> None:
        self._connection, self._config = connection, config
        self._id = f"sess_{secrets.token_hex(8)}"
        self._live: LiveSession | None = None
        self._before_s = self._counted_s = 0.0  # audio before this stream; before this item
        self._item: str | None = None  # of the current utterance
        self._committed = False
        self._previous: str | None = None
        self._sent = ""  # deltas of the current item

    async def run(self) -> None:
        """Serve until the client leaves; then what is left becomes a last item."""
        await self._send("session.created", session=self._config.described(self._id))
        async for message in self._connection.messages():
            event_id = None
            try:
                value = parsed(message)
                event_id = value.get("event_id")
                await self._handle(value)
            except Refused as refusal:
                if refusal.later or refusal.status == 413:
                    raise
                await self._send("error", error=error_body(refusal)["error"] | {"event_id": event_id})
        await self._finish()

    async def _handle(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "input_audio_buffer.append":
            await self._append(_audio(message.get("audio")))
        elif kind == "input_audio_buffer.commit":
            if self._live is None:
                raise Refused("the buffer is empty", 400, "input_audio_buffer_commit_empty")
            await self._finish()
        elif kind == "input_audio_buffer.clear":
            self._drop()
            await self._send("input_audio_buffer.cleared")
        elif isinstance(kind, str) and kind in UPDATES:
            service = self._connection.service
            config = updated(self._config, message.get("session"), service.models, service.limits)
            await self._finish()
            self._config = config
            await self._send(UPDATES[kind], session=config.described(self._id))
        else:
            raise Refused(f"'{str(kind)[:80]}' is no event of a transcription session", 400, "invalid_value", "type")

    async def _append(self, data: bytes) -> None:
        if self._live is None:
            options = self._config.options(self._connection.service.limits)
            self._live = self._connection.open(self._config.model, options)
        decode = self._config.decode
        await self._follow(self._live.feed(decode(data)) if decode else self._live.feed_pcm(data))

    async def _finish(self) -> None:
        """End the stream; all that was sent so far is committed."""
        live, by_turns = self._live, self._config.turns is not None
        if live is None:
            return
        if not by_turns or self._item:
            await self._commit()
        await self._follow(live.finish())
        self._drop()

    def _drop(self) -> None:
        if self._live:
            self._before_s += self._live.audio_s
        self._live, self._item, self._committed, self._sent = None, None, False, ""

    async def _follow(self, events: AsyncIterator[Event]) -> None:
        """Send what the events mean; a fault of the recognizer ends the item, not the session."""
        try:
            async for event in events:
                await self._happened(event)
        except Refused:
            raise
        except DeepSpeechError as error:
            failed = Refused(str(error), 500, "transcription_failed")
            await self._send(f"{TRANSCRIPTION}.failed", **self._place(), error=error_body(failed)["error"])
            self._drop()

    async def _happened(self, event: Event) -> None:
        by_turns = self._config.turns is not None
        if isinstance(event, Partial):
            await self._delta(event.stable)
        elif isinstance(event, Final):
            await self._completed(event.transcript)
        elif isinstance(event, SpeechStarted) and by_turns:
            start_ms = max(0, round((self._before_s + event.time_s) * 1000) - self._config.padding_ms)
            await self._send("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self._current())
        elif isinstance(event, SpeechStopped) and by_turns:
            end_ms = round((self._before_s + event.time_s) * 1000)
            await self._send("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self._current())
            await self._commit()

    async def _delta(self, text: str) -> None:
        if delta := text.removeprefix(self._sent):
            await self._send(f"{TRANSCRIPTION}.delta", **self._place(), delta=delta)
            self._sent = text

    async def _commit(self) -> None:
        if self._committed:
            return
        item, self._committed = self._current(), True
        await self._send("input_audio_buffer.committed", item_id=item, previous_item_id=self._previous)
        content = [{"type": "input_audio", "transcript": None}]
        shown = {"id": item, "object": "realtime.item", "type": "message", "status": "completed", "role": "user"}
        await self._send("conversation.item.added", item=shown | {"content": content}, previous_item_id=self._previous)

    async def _completed(self, transcript: Transcript) -> None:
        await self._commit()
        await self._delta(transcript.text)
        heard_s = self._before_s + (self._live.audio_s if self._live else 0.0)
        usage = {"type": "duration", "seconds": round(heard_s - self._counted_s, 3)}
        more = {"logprobs": logprobs([transcript])} if self._config.logprobs else {}
        await self._send(f"{TRANSCRIPTION}.completed", **self._place(), transcript=transcript.text, usage=usage, **more)
        self._connection.final(transcript)
        self._counted_s, self._previous = heard_s, self._item
        self._item, self._committed, self._sent = None, False, ""

    def _current(self) -> str:
        self._item = self._item or f"item_{secrets.token_hex(8)}"
        return self._item

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._current(), "content_index": 0}

    async def _send(self, kind: str, **values: Any) -> None:
        await self._connection.send({"type": kind, "event_id": f"event_{secrets.token_hex(8)}", **values})


def _audio(value: Any) -> bytes:
    """The bytes of base64 text. Raises Refused."""
    if not isinstance(value, str):
        raise Refused("audio is no base64 text", 400, "invalid_type", "audio")
    if len(value) > LARGEST // 3 * 4 + 4:
        raise Refused("audio is larger than 15 MiB; append it in parts", 400, "too_large", "audio")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("audio is no valid base64", 400, "invalid_base64", "audio") from None


def _error(message: str, code: str) -> dict[str, Any]:
    error = error_body(Refused(message, 500 if code == "server_error" else 400, code))["error"]
    return {"type": "error", "event_id": f"event_{secrets.token_hex(8)}", "error": error}


OPENAI_REALTIME = SocketProtocol("openai-realtime", talk, _error, subprotocol="realtime")
