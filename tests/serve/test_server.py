"""The server itself: health, metrics, tokens, origins, proxies, TLS, limits per address, faults of clients."""

import json
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from deepspeech.audio.formats import wav_bytes
from deepspeech.runtime.engines.engine import States
from deepspeech.serve.admission import Admission
from deepspeech.serve.limits import Limits, Refused
from deepspeech.serve.models import Models, ServedModel
from tests.fakes import ToneSession, silence, spoken
from tests.serve.running import LONGER, RATE_HZ, SAID, Running, pcm, running, until

WAV = wav_bytes(SAID, RATE_HZ)


def finals(socket: Any) -> list[str]:
    return [value["text"] for value in map(json.loads, socket) if value["type"] == "final"]


def test_health_and_readiness(server: Running) -> None:
    assert httpx.get(f"{server.http}/health").json() == {"status": "ok"}
    assert httpx.get(f"{server.http}/ready").status_code == 200


def test_readiness_tells_of_draining_and_new_requests_are_refused() -> None:
    with running(limits=Limits(drain_s=30)) as server:
        with server.service.admission.upload("one that takes long"):
            server.server.handle_exit(15, None)
            until(lambda: server.service.admission.draining.is_set())
            assert httpx.get(f"{server.http}/ready").json() == {"status": "draining"}
            found = httpx.post(f"{server.http}/stt", content=WAV)
            assert (found.status_code, found.headers["retry-after"]) == (503, "5")
            with connect(f"{server.ws}/stream") as refused:
                assert json.loads(refused.recv())["code"] == "draining"
            assert not server.server.should_exit
        until(lambda: server.server.should_exit)


def test_metrics_count_streams_batches_and_refusals() -> None:
    with running(limits=Limits(uploads=1)) as server:
        with connect(f"{server.ws}/stream") as stream:
            stream.send(pcm(LONGER))
            stream.recv()
            assert "deepspeech_streams 1" in httpx.get(f"{server.http}/metrics").text
            stream.send('{"type": "finish"}')
            assert finals(stream) == ["ab", "dc"]
        httpx.post(f"{server.http}/stt", content=WAV)
        httpx.post(f"{server.http}/stt?model=no", content=WAV)
        page = httpx.get(f"{server.http}/metrics").text
    assert 'deepspeech_requests_total{model="tones",protocol="stt"} 1' in page
    assert 'deepspeech_refusals_total{cause="model_not_found"} 1' in page
    assert "deepspeech_final_latency_seconds_count 2" in page
    assert "deepspeech_real_time_factor_count 1" in page
    assert 'deepspeech_batch_size_bucket{le="1"}' in page
    for line in page.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


