"""The ASGI application: every HTTP and WebSocket path of the server."""

import traceback
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from deepspeech.serve.access import Access
from deepspeech.serve.answers import refusal_response
from deepspeech.serve.limits import Refused
from deepspeech.serve.protocols.openai_realtime import OPENAI_REALTIME
from deepspeech.serve.protocols.openai_rest import openai_routes
from deepspeech.serve.protocols.plain import PLAIN
from deepspeech.serve.protocols.stt import stt_route
from deepspeech.serve.protocols.vosk import VOSK
from deepspeech.serve.service import Service
from deepspeech.serve.sockets import socket_route
from deepspeech.serve.web import page_routes


def application(
    service: Service,
    tokens: Iterable[str] = (),
    cors_origins: Iterable[str] = (),
    beside: Callable[[], AbstractAsyncContextManager[None]] | None = None,
) -> Starlette:
    """The application. `beside`: a context in which it runs, such as servers of other protocols."""
    origins = list(cors_origins)
    middleware = [Middleware(Access, tokens=list(tokens), origins=origins)]
    if origins:
        cors = Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
        middleware.insert(0, cors)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if beside is None:
            yield
        else:
            async with beside():
                yield

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        service.metrics.refusals.add(cause=error.code)
        return refusal_response(error, service.limits.retry_after_s)

    async def wrong_path(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        refusal = Refused(f"{request.method} {request.url.path}: {error.detail}", error.status_code, "not_found")
        return refusal_response(refusal, service.limits.retry_after_s)

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=400)  # nobody reads it

    async def broken(request: Request, error: Exception) -> Response:
        service.metrics.failures.add(protocol="http")
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        service.log.write("failure", path=request.url.path, error=f"{type(error).__name__}: {error}"[:300], at=place)
        return refusal_response(Refused("an error of the server", 500, "server_error"), service.limits.retry_after_s)

    return Starlette(
        routes=_routes(service),
        middleware=middleware,
        exception_handlers={Refused: refused, ClientDisconnect: gone, HTTPException: wrong_path, Exception: broken},
        lifespan=lifespan,
    )


def _routes(service: Service) -> list[BaseRoute]:
    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        draining = service.admission.draining.is_set()
        full = service.admission.streams >= service.limits.streams
        status = "draining" if draining else "full" if full else "ready"
        return JSONResponse({"status": status}, 200 if status == "ready" else 503)

    async def metrics(request: Request) -> Response:
        return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")

    return [
        Route("/health", health),
        Route("/ready", ready),
        Route("/metrics", metrics),
        *page_routes(),
        *openai_routes(service),
        stt_route(service),
        socket_route(service, "/stream", PLAIN),
        socket_route(service, "/vosk", VOSK),
        socket_route(service, "/", VOSK),
        socket_route(service, "/v1/realtime", OPENAI_REALTIME),
    ]
