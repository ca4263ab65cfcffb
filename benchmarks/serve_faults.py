"""Faults of clients and processes against a running server: who is disturbed, and what remains.

    python benchmarks/serve_faults.py MODEL.onnx CLIP [--connects 10000] [--only NAME …] [--rounds 1]

A server with two workers; each row is one fault. Meanwhile a witness streams CLIP at real-time pace, over and over, and
must hear each time what was heard before all faults; so must a stream afterwards. Memory and open files are those of
all processes of the server. Nothing here is a measurement of speed.
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
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soundfile
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from deepspeech.audio.formats import read_audio, wav_bytes
from deepspeech.audio.pcm import float_to_int16
from deepspeech.audio.resample import resample

RATE_HZ = 16000
CHUNK = 3200  # bytes: 100 ms
PATIENCE_S = 5
SETTINGS = f"""
workers = 2
port = {{port}}
[models.model]
path = "{{model}}"
[limits]
requests_per_minute = 100000000
streams_per_address = 64
idle_s = {PATIENCE_S}.0
send_s = {PATIENCE_S}.0
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
        command = ["pgrep", "-P", str(self.process.pid), "-f", "spawn_main"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def memory_mb(self) -> float:
        """Resident memory of all of them."""
        total = 0
        for process in [self.process.pid, *self.workers()]:
            with suppress(OSError):
                found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
                total += int(found[1]) if found else 0
        return total / 1024

    def files(self) -> int:
        """Open files and connections of all of them."""
        return sum(len(os.listdir(f"/proc/{process}/fd")) for process in [self.process.pid, *self.workers()])

    def serves(self, ports: set[int]) -> int:
        """How many connections from these ports the server has open, from the system's table."""
        count = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, _, _, _, _, _, _, inode, *_ = line.split()
            here, there = (int(address.split(":")[1], 16) for address in (local, remote))
            count += here == self.port and there in ports and inode != "0"
        return count

    def raw(self, data: bytes = b"", receive: int = 0) -> socket.socket:
        """A bare connection. `receive`: size of its buffer, small for one that does not read."""
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(data)
        return connection

    def stream(self) -> socket.socket:
        """A bare WebSocket of /stream, on which nothing is read any more."""
        connection, answer = self.raw(UPGRADE, receive=4096), b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        return connection

    def heard(self, pace_s: float = 0.0, size: int = CHUNK) -> str | None:
        """What a well-behaved client hears, also where the server ends the stream because it stops; None: it is lost.

        A stream that the server ends properly has its finals and a close frame.
        """
        found = list[str]()
        try:
            with connect(f"ws://127.0.0.1:{self.port}/stream", open_timeout=60) as stream:
                with suppress(WebSocketException):
                    for first in range(0, len(self.sound), size):
                        stream.send(self.sound[first : first + size])
                        time.sleep(pace_s)
                    stream.send('{"type": "finish"}')
                with suppress(WebSocketException):
                    while message := json.loads(stream.recv(timeout=60)):
                        found += [message["text"]] if message["type"] == "final" else []
                return " ".join(found) if stream.close_code in (1000, 1012) else None
        except (OSError, WebSocketException):
            return None

    def transcribed(self, copies: int) -> str | None:
        """The text of a recording, CLIP so many times; None: it is lost."""
        samples = np.tile(np.frombuffer(self.sound, np.int16), copies).astype(np.float32) / 32768
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/stt", wav_bytes(samples, RATE_HZ))
        try:
            return str(urllib.request.urlopen(request, timeout=300).read().decode())
        except OSError:
            return None


def answer(connection: socket.socket) -> str:
    """The status of an HTTP answer, or that there is none."""
    with suppress(OSError, IndexError):
        return connection.recv(20).split()[1].decode()
    return "closed"


def closed(target: Target, connections: list[socket.socket], within_s: float) -> str:
    """How many of these, which still are open at this end, the server closes, and within what time."""
    ports = {one.getsockname()[1] for one in connections}
    began_s = time.monotonic()
    while left := target.serves(ports):
        if time.monotonic() > began_s + within_s:
            break
        time.sleep(0.5)
    for one in connections:
        one.close()
    return f"{len(ports) - left} of {len(ports)} let go within {time.monotonic() - began_s:.0f} s"


def half_open(target: Target) -> str:
    """Connections that never say anything more: without a request, within one, and within a stream"""
    starts = (b"", b"POST /stt HTTP/1.1\r\nContent-Le", UPGRADE)
    left = [target.raw(start) for start in starts for _ in range(50)]
    return closed(target, left, 10 * PATIENCE_S)


def one_byte(target: Target) -> str:
    """A stream in messages of one byte; an upload in packets of one byte"""
    short = Target(target.process, target.port, target.sound[:8000])
    stream = "answered" if short.heard(size=1) is not None else "LOST"
    body = wav_bytes(np.zeros(800, np.float32), RATE_HZ)
    with target.raw(b"POST /stt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(body)):
            one.sendall(body[place : place + 1])
        return f"8000 messages: {stream}; {len(body)} packets: {answer(one)}"


def slow_readers(target: Target) -> str:
    """Streams that send and never read"""
    frame = b"\x82\xfe" + (32000).to_bytes(2, "big") + bytes(4) + target.sound[:32000].ljust(32000, b"\0")
    start = b'{"type": "start", "alternatives": 20}'
    left = [target.stream() for _ in range(20)]

    def send(one: socket.socket) -> None:
        one.settimeout(1)
        with suppress(OSError):
            one.sendall(b"\x81" + bytes([0x80 | len(start)]) + bytes(4) + start)
            for _ in range(2000):
                one.sendall(frame)

    threads = [threading.Thread(target=send, args=(one,)) for one in left]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return closed(target, left, 60 * PATIENCE_S)


def connects(count: int) -> Callable[[Target], str]:
    """Connects and disconnects."""

    def fault(target: Target) -> str:
        """Connects and disconnects, with a request and with a stream, some before the answer"""
        for number in range(count):
            with target.raw(UPGRADE if number % 2 else b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n") as one:
                if number % 3 == 0:
                    one.recv(10)
        return f"{count}"

    fault.__name__ = "connects"
    return fault


def two_gigabytes(target: Target) -> str:
    """Uploads of 2 GB, with their length and without"""
    answers = []
    for head in (b"Content-Length: 2147483648", b"Transfer-Encoding: chunked"):
        with target.raw(b"POST /stt HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n") as one:
            sent, block = 0, b"100000\r\n" + bytes(1 << 20) + b"\r\n"
            with suppress(OSError):
                while sent < 2 << 30:
                    one.sendall(block)
                    sent += 1 << 20
            answers.append(f"{answer(one)} after {sent >> 20} MiB")
    return ", ".join(answers)


def bombs(target: Target) -> str:
    """Small files that unpack to more than the limit"""
    answers = []
    for form, subtype, hours in (("flac", "PCM_16", 24), ("ogg", "OPUS", 2), ("ogg", "VORBIS", 2)):
        file = io.BytesIO()
        with soundfile.SoundFile(file, "w", 8000, 1, subtype, format=form) as written:
            for _ in range(360 * hours):
                written.write(np.zeros(8000 * 10, np.int16))  # libsndfile's Vorbis crashes on long blocks
        body, began_s = file.getvalue(), time.monotonic()
        request = b"POST /stt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        with target.raw(request + body) as one:
            status = answer(one)
        answers.append(f"{hours} h {subtype} in {len(body) >> 10} KiB: {status} in {time.monotonic() - began_s:.1f} s")
    return ", ".join(answers)


def killed_worker(target: Target) -> str:
    """kill -9 of one of two workers"""
    found = list[str | None]()
    threads = [threading.Thread(target=lambda: found.append(target.heard(0.1))) for _ in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(len(target.sound) / 2 / RATE_HZ / 2)
    before = target.workers()
    os.kill(before[0], signal.SIGKILL)
    end_s = time.monotonic() + 60
    while len(after := target.workers()) < len(before) or after == before:
        if time.monotonic() > end_s:
            return "NO NEW WORKER"
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    time.sleep(PATIENCE_S)  # until it has loaded the model
    whole = [text for text in found if text is not None]
    agree = "with the same text" if len(set(whole)) <= 1 else "WITH DIFFERENT TEXTS"
    return f"a new one came; of 12 streams {len(found) - len(whole)} ended with it, {len(whole)} went on, {agree}"


def sigterm(target: Target) -> str:
    """SIGTERM while streams speak and recordings are transcribed"""
    streams, uploads = list[str | None](), list[str | None]()
    threads = [threading.Thread(target=lambda: streams.append(target.heard(0.1))) for _ in range(10)]
    threads += [threading.Thread(target=lambda: uploads.append(target.transcribed(10))) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(len(target.sound) / 2 / RATE_HZ * 0.8)
    target.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(120)
    code = target.process.wait(60)
    finals, texts = (sum(map(bool, found)) for found in (streams, uploads))
    return f"{finals} of 10 streams had their final, {texts} of 2 recordings their text; exit code {code}"


class Witness:
    """Streams at real-time pace while something else happens; `right` of `count` heard what they should."""

    def __init__(self, target: Target, expected: str | None) -> None:
        self._target, self._expected, self._stop = target, expected, threading.Event()
        self.right = self.count = 0
        self._thread = threading.Thread(target=self._speak)

    def _speak(self) -> None:
        while not self._stop.is_set():
            self.right += self._target.heard(CHUNK / 2 / RATE_HZ) == self._expected
            self.count += 1

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()


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
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            target = Target(process, port, sound)
            assert process.stderr is not None
            listening = 0
            while listening < 2:
                listening += b"listening" in process.stderr.readline()
            threading.Thread(target=process.stderr.read, daemon=True).start()
            try:
                yield target
            finally:
                process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("clip")
    parser.add_argument("--connects", type=int, default=10_000)
    parser.add_argument("--only", nargs="+", default=[], help="names of faults, as the functions above")
    parser.add_argument("--rounds", type=int, default=1, help="of all faults, to see whether memory grows")
    options = parser.parse_args()
    faults = [half_open, one_byte, slow_readers, connects(options.connects), two_gigabytes, bombs, killed_worker]
    with serving(options.model, options.clip) as target:
        for _ in range(4):  # both workers have served
            expected = target.heard()
        print("| fault | what came of it | streams meanwhile | a stream after it | MB before, after | files |")
        print("|---|---|---|---|---|---|")
        for fault in faults * options.rounds:
            if options.only and fault.__name__ not in options.only:
                continue
            before_mb, before = target.memory_mb(), target.files()
            with Witness(target, expected) as witness:
                result = fault(target)
            right = "the same text" if target.heard() == expected else "ANOTHER TEXT"
            time.sleep(1)
            print(
                f"| {fault.__doc__} | {result} | {witness.right} of {witness.count} right | {right} |"
                f" {before_mb:.0f}, {target.memory_mb():.0f} | {before}, {target.files()} |",
                flush=True,
            )
        print(f"| {sigterm.__doc__} | {sigterm(target)} | | | | |")


if __name__ == "__main__":
    main()
