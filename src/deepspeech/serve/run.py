"""Runs a server: sockets, worker processes, signals. Blocks until SIGTERM or SIGINT, then drains.

    one worker      this process serves
    several         this process holds the sockets and starts a process per worker; one that dies is started again

The first signal ends streams with their finals; a second one stops at once.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from multiprocessing.process import BaseProcess
from types import FrameType

import uvicorn

from deepspeech.errors import DeepSpeechError
from deepspeech.serve.announce import check_zeroconf
from deepspeech.serve.app import application
from deepspeech.serve.batcher import Batcher
from deepspeech.serve.connections import http_connection, websocket_connection
from deepspeech.serve.listening import BACKLOG, bound, check_tls, is_open
from deepspeech.serve.log import Log
from deepspeech.serve.models import Models
from deepspeech.serve.protocols.wyoming import wyoming_server
from deepspeech.serve.service import Service
from deepspeech.serve.settings import ServeSettings

OPEN = "everybody who reaches the port may use it; tokens_file requires a token"
SPARE_CONNECTIONS = 256  # above streams and uploads: health checks, pages, refusals
RESTART_S = 1.0
CANNOT_START = 2


def run(settings: ServeSettings) -> None:
    """Serve. Raises ConfigError where an address is taken, and what opening the models raises."""
    _check(settings)
    sockets = bound(settings)
    if settings.workers == 1:
        serve(settings, sockets)
    else:
        _supervise(settings, sockets)


def _check(settings: ServeSettings) -> None:
    """Raise what is wrong with files and packages other than models."""
    if settings.zeroconf:
        check_zeroconf()
    check_tls(settings)
    _ = settings.tokens


def described(settings: ServeSettings) -> str:
    """What would be served, after loading it. Raises what serving would, but for sockets."""
    _check(settings)
    batcher, tokens = Batcher(threads=1), settings.tokens
    try:
        models = Models.open(settings.models, batcher)
    finally:
        batcher.close()
    workers = f"{settings.workers} worker{'s' if settings.workers > 1 else ''}"
    lines = [f"{'https' if settings.tls_key else 'http'}://{settings.host}:{settings.port}, {workers}"]
    for model in models.values():
        live = "streams and recordings" if model.card.streams else "recordings only (its network needs whole ones)"
        scorer = settings.models[model.name].scorer
        language = model.card.language or "no language named"
        lines.append(f"model {model.name}: {language}, {live}, {f'scorer {scorer}' if scorer else 'no scorer'}")
    lines.append(f"tokens that are accepted: {len(tokens)}" if tokens else f"no tokens: {OPEN}")
    if settings.wyoming_port:
        lines.append(f"Wyoming on port {settings.wyoming_port}, which knows no tokens and no TLS")
    lines += [f"limits.{name} = {value:g}" for name, value in asdict(settings.limits).items()]
    return "\n".join(lines)


def serve(settings: ServeSettings, sockets: Sequence[socket.socket]) -> None:
    """Serve in this process, on listening sockets: HTTP, and Wyoming if there is a second."""
    service = Service(lambda batcher: Models.open(settings.models, batcher), settings.limits, Log(settings.log_texts))
    host, port = sockets[0].getsockname()[:2]
    where = f"http{'s' if settings.tls_key else ''}://{host}:{port}"
    service.log.write("listening", address=where, models=list(service.models), process=os.getpid())
    if is_open(settings):
        service.log.write("no tokens", note=OPEN)
    beside = None
    if len(sockets) > 1:
        beside = partial(wyoming_server, service, sockets[1], settings.zeroconf)
    app = application(service, settings.tokens, settings.cors_origins, beside)
    try:
        Server(uvicorn_config(app, service, settings), service).run(list(sockets[:1]))
    finally:
        service.close()


def uvicorn_config(app: object, service: Service, settings: ServeSettings) -> uvicorn.Config:
    """uvicorn's settings: our own log, limits of messages, headers of proxies only where trusted."""
    limits = service.limits
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        http=http_connection(limits.send_s),
        ws=websocket_connection(limits.send_s),
        ws_max_size=limits.message_bytes,
        ws_ping_timeout=None,  # limits.idle_s and send_s find dead peers; pongs of busy ones wait behind their sound
        ws_per_message_deflate=False,  # PCM does not shrink, and unpacking is work for free
        limit_concurrency=limits.streams + limits.uploads + SPARE_CONNECTIONS,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        timeout_graceful_shutdown=5,
        backlog=BACKLOG,
    )


class Server(uvicorn.Server):
    """A uvicorn server that drains before it stops."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service, self._draining = service, False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._draining or self._loop is None:
            super().handle_exit(sig, frame)
            return
        self._draining = True
        self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        async def drain() -> None:
            self._service.log.write("draining", streams=self._service.admission.streams)
            await self._service.drain()
            self.should_exit = True

        self._task = asyncio.ensure_future(drain())


def _worker(settings: ServeSettings, sockets: Sequence[socket.socket]) -> None:
    """`serve` in a process of its own; says what is wrong in one line, as the command does."""
    threading.Thread(target=_drain_with_parent, daemon=True).start()
    try:
        serve(settings, sockets)
    except DeepSpeechError as error:
        print(f"deepspeech: {error}", file=sys.stderr)
        sys.exit(CANNOT_START)


def _drain_with_parent() -> None:
    """Where the supervisor was killed, nobody else could stop its workers."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _supervise(settings: ServeSettings, sockets: Sequence[socket.socket]) -> None:
    """Keep the workers alive until a signal; then wait until they have drained."""
    context, stopping = multiprocessing.get_context("spawn"), False

    def start() -> BaseProcess:
        worker = context.Process(target=_worker, args=(settings, list(sockets)))
        worker.start()
        return worker

    def stop(sig: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for worker in workers:
            if worker.is_alive() and worker.pid:
                worker.terminate()

    workers: list[BaseProcess] = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, stop)
    workers += [start() for _ in range(settings.workers)]
    while not stopping:
        time.sleep(RESTART_S)
        for number, worker in enumerate(workers):
            if not stopping and not worker.is_alive():
                if worker.exitcode == CANNOT_START:
                    stop(signal.SIGTERM, None)
                    sys.exit(CANNOT_START)
                Log().write("worker died", exit_code=worker.exitcode)
                workers[number] = start()
    for worker in workers:
        worker.join()
