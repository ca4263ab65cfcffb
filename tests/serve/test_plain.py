"""The server's own WebSocket: events as JSON."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from deepspeech.serve.limits import Limits
from tests.fakes import silence, spoken
from tests.serve.running import LONGER, SAID, Running, cut, pcm, running, until


def talk(url: str, messages: Iterable[bytes | dict[str, Any]], **given: Any) -> list[dict[str, Any]]:
    """Send messages and `finish`; returns everything that the server sends."""
    with connect(f"{url}/stream", **given) as socket:
        for message in messages:
            socket.send(message if isinstance(message, bytes) else json.dumps(message))
        socket.send('{"type": "finish"}')
        return [json.loads(message) for message in socket]


def finals(messages: list[dict[str, Any]]) -> list[str]:
    return [message["text"] for message in messages if message["type"] == "final"]


@pytest.mark.parametrize("sizes", [(3200,), (1, 7, 4001), (1 << 20,)])
def test_sound_in_events_out_however_it_is_cut(server: Running, sizes: tuple[int, ...]) -> None:
    messages = talk(server.ws, cut(pcm(LONGER), *sizes))
    assert messages[0] == {"type": "ready", "model": "tones", "rate_hz": 16000}
    assert finals(messages) == ["ab", "dc"]
    assert messages[-1] == {"type": "finished"}
    kinds = [message["type"] for message in messages if message["type"] != "partial"]
    assert kinds == ["ready", *["speech_started", "speech_stopped", "final"] * 2, "finished"]


def test_a_final_has_words_with_times_and_confidence(server: Running) -> None:
    (final,) = [message for message in talk(server.ws, [pcm(SAID)]) if message["type"] == "final"]
    assert [word["text"] for word in final["words"]] == ["ab", "ba"]
    assert 0.2 < final["words"][0]["start_s"] < 0.5
    assert 0 < final["words"][0]["confidence"] <= 1


def test_a_stream_may_be_configured(server: Running) -> None:
    start = {"type": "start", "model": "other", "rate_hz": 44100, "hot_phrases": ["ab:2"], "endpoints": False,
             "alternatives": 2}  # fmt: skip
    sound = np.concatenate([spoken("ab", 44100), silence(1.6, 44100), spoken("dc", 44100), silence(0.6, 44100)])
    messages = talk(server.ws, [start, pcm(sound)])
    assert messages[0] == {"type": "ready", "model": "other", "rate_hz": 44100}
    (final,) = finals(messages)
    assert final.replace(" ", "") == "abdc"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "start", "model": "../secret"}, "model_not_found"),
        ({"type": "start", "model": 5}, "invalid_type"),
        ({"type": "start", "rate_hz": 1}, "invalid_value"),
        ({"type": "start", "hot_phrases": ["ж"]}, "invalid_phrase"),
        ({"type": "start", "hot_phrases": ["ab:99"]}, "invalid_phrase"),
        ({"type": "start", "hot_phrases": ["a"] * 1001}, "too_many_phrases"),
        ({"type": "start", "colour": 1}, "invalid_request"),
        ({"type": "sing"}, "invalid_type"),
    ],
)
def test_what_is_wrong_is_told_and_ends_the_stream(server: Running, message: dict[str, Any], code: str) -> None:
    with connect(f"{server.ws}/stream") as socket:
        socket.send(json.dumps(message))
        told = json.loads(socket.recv())
        assert (told["type"], told["code"]) == ("error", code)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"' + "a" * 50, "[" * 2000])
def test_malformed_json_is_told(server: Running, text: str) -> None:
    with connect(f"{server.ws}/stream") as socket:
        socket.send(text)
        assert json.loads(socket.recv())["code"] == "invalid_json"


def test_overload_is_refused_at_once_with_a_time_to_come_back() -> None:
    with running(limits=Limits(streams=1)) as server, connect(f"{server.ws}/stream") as first:
        first.send(pcm(SAID))
        json.loads(first.recv())
        with connect(f"{server.ws}/stream") as second:
            assert json.loads(second.recv())["code"] == "streams"
            with pytest.raises(ConnectionClosed) as closed:
                second.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert "5 s" in closed.value.rcvd.reason
        assert second.response is not None
        assert second.response.headers["Retry-After"] == "5"
        first.send('{"type": "finish"}')
        assert finals([json.loads(message) for message in first]) == ["ab ba"]
        until(lambda: not server.service.admission.streams)
        assert finals(talk(server.ws, [pcm(SAID)])) == ["ab ba"]


def test_an_idle_stream_ends_with_its_final() -> None:
    with running(limits=Limits(idle_s=0.3)) as server, connect(f"{server.ws}/stream") as socket:
        socket.send(pcm(SAID))
        assert finals([json.loads(message) for message in socket_messages(socket)]) == ["ab ba"]
        assert socket.close_code == 1008


def test_a_stream_that_is_too_long_is_refused() -> None:
    with running(limits=Limits(stream_s=1.0)) as server:
        with connect(f"{server.ws}/stream") as socket:
            socket.send(pcm(LONGER))
            messages = [json.loads(message) for message in socket_messages(socket)]
        assert messages[-1]["code"] == "too_long"


def test_what_is_faster_than_allowed_waits() -> None:
    """Of 4.5 s of sound one second is let in at once; the rest at 10 times real time."""
    limits = Limits(burst_s=1.0, speed=10.0)
    with running(limits=limits) as server:
        talk(server.ws, [pcm(LONGER)])
        (line,) = until(lambda: server.logged("stream"))
    assert line["duration_s"] >= 0.2


def socket_messages(socket: Any) -> list[str]:
    found = []
    try:
        while True:
            found.append(socket.recv(timeout=20))
    except ConnectionClosed:
        return found


def test_sigterm_ends_accepted_streams_with_their_finals() -> None:
    with running() as server, connect(f"{server.ws}/stream") as socket:
        socket.send(pcm(SAID))
        json.loads(socket.recv())
        server.server.handle_exit(15, None)
        messages = [json.loads(message) for message in socket_messages(socket)]
        assert finals(messages) == ["ab ba"]
        assert messages[-1] == {"type": "finished"}
        assert socket.close_code == 1012
        until(lambda: server.server.should_exit)