def test_tokens(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("abc\ndéf\n")
    with running(tokens_file=str(tmp_path / "tokens")) as server:
        for path in ("/health", "/ready", "/", "/page/none.js"):
            assert httpx.get(server.http + path).status_code in (200, 404)
        for path in ("/metrics", "/v1/models"):
            found = httpx.get(server.http + path)
            assert (found.status_code, found.headers["www-authenticate"]) == (401, "Bearer")
            assert found.json()["error"]["code"] == "invalid_api_key"
            assert httpx.get(server.http + path, headers={"authorization": "Bearer ab"}).status_code == 401
            assert httpx.get(server.http + path, headers={"authorization": "Bearer abc"}).status_code == 200
        for given in ({}, {"additional_headers": {"authorization": "Bearer x"}}):
            with pytest.raises(InvalidStatus, match="401"), connect(f"{server.ws}/stream", **given):
                pass
        with connect(f"{server.ws}/stream", additional_headers={"authorization": "bearer abc"}) as stream:
            stream.send('{"type": "finish"}')
        # As a browser must, for it cannot set headers.
        with connect(f"{server.ws}/v1/realtime", subprotocols=["realtime", "openai-insecure-api-key.abc"]) as stream:  # type: ignore[list-item]
            assert stream.subprotocol == "realtime"


def test_pages_of_other_origins(server: Running) -> None:
    with pytest.raises(InvalidStatus, match="403"), connect(f"{server.ws}/stream", origin="https://evil.org"):  # type: ignore[arg-type]
        pass
    with connect(f"{server.ws}/stream", origin=server.http) as stream:  # type: ignore[arg-type]
        stream.send('{"type": "finish"}')
    found = httpx.get(f"{server.http}/v1/models", headers={"origin": "https://good.org"})
    assert "access-control-allow-origin" not in found.headers


def test_origins_that_are_allowed() -> None:
    with running(cors_origins=("https://good.org",)) as server:
        with connect(f"{server.ws}/stream", origin="https://good.org") as stream:  # type: ignore[arg-type]
            stream.send('{"type": "finish"}')
        for origin, expected in (("https://good.org", "https://good.org"), ("https://evil.org", None)):
            found = httpx.get(f"{server.http}/v1/models", headers={"origin": origin})
            assert found.headers.get("access-control-allow-origin") == expected


@pytest.mark.parametrize(("trusted", "expected"), [((), "127.0.0.1"), (("127.0.0.1",), "192.0.2.7")])
def test_a_proxys_headers_count_only_where_it_is_trusted(trusted: tuple[str, ...], expected: str) -> None:
    with running(trusted_proxies=trusted) as server:
        httpx.post(f"{server.http}/stt", content=WAV, headers={"x-forwarded-for": "192.0.2.7"})
        (line,) = until(lambda: server.logged("upload"))
    assert line["address"] == expected


def test_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("needs openssl")
    with running(tls_certificate=str(certificate), tls_key=str(key)) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        assert httpx.get(f"https://127.0.0.1:{server.port}/health", verify=context).status_code == 200
        with connect(f"wss://127.0.0.1:{server.port}/stream", ssl=context) as stream:
            stream.send(pcm(SAID))
            stream.send('{"type": "finish"}')
            assert finals(stream) == ["ab ba"]


def test_limits_of_an_address_pass_with_time() -> None:
    now = [0.0]
    admission = Admission(Limits(requests_per_minute=2, streams_per_address=1), lambda: now[0])
    with admission.stream("a"):
        with pytest.raises(Refused, match="streams come from this address"), admission.stream("a"):
            pass
        with admission.stream("b"):
            pass
    with pytest.raises(Refused, match="in a minute"), admission.upload("a"):
        pass
    now[0] = 61.0
    with admission.stream("a"):
        assert admission.streams == 1


def test_an_error_of_one_stream_does_not_disturb_another_and_is_not_told_in_detail() -> None:
    class Once(ToneSession):
        def step(self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None) -> Any:
            if failing:
                failing.clear()
                raise ValueError("secret")
            return super().step(chunk_BTF, states, outputs_B)

    failing = [True]
    with running(lambda batcher: Models([ServedModel.of("tones", Once(), batcher)])) as server:
        with connect(f"{server.ws}/stream") as bad:
            bad.send(pcm(SAID))
            while (message := json.loads(bad.recv(timeout=20)))["type"] != "error":
                pass
            with pytest.raises(ConnectionClosed) as closed:
                bad.recv(timeout=20)
        assert message["message"] == "an error of the server"
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
        with connect(f"{server.ws}/stream") as good:
            good.send(pcm(SAID))
            good.send('{"type": "finish"}')
            assert finals(good) == ["ab ba"]
        (line,) = server.logged("failure")
        assert "ValueError: secret" in line["error"]


def test_clients_that_vanish_leave_nothing_behind() -> None:
    with running(limits=Limits(requests_per_minute=10_000)) as server:
        for number in range(30):
            with connect(f"{server.ws}/stream") as stream:
                stream.send(pcm(SAID)[: 1000 * number])
                stream.socket.shutdown(socket.SHUT_RDWR)
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", server.port)) as half:
                half.sendall(b"POST /stt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nRIFF")
        until(lambda: not server.service.admission.streams and not server.service.admission.uploads)
        assert {line["status"] for line in until(lambda: server.logged("stream"))} == {"disconnected"}


def test_a_slow_upload_is_given_up() -> None:
    with running(limits=Limits(idle_s=0.3)) as server, socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(b"POST /stt HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nRIFF")
        slow.settimeout(20)
        assert b"408" in slow.recv(1000).split(b"\r\n")[0]


def test_streams_go_on_while_recordings_are_transcribed(server: Running) -> None:
    """All upload threads are at work; a stream gets its final nevertheless, and everybody the right text."""
    long, texts = wav_bytes(np.tile(LONGER, 12), RATE_HZ), list[str]()

    def upload() -> None:
        texts.append(httpx.post(f"{server.http}/stt", content=long, timeout=120).text)

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    with connect(f"{server.ws}/stream") as stream:
        stream.send(pcm(SAID))
        stream.send('{"type": "finish"}')
        assert finals(stream) == ["ab ba"]
    for thread in threads:
        thread.join(120)
    assert set(texts) == {" ".join(["ab dc"] * 12)}


def test_many_streams_at_once_are_batched_and_each_gets_its_own_text() -> None:
    class Slow(ToneSession):
        def step(self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None) -> Any:
            time.sleep(0.01)
            return super().step(chunk_BTF, states, outputs_B)

    said = {text: np.concatenate([silence(0.3), spoken(text), silence(0.5)]) for text in ("ab", "dc", "a b c d", "dad")}
    heard: list[tuple[str, list[str]]] = []
    with running(lambda batcher: Models([ServedModel.of("tones", Slow(), batcher)])) as server:

        def speak(text: str) -> None:
            with connect(f"{server.ws}/stream") as stream:
                data = pcm(said[text])
                for first in range(0, len(data), 3200):
                    stream.send(data[first : first + 3200])
                stream.send('{"type": "finish"}')
                heard.append((text, finals(stream)))

        threads = [threading.Thread(target=speak, args=(text,)) for text in said for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        page = server.service.metrics.text()
    assert len(heard) == 20
    for text, found in heard:
        assert found == [text]
    alone = float(page.split('deepspeech_batch_size_bucket{le="1"} ')[1].split("\n")[0])
    every = float(page.split("deepspeech_batch_size_count ")[1].split("\n")[0])
    assert alone < every, "no step was shared"
