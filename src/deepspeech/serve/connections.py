"""Connections: clients that send no whole request, or do not read what they were sent, are given up.

uvicorn waits for both for as long as the client keeps the connection, and a closed connection remains until the client
has read what was sent. `limits.idle_s` and `send_s` bound what is within a request or a stream; this bounds the rest.
"""

import asyncio
from asyncio import Task, TimerHandle
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


def http_connection(patience_s: float) -> type[H11Protocol]:
    """The class of HTTP connections. One that is stuck in the same state for `patience_s` is aborted, at the latest
    after twice that time."""

    class HttpConnection(H11Protocol):
        _look: TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._look_later(None)

        def connection_lost(self, error: Exception | None) -> None:
            self._stop()
            super().connection_lost(error)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._stop()
            super().handle_websocket_upgrade(event)

        def _stop(self) -> None:
            if self._look:
                self._look.cancel()

        def _look_later(self, state: object) -> None:
            self._look = self.loop.call_later(patience_s, self._give_up, state)

        def _give_up(self, before: object) -> None:
            state = self._stuck()
            if state and state == before:
                self.transport.abort()
            else:
                self._look_later(state)

        def _stuck(self) -> object:
            """What the connection waits for its client to do, or None."""
            unread = self.transport.get_write_buffer_size()
            if unread and (self.transport.is_closing() or self.flow.write_paused):
                return "unread", unread
            between = self.cycle is None or self.cycle.response_complete
            return ("no request", id(self.cycle)) if between else None

    return HttpConnection


def websocket_connection(patience_s: float) -> type[WebSocketsSansIOProtocol]:
    """The class of WebSockets. One that ended and is still open after `patience_s` is aborted."""

    class WebSocketConnection(WebSocketsSansIOProtocol):
        _abort: TimerHandle | None = None
        _lost = False

        def on_task_complete(self, task: Task[None]) -> None:
            super().on_task_complete(task)
            if not self._lost:
                self._abort = self.loop.call_later(patience_s, self.transport.abort)

        def connection_lost(self, error: Exception | None) -> None:
            self._lost = True
            if self._abort:
                self._abort.cancel()
            super().connection_lost(error)

    return WebSocketConnection
