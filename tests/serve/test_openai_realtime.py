"""OpenAI's Realtime transcription sessions, with OpenAI's own client, and bare messages for what it would not send."""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("openai", reason="needs OpenAI's client")
import openai
from websockets.sync.client import connect

from tests.fakes import silence, spoken
from tests.serve.running import Running, cut, pcm

RATE_HZ = 24_000
SOUND = np.concatenate([silence(0.3, RATE_HZ), spoken("ab", RATE_HZ), silence(1.6, RATE_HZ), spoken("dc", RATE_HZ),
                        silence(1.6, RATE_HZ)])  # fmt: skip


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[Any]:
    with openai.OpenAI(api_key="none", websocket_base_url=f"{server.ws}/v1") as found:
        yield found


def session(turns: Any, **transcription: Any) -> dict[str, Any]:
    source = {"format": {"type": "audio/pcm", "rate": RATE_HZ}, "turn_detection": turns, "transcription": transcription}
    return {"type": "transcription", "audio": {"input": source}}


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Bare:
    """A session without a client library."""

    def __init__(self, server: Running, path: str = "/v1/realtime?intent=transcription") -> None:
        self._connecting = connect(server.ws + path)

    def __enter__(self) -> "Bare":
        self.socket = self._connecting.__enter__()
        self.first = self.next()
        return self

    def __exit__(self, *reason: Any) -> None:
        self._connecting.__exit__(*reason)

    def send(self, kind: str, **values: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **values}))

    def next(self) -> dict[str, Any]:
        return json.loads(self.socket.recv(timeout=20))

    def until(self, kind: str) -> list[dict[str, Any]]:
        found = [self.next()]
        while found[-1]["type"] != kind:
            found.append(self.next())
        return found

    def append(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self.send("input_audio_buffer.append", audio=encoded(chunk))


COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"


@pytest.mark.filterwarnings("ignore:connect.. must be used as a context manager")  # OpenAI's client does not
def test_turns_of_the_server_with_openais_client(client: Any) -> None:
    turns = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 100, "silence_duration_ms": 600}
    with client.realtime.connect(model="tones", extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(session=session(turns, model="other", prompt="ab"))
        shown = connection.recv()
        assert shown.type == "session.updated"
        assert shown.session.audio.input.transcription.model == "other"
        assert shown.session.audio.input.turn_detection.silence_duration_ms == 600
        for chunk in cut(pcm(SOUND), 4800):
            connection.input_audio_buffer.append(audio=encoded(chunk))
        events = [connection.recv()]
        while sum(event.type == COMPLETED for event in events) < 2:
            events.append(connection.recv())
    kinds = [event.type for event in events if event.type != DELTA]
    assert kinds == [
        "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed",
        "conversation.item.added", COMPLETED,
    ] * 2  # fmt: skip
    first, second = (event for event in events if event.type == COMPLETED)
    assert (first.transcript, second.transcript) == ("ab", "dc")
    assert first.item_id != second.item_id
    assert (first.usage.type, 1 < first.usage.seconds < 3) == ("duration", True)
    for done in (first, second):
        deltas = [event.delta for event in events if event.type == DELTA and event.item_id == done.item_id]
        assert "".join(deltas) == done.transcript
    committed = [event for event in events if event.type == "input_audio_buffer.committed"]
    assert [event.previous_item_id for event in committed] == [None, first.item_id]
    started = [event for event in events if event.type == "input_audio_buffer.speech_started"]
    assert 100 <= started[0].audio_start_ms <= 400
    assert started[0].item_id == first.item_id
    assert started[1].audio_start_ms > 1500


def test_turns_of_the_client(server: Running) -> None:
    with Bare(server) as bare:
        bare.send("session.update", session=session(None))
        assert bare.next()["session"]["audio"]["input"]["turn_detection"] is None
        for said in ("ab", "ba dc"):
            bare.append(cut(pcm(np.concatenate([silence(0.2, RATE_HZ), spoken(said, RATE_HZ)])), 1001))
            bare.send("input_audio_buffer.commit")
            events = bare.until(COMPLETED)
            assert events[-1]["transcript"] == said
            assert "input_audio_buffer.speech_started" not in {event["type"] for event in events}
            assert len({event["item_id"] for event in events if "item_id" in event}) == 1
        bare.send("input_audio_buffer.commit", event_id="mine")
        error = bare.next()
        assert (error["type"], error["error"]["code"]) == ("error", "input_audio_buffer_commit_empty")
        assert error["error"]["event_id"] == "mine"


def test_what_is_cleared_is_not_transcribed(server: Running) -> None:
    with Bare(server) as bare:
        bare.send("session.update", session=session(None))
        bare.next()
        bare.append([pcm(spoken("ab", RATE_HZ))])
        bare.send("input_audio_buffer.clear")
        bare.until("input_audio_buffer.cleared")
        bare.append([pcm(np.concatenate([silence(0.2, RATE_HZ), spoken("dc", RATE_HZ)]))])
        bare.send("input_audio_buffer.commit")
        assert bare.until(COMPLETED)[-1]["transcript"] == "dc"


def test_the_betas_update_and_telephone_formats(server: Running) -> None:
    for name in ("g711_ulaw", "g711_alaw"):
        with Bare(server) as bare:
            assert bare.first["type"] == "session.created"
            settings = {"input_audio_format": name, "input_audio_transcription": {"model": "tones"},
                        "turn_detection": None, "include": ["item.input_audio_transcription.logprobs"]}  # fmt: skip
            bare.send("transcription_session.update", session=settings)
            shown = bare.next()
            assert shown["type"] == "transcription_session.updated"
            assert shown["session"]["audio"]["input"]["format"] == {"type": f"audio/pcm{name[5]}"}
            bare.append([b"\xff" * 8000])
            bare.send("input_audio_buffer.commit")
            assert bare.until(COMPLETED)[-1]["logprobs"] == []


def test_semantic_turns(server: Running) -> None:
    with Bare(server) as bare:
        bare.send("session.update", session=session({"type": "semantic_vad", "eagerness": "high"}))
        assert bare.next()["session"]["audio"]["input"]["turn_detection"] == {
            "type": "semantic_vad",
            "eagerness": "high",
        }
        bare.append([pcm(SOUND)])
        assert bare.until(COMPLETED)[-1]["transcript"] == "ab"


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"type": "session.update"}, "session"),
        ({"type": "session.update", "session": {"type": "realtime"}}, "session.type"),
        ({"type": "session.update", "session": {"audio": []}}, "session.audio"),
        ({"type": "session.update", "session": {"audio": {"input": {"format": {"type": "mp3"}}}}}, "format"),
        (
            {"type": "session.update", "session": {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 1}}}}},
            "rate",
        ),
        ({"type": "session.update", "session": {"audio": {"input": {"transcription": {"model": "no"}}}}}, "model"),
        ({"type": "session.update", "session": {"audio": {"input": {"transcription": {"keywords": 1}}}}}, "keywords"),
        ({"type": "session.update", "session": {"turn_detection": {"type": "magic"}}}, "turn_detection.type"),
        ({"type": "session.update", "session": {"turn_detection": {"threshold": 7}}}, "threshold"),
        ({"type": "input_audio_buffer.append"}, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "a b"}, "audio"),
        ({"type": "response.create"}, "type"),
        ({"type": 1}, "type"),
    ],
)
def test_mistakes_are_told_and_the_session_goes_on(server: Running, message: dict[str, Any], param: str) -> None:
    with Bare(server) as bare:
        bare.socket.send(json.dumps(message))
        error = bare.next()
        assert error["type"] == "error"
        assert error["event_id"]
        assert error["error"]["param"] == param
        bare.append([pcm(SOUND)])
        assert bare.until(COMPLETED)[-1]["transcript"] == "ab"


def test_sigterm_completes_the_item_under_way(server: Running) -> None:
    from tests.serve.running import running

    with running() as other, Bare(other) as bare:
        bare.append([pcm(np.concatenate([silence(0.2, RATE_HZ), spoken("ab", RATE_HZ)]))])
        bare.until("input_audio_buffer.speech_started")
        other.server.handle_exit(15, None)
        assert bare.until(COMPLETED)[-1]["transcript"] == "ab"
