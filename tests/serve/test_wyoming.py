"""Wyoming with its own client, and bare sockets for what it would not send."""

import asyncio
import json
import socket
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it uses audioop
    pytest.importorskip("wyoming.audio", reason="needs Wyoming's client")
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping

from deepspeech.serve.limits import Limits
from deepspeech.serve.protocols.wyoming import wyoming_server
from tests.serve.running import LONGER, SAID, Running, cut, pcm, running, tone_models
from tests.serve.running import until as until_true

RATE = {"rate": 16000, "width": 2, "channels": 1}


@contextmanager
def wyoming(limits: Limits | None = None) -> Iterator[tuple[Running, int]]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    with running(tone_models("tones", "other"), limits, beside=lambda one: wyoming_server(one, bound)) as server:
        yield server, bound.getsockname()[1]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with wyoming() as (_, found):
        yield found


def talk(port: int, exchange: Callable[[AsyncTcpClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            return await asyncio.wait_for(exchange(client), 30)

    return asyncio.run(run())


async def say(client: AsyncTcpClient, sound: np.ndarray, size: int = 2048, **request: Any) -> list[Event]:
    """As Home Assistant does it, but all events are kept."""
    await client.write_event(Transcribe(**request).event())
    await client.write_event(AudioStart(**RATE).event())
    for chunk in cut(pcm(sound), size):
        await client.write_event(AudioChunk(audio=chunk, **RATE).event())
    await client.write_event(AudioStop().event())
    return await until(client, "transcript-stop")


async def until(client: AsyncTcpClient, kind: str) -> list[Event]:
    found: list[Event] = []
    while not found or found[-1].type != kind:
        event = await client.read_event()
        assert event is not None, [one.type for one in found]
        found.append(event)
    return found


def text(events: list[Event]) -> str:
    (found,) = [Transcript.from_event(event).text for event in events if Transcript.is_type(event.type)]
    return found


def test_what_it_is(port: int) -> None:
    async def describe(client: AsyncTcpClient) -> Info:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event
        return Info.from_event(event)

    (program,) = talk(port, describe).asr
    assert program.supports_transcript_streaming
    assert [model.name for model in program.models] == ["tones", "other"]
    assert all(model.installed and model.languages for model in program.models)


@pytest.mark.parametrize("size", [2048, 642, 1 << 17])
def test_a_command_and_its_transcript_as_it_grows(port: int, size: int) -> None:
    async def twice(client: AsyncTcpClient) -> list[list[Event]]:
        return [await say(client, sound, size, name="other") for sound in (SAID, LONGER)]

    for events, expected in zip(talk(port, twice), ("ab ba", "abdc"), strict=True):
        kinds = [event.type for event in events]
        assert kinds[0] == "transcript-start"
        assert kinds[-2:] == ["transcript", "transcript-stop"]
        assert text(events) == expected
        chunks = [TranscriptChunk.from_event(event).text for event in events if TranscriptChunk.is_type(event.type)]
        assert "".join(chunks) == expected


def test_with_a_sensitivity_the_first_pause_ends_the_command(port: int) -> None:
    async def exchange(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(Transcribe(vad_sensitivity="aggressive").event())
        await client.write_event(AudioStart(**RATE).event())
        await client.write_event(AudioChunk(audio=pcm(LONGER), **RATE).event())
        found = await until(client, "transcript-stop")
        await client.write_event(AudioStop().event())
        await client.write_event(Ping("after").event())
        return [*found, *await until(client, "pong")]

    events = talk(port, exchange)
    assert text(events) == "ab"
    kinds = [event.type for event in events if event.type.startswith("voice")]
    assert kinds == ["voice-started", "voice-stopped"]


def test_names_and_terms_are_hints(port: int) -> None:
    async def exchange(client: AsyncTcpClient) -> list[Event]:
        return await say(client, SAID, transcript_names=["ab", "Жук"], transcript_terms=["ba"])

    assert text(talk(port, exchange)) == "ab ba"


def test_stereo_is_averaged(port: int) -> None:
    async def exchange(client: AsyncTcpClient) -> list[Event]:
        await client.write_event(AudioStart(16000, 2, 2).event())
        stereo = np.repeat(SAID, 2)
        await client.write_event(AudioChunk(16000, 2, 2, pcm(stereo)).event())
        await client.write_event(AudioStop().event())
        return await until(client, "transcript-stop")

    assert text(talk(port, exchange)) == "ab ba"


def raw(port: int, data: bytes) -> list[dict[str, Any]]:
    """Send bytes and an end; everything that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    found, place = [], 0
    while place < len(answer):
        end = answer.index(b"\n", place) + 1
        head = json.loads(answer[place:end])
        size = head.get("data_length", 0)
        found.append({**head, "data": json.loads(answer[end : end + size] or b"{}")})
        place = end + size
    return found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello\n", "invalid_json"),
        (b"[]\n", "invalid_json"),
        (b'{"type": 5}\n', "invalid_type"),
        (b'{"type": "describe", "data_length": 9999999999}\n', "too_large"),
        (b'{"type": "describe", "payload_length": -1}\n', "too_large"),
        (b"x" * 70_000, "too_large"),
        (b'{"type": "audio-start", "data": {"rate": 0}}\n', "rate"),
        (b'{"type": "audio-start", "data": {"rate": 100}}\n', "rate"),
        (
            b'{"type": "transcribe", "data": {"name": "no"}}\n{"type": "audio-start", "data": {"rate": 16000}}\n',
            "model",
        ),
        (b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 4, "channels": 1}}\n', "16-bit"),
    ],
)
def test_mistakes_are_told(port: int, data: bytes, code: str) -> None:
    *_, last = raw(port, data)
    assert last["type"] == "error"
    assert code in f"{last['data']['code']} {last['data']['text']}"


@pytest.mark.parametrize("data", [b"", b'{"type": "descr', b'{"type": "a", "data_length": 5}\n{', b'{"type": "new"}\n'])
def test_half_events_and_unknown_ones_end_in_silence(port: int, data: bytes) -> None:
    assert raw(port, data) == []


def test_a_stream_takes_a_slot_and_gives_it_back() -> None:
    with wyoming(Limits(streams=1)) as (server, port):
        with server.service.admission.stream("elsewhere"):
            *_, last = raw(port, b'{"type": "audio-start", "data": {"rate": 16000}}\n')
            assert last["data"]["code"] == "streams"
        assert text(talk(port, lambda client: say(client, SAID))) == "ab ba"
        until_true(lambda: server.service.admission.streams == 0)


def test_sigterm_ends_a_command_with_its_transcript() -> None:
    with wyoming() as (server, port):

        async def exchange(client: AsyncTcpClient) -> list[Event]:
            await client.write_event(AudioStart(**RATE).event())
            await client.write_event(AudioChunk(audio=pcm(SAID), **RATE).event())
            await until(client, "transcript-start")
            server.server.handle_exit(15, None)
            return await until(client, "transcript-stop")

        assert text(talk(port, exchange)) == "ab ba"
