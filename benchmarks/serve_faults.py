"""Faults of clients and processes against a running server: who is disturbed, and what memory remains.

    python benchmarks/serve_faults.py MODEL.onnx CLIP [--connects 10000]

A server with two workers; each row is one fault. After it a witness streams CLIP and must hear what it heard at first.
Memory is that of all processes of the server. Nothing here is a measurement of speed.
"""

import argparse
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from deepspeech.audio.formats import read_audio
from deepspeech.audio.pcm import float_to_int16
from deepspeech.audio.resample import resample

RATE_HZ = 16000
SETTINGS = """
workers = 2
port = {port}
[models.model]
path = "{model}"
[limits]
requests_per_minute = 100000000
idle_s = 5.0
upload_s = 600.0
"""
UPGRADE = (
    b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Target:
    """The server under test."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, sound: bytes) -> None:
        self.process, self.port, self.sound = process, port, sound

    def workers(self) -> list[int]:
        """The processes that serve."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "spawn_main"], capture_output=True, text=True
        )
        return [int(line) for line in found.stdout.split()]

    def memory_mb(self) -> float:
        """Resident memory of all of them."""
        total = 0
        for process in [self.process.pid, *self.workers()]:
            with suppress(OSError):
                found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
                total += int(found[1]) if found else 0
        return total / 1024

    def raw(self, data: bytes = b"") -> socket.socket:
        """A bare connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(data)
        return connection

    def heard(self, pace_s: float = 0.0, size: int = 3200) -> str:
        """What a well-behaved client hears, also where the server ends the stream because it stops."""
        found = list[str]()
        with connect(f"ws://127.0.0.1:{self.port}/stream", open_timeout=60) as stream:
            with suppress(ConnectionClosed):
                for first in range(0, len(self.sound), size):
                    stream.send(self.sound[first : first + size])
                    time.sleep(pace_s)
                stream.send('{"type": "finish"}')
            with suppress(ConnectionClosed):
                while message := json.loads(stream.recv()):
                    found += [message["text"]] if message["type"] == "final" else []
        return " ".join(found)


def half_open(target: Target) -> str:
    """Connections that never say anything more: without a request, within one, and within a stream."""
    left = [target.raw(start) for start in (b"", b"POST /stt HTTP/1.1\r\nContent-Le", UPGRADE) for _ in range(30)]
    time.sleep(7)
    for one in left:
        one.close()
    return f"{len(left)} left open for 7 s"


def one_byte(target: Target) -> str:
    """A stream in messages of one byte."""
    short = Target(target.process, target.port, target.sound[:8000])
    return f"{len(short.sound)} messages: '{short.heard(size=1)}'"


def slow_readers(target: Target) -> str:
    """Streams whose messages nobody reads."""
    frame = b"\x82\xfe" + (32000).to_bytes(2, "big") + bytes(4) + target.sound[:32000].ljust(32000, b"\0")
    left = [target.raw(UPGRADE) for _ in range(20)]
    for one in left:
        one.settimeout(0.5)
        with suppress(OSError):
            for _ in range(200):
                one.sendall(frame)
    for one in left:
        one.close()
    return f"{len(left)} that send and never read"


def connects(count: int) -> Callable[[Target], str]:
    """Connects and disconnects."""

    def fault(target: Target) -> str:
        """Connects and disconnects, some within a request."""
        for number in range(count):
            with target.raw(UPGRADE if number % 2 else b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n") as one:
                if number % 3 == 0:
                    one.recv(10)
        return f"{count} connects and disconnects"

    return fault


def two_gigabytes(target: Target) -> str:
    """An upload of 2 GB, with its length and without."""
    answers = []
    for head in (b"Content-Length: 2147483648", b"Transfer-Encoding: chunked"):
        with target.raw(b"POST /stt HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n") as one, suppress(OSError):
            one.settimeout(30)
            sent, block = 0, b"100000\r\n" + bytes(1 << 20) + b"\r\n"
            one.setblocking(True)
            with suppress(OSError):
                while sent < 2 << 30:
                    one.sendall(block)
                    sent += len(block)
                    if sent > 2 << 20 and b"Length" in head:
                        break
            with suppress(OSError):
                answers.append(one.recv(20).split()[1].decode())
            answers.append(f"after {sent >> 20} MB")
    return " ".join(answers)


def bombs(target: Target) -> str:
    """Small files that unpack to more than the limit."""
    answers = []
    for form, subtype in (("flac", "PCM_16"), ("ogg", "OPUS")):
        file = io.BytesIO()
        with soundfile.SoundFile(file, "w", 8000, 1, subtype, format=form) as written:
            for _ in range(24 if form == "flac" else 2):
                written.write(np.zeros(8000 * 600, np.int16))
        body, began_s = file.getvalue(), time.monotonic()
        request = b"POST /stt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        with target.raw(request + body) as one:
            answers.append(f"{form} of {len(body) >> 10} kB: {one.recv(20).split()[1].decode()}")
        answers[-1] += f" in {time.monotonic() - began_s:.1f} s"
    return ", ".join(answers)


def killed_worker(target: Target) -> str:
    """kill -9 of one worker; it is started again."""
    before = target.workers()
    os.kill(before[0], signal.SIGKILL)
    end_s = time.monotonic() + 60
    while (after := target.workers()) == before or len(after) < len(before):
        if time.monotonic() > end_s:
            return "no new worker came"
        time.sleep(0.2)
    time.sleep(5)
    return "a new worker came"


def sigterm(target: Target) -> str:
    """SIGTERM while streams speak at real-time pace: each must get a final."""
    found = list[str]()
    threads = [threading.Thread(target=lambda: found.append(target.heard(0.1))) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(len(target.sound) / 2 / RATE_HZ * 0.8)
    target.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(60)
    return f"{sum(map(bool, found))} of 10 accepted streams had a final; exit code {target.process.wait(60)}"


@contextmanager
def serving(model: str, clip: str) -> Iterator[Target]:
    """A server with two workers."""
    sound = float_to_int16(resample(*read_audio(clip), RATE_HZ)).tobytes()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "serve.toml"
        path.write_text(SETTINGS.format(port=port, model=Path(model).resolve()))
        command = [sys.executable, "-m", "deepspeech", "serve", "--config", str(path)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            target = Target(process, port, sound)
            while len(target.workers()) < 2:
                time.sleep(0.2)
            time.sleep(5)
            try:
                yield target
            finally:
                process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("clip")
    parser.add_argument("--connects", type=int, default=10_000)
    options = parser.parse_args()
    faults = [half_open, one_byte, slow_readers, connects(options.connects), two_gigabytes, bombs, killed_worker]
    with serving(options.model, options.clip) as target:
        expected = target.heard()
        print("| fault | what came of it | a stream after it | MB before, after |\n|---|---|---|---|")
        for fault in faults:
            before_mb, result = target.memory_mb(), fault(target)
            right = "the same text" if target.heard() == expected else "ANOTHER TEXT"
            print(f"| {fault.__doc__} | {result} | {right} | {before_mb:.0f}, {target.memory_mb():.0f} |", flush=True)
        print(f"| {sigterm.__doc__} | {sigterm(target)} | | |")


if __name__ == "__main__":
    main()
