"""`deepspeech serve`: what it checks, what it refuses, and one real process from start to SIGTERM."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the serve extra")
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from deepspeech.audio.formats import write_wav
from deepspeech.audio.pcm import float_to_int16
from tests.fakes import tones


def test_check_says_what_would_be_served(deepspeech: Any, tiny_model: Path, word_scorer: Path) -> None:
    code, out, _ = deepspeech(
        "serve", "--model", f"en={tiny_model}", "--scorer", f"en={word_scorer}", "--check", "--port", "9123"
    )
    assert code == 0
    assert "127.0.0.1:9123" in out
    assert f"model en: en, streams and recordings, scorer {word_scorer}" in out
    assert "limits.streams = 64" in out


def test_options_from_the_environment(deepspeech: Any, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSPEECH_SERVE_MODEL", f"en={tiny_model} fr={tiny_model}")
    monkeypatch.setenv("DEEPSPEECH_SERVE_HOST", "0.0.0.0")
    monkeypatch.setenv("DEEPSPEECH_SERVE_PORT", "9124")
    code, out, _ = deepspeech("serve", "--check", "--port", "9125")
    assert code == 0
    assert "0.0.0.0:9125, 1 worker\n" in out
    assert "model fr: " in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--model"),
        (("--model", "gone.onnx"), "gone.onnx"),
        (("--model", "en={model}", "--scorer", "fr=x.scorer"), "no --model is called fr"),
        (("--model", "a={model}", "--model", "a={model}"), "two models are named 'a'"),
        (("--model", "{model}", "--tls-key", "k"), "both files"),
        (("--model", "{model}", "--tokens-file", "gone"), "gone: the tokens cannot be read"),
        (("--model", "{model}", "--tls-key", "gone", "--tls-certificate", "gone"), "gone: cannot be read as tls_cert"),
    ],
)
def test_mistakes_are_one_line(deepspeech: Any, tiny_model: Path, arguments: tuple[str, ...], told: str) -> None:
    code, _, err = deepspeech("serve", *(one.format(model=tiny_model) for one in arguments))
    assert code == 2
    assert told in err
    assert err.count("\n") == 1


def _serving(model: Path, workers: int, *options: str) -> subprocess.Popen[str]:
    """The command in a process of its own, at a free port; its log is the pipe stderr."""
    command = [sys.executable, "-m", "deepspeech", "serve", "--model", str(model), "--port", "0"]
    command += ["--workers", str(workers), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"})


@pytest.mark.parametrize("workers", [1, 2])
def test_a_process_serves_what_transcribe_hears_until_sigterm(
    workers: int, deepspeech: Any, hearing_model: Path, word_scorer: Path, tmp_path: Path
) -> None:
    sound = tones("ab dc abba bad")
    write_wav(tmp_path / "a.wav", sound, 16000)
    _, expected, _ = deepspeech("transcribe", "--model", hearing_model, "--scorer", word_scorer, tmp_path / "a.wav")
    assert len(expected.split()) > 1
    with _serving(hearing_model, workers, "--scorer", str(word_scorer)) as server:
        assert server.stderr is not None
        try:
            port = re.search(r":(\d+)", json.loads(server.stderr.readline())["address"].removeprefix("http:"))
            assert port
            url = f"ws://127.0.0.1:{port[1]}/stream"
            with connect(url, open_timeout=60) as first, connect(url, open_timeout=60) as second:
                for socket in (first, second):
                    socket.send(float_to_int16(sound).tobytes())
                first.send('{"type": "finish"}')
                assert _text(first) == expected.strip()
                server.send_signal(signal.SIGTERM)
                assert _text(second) == expected.strip()
                assert second.close_code == 1012
            assert server.wait(30) == 0
        finally:
            server.kill()


def _text(socket: Any) -> str:
    messages = []
    try:
        while True:
            messages.append(json.loads(socket.recv(timeout=60)))
    except Exception:
        return " ".join(message["text"] for message in messages if message["type"] == "final")


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_the_others_streams_go_on(hearing_model: Path) -> None:
    sound = float_to_int16(tones("ab dc abba bad")).tobytes()
    with _serving(hearing_model, 2) as server:
        assert server.stderr is not None
        started = [json.loads(server.stderr.readline()) for _ in range(2)]
        url = started[0]["address"].replace("http", "ws") + "/stream"
        try:
            streams = [connect(url, open_timeout=60) for _ in range(6)]
            opened = [stream.__enter__() for stream in streams]
            for stream in opened:
                stream.send(sound)
                stream.recv(timeout=60)
            os.kill(started[0]["process"], signal.SIGKILL)
            for stream in opened:
                with suppress(ConnectionClosed):
                    stream.send('{"type": "finish"}')
            alone = {_text(stream) for stream in opened} - {""}
            assert len(alone) <= 1, "a stream is either lost with its worker, or right"
            assert json.loads(server.stderr.readline())["event"] in ("stream", "worker died")
            with connect(url, open_timeout=60) as stream:
                stream.send(sound)
                stream.send('{"type": "finish"}')
                assert {_text(stream)} >= alone
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0
        finally:
            server.kill()


@pytest.mark.slow
def test_workers_drain_when_the_process_that_holds_them_is_killed(hearing_model: Path) -> None:
    sound = float_to_int16(tones("ab dc abba bad")).tobytes()
    with _serving(hearing_model, 2) as server:
        assert server.stderr is not None
        started = [json.loads(server.stderr.readline()) for _ in range(2)]
        url = started[0]["address"].replace("http", "ws") + "/stream"
        try:
            with connect(url, open_timeout=60) as stream:
                stream.send(sound)
                stream.recv(timeout=60)
                server.kill()
                assert _text(stream)
                assert stream.close_code == 1012
            server.stderr.read()  # ends with the last worker
        finally:
            for line in started:
                with suppress(ProcessLookupError):
                    os.kill(line["process"], signal.SIGKILL)


@pytest.mark.parametrize("workers", [1, 2])
def test_streams_and_sigterm_do_not_need_a_reader_of_the_log(hearing_model: Path, workers: int) -> None:
    with _serving(hearing_model, workers) as server:
        assert server.stderr is not None
        try:
            for _ in range(workers):
                url = json.loads(server.stderr.readline())["address"].replace("http", "ws") + "/stream"
            server.stderr.close()
            for _ in range(2 * workers):
                with connect(url, open_timeout=60) as stream:
                    stream.send(float_to_int16(tones("ab dc")).tobytes())
                    stream.send('{"type": "finish"}')
                    assert _text(stream)
                    assert stream.close_code == 1000
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()
