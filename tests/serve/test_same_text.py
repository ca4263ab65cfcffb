"""The same sound through every protocol gives the text of `deepspeech transcribe`, with hot phrases and without.

The network is unsure, so phrases decide; what transcribe hears with them is another text.
"""

import asyncio
import base64
import json
import shutil
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from deepspeech.audio.formats import wav_bytes
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.serve.models import Models, ServedModel
from deepspeech.serve.protocols.wyoming import wyoming_server
from tests.fakes import ToneSession
from tests.serve.running import RATE_HZ, SAID, Running, cut, pcm, running

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it uses audioop
    pytest.importorskip("wyoming.audio", reason="needs Wyoming's client")
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient

WAV = wav_bytes(SAID, RATE_HZ)
SIZES = (313, 8000, 1)
Heard = Callable[[Running, list[str]], str]


@pytest.fixture(scope="module")
def unsure() -> Iterator[Running]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    load = lambda batcher: Models([ServedModel.of("tones", ToneSession(0.4), batcher)])  # noqa: E731
    with running(load, beside=lambda service: wyoming_server(service, bound)) as server:
        server.wyoming = bound.getsockname()[1]  # type: ignore[attr-defined]
        yield server


def rest(server: Running, phrases: list[str], **data: Any) -> str:
    url = f"{server.http}/v1/audio/transcriptions"
    return httpx.post(url, data={"keywords[]": phrases, **data}, files={"file": ("a.wav", WAV)}, timeout=60).text


def as_json(server: Running, phrases: list[str]) -> str:
    return str(json.loads(rest(server, phrases))["text"])


def as_events(server: Running, phrases: list[str]) -> str:
    *_, done = [line for line in rest(server, phrases, stream="true").split("\n\n") if line]
    return str(json.loads(done.removeprefix("data: "))["text"])


def prompted(server: Running, phrases: list[str]) -> str:
    url = f"{server.http}/v1/audio/transcriptions"
    prompt = " ".join(phrase.partition(":")[0] for phrase in phrases)
    return str(httpx.post(url, data={"prompt": prompt}, files={"file": ("a.wav", WAV)}).json()["text"])


def plain(server: Running, phrases: list[str], endpoints: bool = True) -> str:
    with connect(f"{server.ws}/stream") as stream:
        stream.send(json.dumps({"type": "start", "hot_phrases": phrases, "endpoints": endpoints}))
        for chunk in cut(pcm(SAID), *SIZES):
            stream.send(chunk)
        stream.send('{"type": "finish"}')
        return " ".join(one["text"] for one in map(json.loads, stream) if one["type"] == "final" and one["text"])


def plain_whole(server: Running, phrases: list[str]) -> str:
    return plain(server, phrases, endpoints=False)


def vosk(server: Running, phrases: list[str]) -> str:
    with connect(f"{server.ws}/vosk") as stream:
        stream.send(json.dumps({"config": {"sample_rate": RATE_HZ, "phrase_list": phrases}}))
        found = []
        for message in [*cut(pcm(SAID), 8000), '{"eof": 1}']:
            stream.send(message)
            found.append(json.loads(stream.recv(timeout=20)).get("text"))
        return " ".join(text for text in found if text)


def realtime(server: Running, phrases: list[str]) -> str:
    source = {"format": {"type": "audio/pcm", "rate": RATE_HZ}, "transcription": {"keywords": phrases},
              "turn_detection": None}  # fmt: skip
    with connect(f"{server.ws}/v1/realtime") as stream:
        stream.send(json.dumps({"type": "session.update", "session": {"audio": {"input": source}}}))
        for chunk in cut(pcm(SAID), *SIZES):
            stream.send(json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(chunk).decode()}))
        stream.send('{"type": "input_audio_buffer.commit"}')
        while not (message := json.loads(stream.recv(timeout=20)))["type"].endswith(".completed"):
            pass
        return str(message["transcript"])


def wyoming(server: Running, phrases: list[str]) -> str:
    rate = {"rate": RATE_HZ, "width": 2, "channels": 1}

    async def exchange() -> str:
        async with AsyncTcpClient("127.0.0.1", server.wyoming) as client:  # type: ignore[attr-defined]
            names = [phrase.partition(":")[0] for phrase in phrases]
            await client.write_event(Transcribe(transcript_names=names).event())
            await client.write_event(AudioStart(**rate).event())
            for chunk in cut(pcm(SAID), 1024):
                await client.write_event(AudioChunk(audio=chunk, **rate).event())
            await client.write_event(AudioStop().event())
            while (event := await client.read_event()) is not None:
                if Transcript.is_type(event.type):
                    return Transcript.from_event(event).text
        raise AssertionError("no transcript")

    return asyncio.run(exchange())


def expected(server: Running, phrases: list[str]) -> str:
    model = server.service.models["tones"]
    recognizer = model.with_phrases(model.uploads, HotPhrases.parse(phrases) if phrases else None)
    (found,) = recognizer.transcribe_all([WAV])
    assert not isinstance(found, Exception)
    return found.text


@pytest.mark.parametrize("heard", [as_json, as_events, prompted, plain, plain_whole, vosk, realtime, wyoming])
def test_every_protocol_hears_what_transcribe_hears(unsure: Running, heard: Heard) -> None:
    phrases = ["ad:1", "bd:1"]
    without, swayed = expected(unsure, []), expected(unsure, phrases)
    assert without != swayed
    assert heard(unsure, []) == without
    assert heard(unsure, phrases) == swayed


def test_old_path_and_curl(unsure: Running, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if not curl:
        pytest.skip("needs curl")
    (tmp_path / "a.wav").write_bytes(WAV)

    def text(*arguments: str) -> str:
        return subprocess.run([curl, "-sf", *arguments], check=True, capture_output=True, text=True).stdout.strip()

    assert text("--data-binary", f"@{tmp_path}/a.wav", f"{unsure.http}/stt") == expected(unsure, [])
    form = ("-F", "model=tones", "-F", "response_format=text", "-F", "keywords[]=ad:1", "-F", "keywords[]=bd:1")
    found = text(*form, "-F", f"file=@{tmp_path}/a.wav", f"{unsure.http}/v1/audio/transcriptions")
    assert found == expected(unsure, ["ad:1", "bd:1"])
