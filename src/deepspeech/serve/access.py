"""Access: bearer tokens, and which web pages may open WebSockets. ASGI middleware around all routes.

Health checks and the page itself need no token. Browsers cannot set headers of WebSockets: the subprotocol
`openai-insecure-api-key.TOKEN` is accepted there too, as OpenAI's API does.
"""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from deepspeech.serve.answers import refusal_response
from deepspeech.serve.limits import Refused

OPEN = {"/health", "/ready", "/"}
PAGE = "/page/"
IN_SUBPROTOCOL = "openai-insecure-api-key."


class Access:
    """Refuses requests without a valid token with 401, and WebSockets of foreign pages with 403."""

    def __init__(self, app: ASGIApp, tokens: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        """`tokens` empty: everybody may. `origins`: other pages that may connect; "*": all."""
        self._app, self._tokens, self._origins = app, [token.encode() for token in tokens], set(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await refusal_response(refusal, 1)(scope, receive, send)
        else:
            await _deny(WebSocket(scope, receive, send), refusal_response(refusal, 1))

    def _refusal(self, scope: Scope) -> Refused | None:
        headers, socket = Headers(scope=scope), scope["type"] == "websocket"
        if socket and not self._from_here(headers):
            return Refused("this page may not connect; its origin is not allowed here", 403, "origin")
        public = not socket and (scope["path"] in OPEN or scope["path"].startswith(PAGE))
        if not self._tokens or public or self._known(_token(headers)):
            return None
        return Refused("a valid token is needed: Authorization: Bearer TOKEN", 401, "invalid_api_key")

    def _known(self, token: str) -> bool:
        given = token.encode()
        return bool(sum(hmac.compare_digest(given, known) for known in self._tokens))

    def _from_here(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return origin is None or origin in self._origins or "*" in self._origins or _host(origin) == headers.get("host")


def _token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    for offered in headers.get("sec-websocket-protocol", "").split(","):
        if offered.strip().startswith(IN_SUBPROTOCOL):
            return offered.strip().removeprefix(IN_SUBPROTOCOL)
    return ""


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


async def _deny(websocket: WebSocket, response: Response) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(response)
    else:
        await websocket.close(1008)
