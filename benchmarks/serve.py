"""Live streams that a server holds at real-time pace: latency of finals, CPU and memory, unbatched and batched.

    python benchmarks/serve.py MODEL.onnx CLIP… [--scorer S] [--streams 4 8 16 32] [--seconds 30] [--batches 1 32]
                               [--workers 2] [--old PYTHON MODEL.tflite]

Each row starts a server in a process of its own (or several, as `deepspeech serve --workers` does), and this process is
its client: so many streams send clips, 100 ms of sound every 100 ms, each clip on a connection of its own, and finish.
The latency is the time from when the last sample was due to be sent until its final is here; a server that falls behind
is charged for it. CPU is in cores, of server and client apart; memory is the server's, before, after the first seconds,
and at the end. A row holds where 95 of 100 finals come within 500 ms and none is missing. `--old` adds rows of
deepspeech-tflite 0.9.3 (old_server.py).
"""

import argparse
import asyncio
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from deepspeech.audio.formats import read_audio
from deepspeech.audio.pcm import float_to_int16
from deepspeech.audio.resample import resample
from deepspeech.serve.app import application
from deepspeech.serve.limits import Limits
from deepspeech.serve.models import Models, ModelSource
from deepspeech.serve.run import Server, uvicorn_config
from deepspeech.serve.service import Service
from deepspeech.serve.settings import ServeSettings

RATE_HZ, CHUNK_S = 16000, 0.1
BOUND_MS = 500
OLD = Path(__file__).with_name("old_server.py")
WARM_S = 3.0  # after the start, before CPU and latencies count
TICKS = os.sysconf("SC_CLK_TCK")


def serve(model: str, scorer: str | None, batch: int, descriptor: int) -> None:
    """The server's process."""
    settings = ServeSettings(
        {"model": ModelSource(Path(model), Path(scorer) if scorer else None)},
        limits=Limits(streams=4096, streams_per_address=4096, requests_per_minute=10**9),
    )
    service = Service(lambda batcher: Models.open(settings.models, batcher), settings.limits, largest_batch=batch)
    service.log.write = lambda *_, **__: None  # type: ignore[method-assign]
    Server(uvicorn_config(application(service), service, settings), service).run([socket.socket(fileno=descriptor)])
    service.close()


@dataclass
class Load:
    """What the client sees."""

    latencies_ms: list[float] = field(default_factory=list)
    missing: int = 0
    server_cores: float = 0.0
    client_cores: float = 0.0
    warm_mb: float = 0.0


async def speak(url: str, clips: list[bytes], load: Load, until_s: float, count_from_s: float, seed: int) -> None:
    """One speaker: a clip after the other."""
    draw = random.Random(seed)
    await asyncio.sleep(draw.random() * 2)
    while time.monotonic() < until_s:
        data = draw.choice(clips)
        due_s = time.monotonic()
        try:
            async with connect(url, open_timeout=60, ping_interval=None) as stream:
                size = round(2 * CHUNK_S * RATE_HZ)
                for first in range(0, len(data), size):
                    chunk = data[first : first + size]
                    due_s += len(chunk) / 2 / RATE_HZ
                    await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                    await stream.send(chunk)
                await stream.send('{"type": "finish"}')
                async for message in stream:
                    if json.loads(message)["type"] == "final":
                        break
                else:
                    raise ConnectionError("no final")
            if due_s > count_from_s:
                load.latencies_ms.append(1000 * (time.monotonic() - due_s))
        except (OSError, TimeoutError, WebSocketException):
            load.missing += 1


def cpu_s(processes: list[int]) -> float:
    """CPU time of the processes so far."""
    stats = [Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split() for process in processes]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICKS


def memory_mb(processes: list[int]) -> float:
    """Resident memory of the processes."""
    statuses = [Path(f"/proc/{process}/status").read_text() for process in processes]
    return sum(int(kb) for status in statuses for kb in re.findall(r"VmRSS:\s+(\d+)", status)) / 1024


