"""WebSockets: what the live protocols share: acceptance, messages with an idle limit and drain, sending with a limit.

Close codes: 1000 done · 1008 refused, or idle · 1011 an error of the server · 1012 the server stops, after the finals ·
1013 overloaded, try again later (RFC 6455 and IANA's registry).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import DeepSpeechError
from deepspeech.serve.limits import Refused
from deepspeech.serve.live import LiveSession, Pace, StreamOptions
from deepspeech.serve.models import ServedModel
from deepspeech.serve.service import Service

DONE, REFUSED, BROKEN, STOPPING, LATER = 1000, 1008, 1011, 1012, 1013
LONGEST_REASON = 120  # bytes of UTF-8 in a close frame: at most 123


class Connection:
    """An accepted WebSocket with a stream's slot."""

    def __init__(self, service: Service, websocket: WebSocket) -> None:
        self.service, self.websocket = service, websocket
        self.pace = Pace(service.limits)
        self.close_code, self.model = DONE, ""
        self.texts: list[str] = []  # for the log, where it asks for texts
        self.finals = 0

    async def messages(self) -> AsyncIterator[str | bytes]:
        """Messages until the client is idle for too long or the server drains; then the protocol sends its finals.

        Raises WebSocketDisconnect when the client is gone.
        """
        draining = asyncio.ensure_future(self.service.admission.draining.wait())
        try:
            while True:
                coming = asyncio.ensure_future(self.websocket.receive())
                try:
                    await asyncio.wait(
                        {coming, draining}, timeout=self.service.limits.idle_s, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    if not coming.done():
                        coming.cancel()
                if not coming.done():
                    self.close_code = STOPPING if draining.done() else REFUSED
                    return
                message = coming.result()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message.get("code", 1005))
                text, data = message.get("text"), message.get("bytes")
                yield text if text is not None else data or b""
        finally:
            draining.cancel()

    def open(self, model: ServedModel, options: StreamOptions) -> LiveSession:
        """A stream of this connection. Raises Refused."""
        if not self.model:
            self.service.metrics.requests.add(protocol=self.websocket.scope["path"], model=model.name)
        self.model = model.name
        return self.service.open(model, options, self.pace)

    async def send(self, message: dict[str, Any]) -> None:
        """Send JSON. Raises asyncio.TimeoutError (the built-in one from 3.11 on) if the client does not read."""
        text = json.dumps(message, ensure_ascii=False)
        await asyncio.wait_for(self.websocket.send_text(text), self.service.limits.send_s)

    def final(self, transcript: Transcript) -> None:
        """Note that an utterance was sent."""
        self.finals += 1
        if self.service.log.texts:
            self.texts.append(transcript.text)

    async def close(self, code: int, reason: str = "") -> None:
        """Close; does nothing where it is closed already."""
        if self.websocket.client_state is WebSocketState.CONNECTED:
            short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
            with suppress(RuntimeError, WebSocketDisconnect, asyncio.TimeoutError):
                await asyncio.wait_for(self.websocket.close(code, short), self.service.limits.send_s)


@dataclass(frozen=True)
class SocketProtocol:
    """A protocol: what talks on a connection, and how it says that something is wrong."""

    name: str
    talk: Callable[[Connection], Awaitable[None]]
    error: Callable[[str, str], dict[str, Any]]  # message and code
    subprotocol: str | None = None


def socket_route(service: Service, path: str, protocol: SocketProtocol) -> WebSocketRoute:
    """The route of a protocol."""

    async def endpoint(websocket: WebSocket) -> None:
        offered = protocol.subprotocol in websocket.scope.get("subprotocols", ())
        connection, began_s = Connection(service, websocket), time.monotonic()
        status, address = "done", client(websocket)
        subprotocol, headers = (protocol.subprotocol if offered else None), []
        try:
            with service.admission.stream(address):
                await websocket.accept(subprotocol)
                await protocol.talk(connection)
                await connection.close(connection.close_code)
        except Refused as refusal:
            status = refusal.code
            service.metrics.refusals.add(cause=refusal.code)
            if websocket.application_state is WebSocketState.CONNECTING:
                headers = [(b"retry-after", str(service.limits.retry_after_s).encode())] if refusal.later else []
                await websocket.accept(subprotocol, headers)
            await _told(connection, protocol, refusal, refusal.code)
            retry = f"; try again in {service.limits.retry_after_s} s" if refusal.later else ""
            await connection.close(LATER if refusal.later else REFUSED, f"{refusal}{retry}")
        except WebSocketDisconnect:
            status = "disconnected"
        except asyncio.TimeoutError:
            status = "slow reader"
            await connection.close(REFUSED, "the client does not read what it was sent")
        except Exception as error:
            status = type(error).__name__
            service.metrics.failures.add(protocol=protocol.name)
            service.log.write("failure", protocol=protocol.name, error=f"{type(error).__name__}: {error}"[:300])
            await _told(connection, protocol, _public(error), "server_error")
            await connection.close(BROKEN)
        finally:
            service.log.write(
                "stream", " | ".join(connection.texts), protocol=protocol.name, model=connection.model, address=address,
                status=status, audio_s=connection.pace.audio_s, duration_s=time.monotonic() - began_s,
                finals=connection.finals,
            )  # fmt: skip

    return WebSocketRoute(path, endpoint, name=protocol.name)


def client(websocket: WebSocket) -> str:
    """The client's address."""
    return websocket.client.host if websocket.client else "unknown"


def _public(error: Exception) -> Exception:
    """What a client may know of an error."""
    return error if isinstance(error, DeepSpeechError) else RuntimeError("an error of the server")


async def _told(connection: Connection, protocol: SocketProtocol, error: Exception, code: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect, asyncio.TimeoutError):
        await connection.send(protocol.error(str(error), code))
