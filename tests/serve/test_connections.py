"""Clients that say nothing, say it byte by byte, or never read: the server lets go of their connections."""

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from deepspeech.serve.limits import Limits
from deepspeech.serve.protocols.wyoming import wyoming_server
from tests.serve.running import SAID, Running, pcm, running, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SMALL = 4096  # bytes of a socket's buffer
REQUEST = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE = (
    b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@pytest.fixture
def patient() -> Iterator[tuple[Running, int]]:
    """A server that gives up soon, and its Wyoming port."""
    limits = Limits(send_s=0.3, idle_s=1.0, requests_per_minute=100_000, burst_s=10_000)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
    with running(limits=limits, beside=lambda one: wyoming_server(one, bound), send_buffer=SMALL) as server:
        yield server, bound.getsockname()[1]


def connected(port: int) -> socket.socket:
    """A connection with small buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    connection.connect(("127.0.0.1", port))
    connection.settimeout(20)
    return connection


def upgraded(port: int) -> socket.socket:
    """A WebSocket of /stream."""
    connection, answer = connected(port), b""
    connection.sendall(UPGRADE)
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    return connection


def accepted(port: int) -> int:
    """How many connections to a port the server, which is in this process, has open."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = {line[9] for line in lines if int(line[1].split(":")[1], 16) == port and line[3] != "0A"}  # 0A: it listens
    files = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            files.add(os.readlink(f"/proc/self/fd/{name}"))
    return sum(f"socket:[{inode}]" in files for inode in own)


def frame(data: bytes, code: int) -> bytes:
    """A frame of a client."""
    return bytes([0x80 | code, 0xFF]) + struct.pack("!Q", len(data)) + bytes(4) + data


def send_all_that_is_taken(connection: socket.socket, data: bytes, times: int) -> None:
    """Until the server reads no more, or is gone."""
    connection.settimeout(0.5)
    with suppress(OSError):
        for _ in range(times):
            connection.sendall(data)


@pytest.mark.parametrize("start", [b"", REQUEST[:-5], REQUEST + REQUEST[:10]])
def test_a_connection_without_a_whole_request_is_given_up(patient: tuple[Running, int], start: bytes) -> None:
    port = patient[0].port
    with connected(port) as one:
        one.sendall(start)
        until(lambda: accepted(port))
        until(lambda: not accepted(port), 20)


def test_a_request_in_single_bytes_is_given_up(patient: tuple[Running, int]) -> None:
    port = patient[0].port
    with connected(port) as one:
        until(lambda: accepted(port))
        with suppress(ConnectionError):
            for _ in range(500):
                one.sendall(b"a")
                time.sleep(0.02)
        assert not accepted(port)


def test_a_connection_that_asks_again_is_kept(patient: tuple[Running, int]) -> None:
    with httpx.Client() as client:
        for _ in range(6):
            time.sleep(0.2)
            found = client.get(f"{patient[0].http}/health")
            assert found.status_code == 200
            assert accepted(patient[0].port) == 1


def test_a_stream_that_nobody_reads_is_given_up(patient: tuple[Running, int]) -> None:
    server, _ = patient
    with upgraded(server.port) as one:
        one.sendall(frame(json.dumps({"type": "start", "alternatives": 20}).encode(), 1))
        until(lambda: server.service.admission.streams)
        send_all_that_is_taken(one, frame(pcm(np.tile(SAID, 4)), 2), 1000)
        until(lambda: server.logged("stream"), 60)
        until(lambda: not accepted(server.port), 20)
    assert server.logged("stream")[0]["status"] == "slow reader"


def test_answers_that_nobody_reads_are_given_up(patient: tuple[Running, int]) -> None:
    port = patient[0].port
    with connected(port) as one:
        send_all_that_is_taken(one, b"GET /page/style.css HTTP/1.1\r\nHost: a\r\n\r\n", 2000)
        until(lambda: not accepted(port), 20)


def test_wyoming_answers_that_nobody_reads_are_given_up(patient: tuple[Running, int]) -> None:
    port = patient[1]
    with connected(port) as one:
        send_all_that_is_taken(one, b'{"type": "describe"}\n', 20_000)
        until(lambda: not accepted(port), 20)


def test_streams_end_as_before_while_a_client_keeps_its_end(patient: tuple[Running, int]) -> None:
    """A client that got its final and leaves the connection open: it is closed without its help."""
    server, _ = patient
    with upgraded(server.port) as one:
        one.sendall(frame(pcm(SAID), 2) + frame(b'{"type": "finish"}', 1))
        until(lambda: not server.service.admission.streams and server.logged("stream"), 20)
        until(lambda: not accepted(server.port), 20)
        answer = b""
        with suppress(ConnectionError):
            while data := one.recv(1 << 16):
                answer += data
    assert b'"text": "ab ba"' in answer
