"""A server in a thread, on a free port of this machine, whose network knows the tones of tests/fakes.py."""

import asyncio
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech.audio.pcm import float_to_int16
from deepspeech.serve.batcher import Batcher
from deepspeech.serve.limits import Limits
from deepspeech.serve.log import Log
from deepspeech.serve.models import Models, ModelSource, ServedModel
from deepspeech.serve.service import Service
from tests.fakes import ToneSession, silence, spoken

pytest.importorskip("uvicorn", reason="needs the serve extra")
from deepspeech.serve.app import application
from deepspeech.serve.run import Server, uvicorn_config
from deepspeech.serve.settings import ServeSettings

SAID = np.concatenate([silence(0.3), spoken("ab ba"), silence(0.6)])  # one utterance
LONGER = np.concatenate([silence(0.3), spoken("ab"), silence(1.6), spoken("dc"), silence(0.6)])  # two
RATE_HZ = 16000


@dataclass
class Running:
    """A server that answers."""

    service: Service
    server: Server
    port: int
    log: io.StringIO

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in map(json.loads, self.log.getvalue().splitlines()) if line["event"] == event]


def tone_models(*names: str) -> Callable[[Batcher], Models]:
    return lambda batcher: Models([ServedModel.of(name, ToneSession(), batcher) for name in names or ("tones",)])


@contextmanager
def running(
    load: Callable[[Batcher], Models] | None = None,
    limits: Limits | None = None,
    log_texts: bool = False,
    beside: Callable[[Service], Any] | None = None,
    send_buffer: int = 0,
    **given: Any,
) -> Iterator[Running]:
    """A server; `given`: settings of ServeSettings; `beside`: a context in which it runs.

    `send_buffer`: bytes that the system takes for a client that does not read; 0: megabytes.
    """
    settings = ServeSettings(models={"tones": ModelSource(Path("none"))}, **given)
    log = io.StringIO()
    service = Service(load or tone_models(), limits or Limits(), Log(log_texts, log))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    if send_buffer:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    bound.listen(128)
    app = application(service, settings.tokens, settings.cors_origins, beside and (lambda: beside(service)))
    server = Server(uvicorn_config(app, service, settings), service)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([bound])), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield Running(service, server, bound.getsockname()[1], log)
    finally:
        server.should_exit = True
        thread.join(20)
        service.close()
        assert not thread.is_alive()


def pcm(samples: np.ndarray) -> bytes:
    return float_to_int16(samples).tobytes()


def cut(data: bytes, *sizes: int) -> Iterator[bytes]:
    """`data` in chunks of these sizes, over and over."""
    place, number = 0, 0
    while place < len(data):
        yield data[place : place + sizes[number % len(sizes)]]
        place += sizes[number % len(sizes)]
        number += 1


def until(true: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.01)
    return found