def command_of(options: argparse.Namespace, name: str, descriptor: int) -> list[str]:
    """What starts a server: "old", or ours with batches of that size."""
    scorer = options.scorer or ""
    if name == "old":
        return [options.old[0], str(OLD), options.old[1], scorer, str(descriptor)]
    command = [sys.executable, __file__, options.model, "--server", str(descriptor), "--batches", name]
    return command + (["--scorer", scorer] if scorer else [])


def row(options: argparse.Namespace, clips: list[bytes], name: str, streams: int) -> bool:
    """Measure one number of streams; returns whether the server held it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(4096)
        port, descriptor = bound.getsockname()[1], bound.fileno()
        command, count = command_of(options, name, descriptor), 1 if name == "old" else options.workers
        processes = [subprocess.Popen(command, pass_fds=[descriptor]) for _ in range(count)]
    ids = [process.pid for process in processes]
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(8 * count):  # each of them has answered
            urllib.request.urlopen(f"{url}/health", timeout=120).read()
        empty_mb, load = memory_mb(ids), Load()
        asyncio.run(measure(f"ws://127.0.0.1:{port}/stream", clips, load, streams, options.seconds, ids))
        page = urllib.request.urlopen(f"{url}/metrics").read().decode()
        full_mb = memory_mb(ids)
    finally:
        for process in processes:
            process.terminate()
            process.wait(60)
    sizes = {name: float(value) for name, value in re.findall(r"deepspeech_batch_size_(sum|count) (\S+)", page)}
    latencies = np.sort(load.latencies_ms) if load.latencies_ms else np.array([np.inf])
    middle, high = (float(np.quantile(latencies, share, method="nearest")) for share in (0.5, 0.95))
    held = high <= BOUND_MS and not load.missing
    mean = sizes["sum"] / max(1, sizes["count"]) if sizes else 1.0
    print(
        f"{name:>5} {streams:7} {len(load.latencies_ms):6} {load.missing:7} {middle:7.0f} {high:7.0f}"
        f" {mean:9.1f} {load.server_cores:10.2f} {load.client_cores:10.2f}"
        f" {empty_mb:8.0f} {load.warm_mb:7.0f} {full_mb:7.0f} {(full_mb - empty_mb) / streams:9.2f}"
        f"  {'yes' if held else 'no'}",
        flush=True,
    )
    return held


async def measure(url: str, clips: list[bytes], load: Load, streams: int, seconds: float, processes: list[int]) -> None:
    """Run the speakers; adds the cores that server and client used meanwhile to `load`."""
    began_s = time.monotonic()
    from_s, until_s = began_s + WARM_S, began_s + WARM_S + seconds
    speakers = [asyncio.ensure_future(speak(url, clips, load, until_s, from_s, seed)) for seed in range(streams)]
    await asyncio.sleep(WARM_S)
    server_s, client_s, load.warm_mb = cpu_s(processes), time.process_time(), memory_mb(processes)
    await asyncio.sleep(seconds)
    load.server_cores = (cpu_s(processes) - server_s) / seconds
    load.client_cores = (time.process_time() - client_s) / seconds
    await asyncio.gather(*speakers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--scorer")
    parser.add_argument("--streams", type=int, nargs="+", default=[4, 8, 16, 32, 64])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32], help="largest batches to compare")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--old", nargs=2, metavar=("PYTHON", "MODEL"), help="compare deepspeech-tflite of this Python")
    parser.add_argument("--server", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.server is not None:
        serve(options.model, options.scorer, options.batches[0], options.server)
        return
    clips = [float_to_int16(resample(*read_audio(clip), RATE_HZ)).tobytes() for clip in options.clips]
    print(
        "batch streams finals missing  p50 ms  p95 ms mean size server CPU client CPU"
        " MB empty MB warm  MB end MB/stream  held"
    )
    names, most = [*map(str, options.batches), *(["old"] if options.old else [])], dict[str, int]()
    for name in names:
        most[name] = 0
        for streams in options.streams:
            if not row(options, clips, name, streams):
                break
            most[name] = streams
    first = names[0]
    for name, streams in most.items():
        ratio = f", {streams / most[first]:.1f} times batch {first}" if most[first] else ""
        print(f"{'old server' if name == 'old' else f'largest batch {name}'}: {streams} streams{ratio}")


if __name__ == "__main__":
    main()
