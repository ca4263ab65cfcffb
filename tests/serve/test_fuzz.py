"""Malformed messages of every protocol: the server answers or closes, never breaks, and the next stream is right.

What is sent are damaged copies of valid messages, which reach deeper than noise does.
"""

import base64
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from deepspeech.audio.formats import wav_bytes
from deepspeech.serve.limits import Limits
from deepspeech.serve.protocols.wyoming import wyoming_server
from tests.serve.running import RATE_HZ, SAID, Running, pcm, running, until

# As many as the profile says where that is more than usual.
FEW = settings(max_examples=40 if settings().max_examples <= 100 else settings().max_examples, deadline=None)
LIMITS = Limits(requests_per_minute=1_000_000, idle_s=0.5, upload_s=10, upload_mb=2)
WAV = wav_bytes(SAID[:8000], RATE_HZ)

damages = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 6)), min_size=1, max_size=4)


def damaged(data: bytes, edits: list[tuple[float, bytes, int]]) -> bytes:
    """`data` with bytes inserted in the place of others."""
    for place, inserted, removed in edits:
        at = int(place * len(data))
        data = data[:at] + inserted + data[at + removed :]
    return data


BASE64 = base64.b64encode(pcm(SAID)[:4000])
simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
values = st.recursive(
    simple, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
names = st.sampled_from([
    "type", "model", "rate_hz", "hot_phrases", "endpoints", "silence_s", "alternatives", "language", "config", "eof",
    "reset", "sample_rate", "words", "max_alternatives", "phrase_list", "session", "audio", "input", "format",
    "transcription", "turn_detection", "keywords", "prompt", "include", "event_id", "threshold", "rate", "width",
])  # fmt: skip
kinds = st.sampled_from([
    "start", "finish", "session.update", "transcription_session.update", "input_audio_buffer.append",
    "input_audio_buffer.commit", "input_audio_buffer.clear", "transcribe", "audio-start", "audio-chunk", "audio-stop",
])  # fmt: skip
objects = st.recursive(
    st.dictionaries(names, values | kinds, max_size=4), lambda inner: st.dictionaries(names, inner | values, max_size=4)
)
appended = st.builds(
    lambda edits: json.dumps({"type": "input_audio_buffer.append", "audio": damaged(BASE64, edits).decode("latin-1")}),
    damages,
)
messages = st.one_of(
    appended,
    st.binary(max_size=4000),
    st.text(max_size=50),
    st.builds(lambda kind, rest: json.dumps({**rest, "type": kind}), kinds, objects),
    objects.map(json.dumps),
    st.just(pcm(SAID)[:8000]),
)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """Making one takes longer than a request."""
    with httpx.Client(timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[Running, int]]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    with running(limits=LIMITS, beside=lambda one: wyoming_server(one, bound)) as server:
        yield server, bound.getsockname()[1]
        until(lambda: not server.service.admission.streams and not server.service.admission.uploads, 20)
        assert not server.logged("failure"), server.logged("failure")
        assert _heard(server) == ["ab ba"]


def _heard(server: Running) -> list[str]:
    with connect(f"{server.ws}/stream") as stream:
        stream.send(pcm(SAID))
        stream.send('{"type": "finish"}')
        return [value["text"] for value in map(json.loads, stream) if value["type"] == "final"]


@pytest.mark.parametrize("path", ["/stream", "/vosk", "/v1/realtime"])
@FEW
@given(sent=st.lists(messages, max_size=5))
def test_websockets(fuzzed: tuple[Running, int], path: str, sent: list[str | bytes]) -> None:
    with connect(fuzzed[0].ws + path, close_timeout=2) as stream:
        try:
            for message in sent:
                stream.send(message)
        except ConnectionClosed:
            return


@FEW
@given(edits=damages)
def test_recordings(fuzzed: tuple[Running, int], http: httpx.Client, edits: list[tuple[float, bytes, int]]) -> None:
    body = damaged(WAV[:200], edits) + WAV[200:]
    found = http.post(f"{fuzzed[0].http}/stt", content=body)
    assert found.status_code in (200, 400, 413), found.text


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\ntones\r\n'
    b'--x\r\nContent-Disposition: form-data; name="stream"\r\n\r\ntrue\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + WAV[:4000] + b"\r\n--x--\r\n"
)


@FEW
@given(
    edits=damages, kind=st.sampled_from(["multipart/form-data; boundary=x", "multipart/form-data; boundary=", "text"])
)
def test_forms(
    fuzzed: tuple[Running, int], http: httpx.Client, edits: list[tuple[float, bytes, int]], kind: str
) -> None:
    body = damaged(FORM[:300], edits) + FORM[300:]
    url = f"{fuzzed[0].http}/v1/audio/transcriptions"
    found = http.post(url, content=body, headers={"content-type": kind})
    assert found.status_code in (200, 400, 404, 413), found.text


EVENTS = (
    b'{"type": "describe"}\n{"type": "transcribe", "data": {"name": "tones"}}\n'
    b'{"type": "audio-start", "data": {"rate": 16000, "width": 2, "channels": 1}}\n'
    b'{"type": "audio-chunk", "data_length": 41, "payload_length": 64}\n{"rate": 16000, "width": 2, "channels": 1}'
    + bytes(64)
    + b'{"type": "audio-stop"}\n'
)


@FEW
@given(edits=damages)
def test_wyoming(fuzzed: tuple[Running, int], edits: list[tuple[float, bytes, int]]) -> None:
    with socket.create_connection(("127.0.0.1", fuzzed[1]), timeout=20) as connection:
        try:
            connection.sendall(damaged(EVENTS, edits))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
        except ConnectionError:
            pass


@FEW
@given(edits=damages)
def test_frames(fuzzed: tuple[Running, int], edits: list[tuple[float, bytes, int]]) -> None:
    """Bytes of WebSocket frames themselves."""
    frame = b"\x82\xfe\x00\x80\x01\x02\x03\x04" + bytes(128) + b"\x81\x85\x01\x02\x03\x04" + b"zy\x0e\x0e}"
    request = (
        b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", fuzzed[0].port), timeout=20) as connection:
        try:
            connection.sendall(request + damaged(frame * 2, edits))
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
        except ConnectionError:
            pass
