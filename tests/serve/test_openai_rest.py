"""OpenAI's REST API, with OpenAI's own client, unmodified, and bare httpx for what it would not send."""

import io
import json
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("openai", reason="needs OpenAI's client")
import httpx
import openai

from deepspeech.audio.formats import wav_bytes
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.serve.limits import Limits
from deepspeech.serve.models import Models, ServedModel
from tests.fakes import ToneSession, silence
from tests.serve.running import LONGER, RATE_HZ, SAID, Running, running, tone_models, until

FILE = ("hello.wav", wav_bytes(SAID, RATE_HZ))


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[Any]:
    with openai.OpenAI(base_url=f"{server.http}/v1", api_key="none", max_retries=0) as found:
        yield found


def post(server: Running, data: dict[str, Any], file: tuple[str, bytes] = FILE, **given: Any) -> httpx.Response:
    return httpx.post(f"{server.http}/v1/audio/transcriptions", data=data, files={"file": file}, timeout=60, **given)


def test_json(client: Any) -> None:
    found = client.audio.transcriptions.create(
        model="tones", file=FILE, language="en", temperature=0.2, prompt="ab, ж!"
    )
    assert found.text == "ab ba"
    assert (found.usage.type, round(found.usage.seconds, 1)) == ("duration", round(len(SAID) / RATE_HZ, 1))
    assert found.logprobs is None


def test_the_same_text_as_transcribe(client: Any, server: Running) -> None:
    (expected,) = server.service.models["tones"].uploads.transcribe_all([wav_bytes(LONG, RATE_HZ)])
    assert len(expected.segments) > 1  # type: ignore[union-attr]
    found = client.audio.transcriptions.create(model="tones", file=("a.wav", wav_bytes(LONG, RATE_HZ)))
    assert found.text == expected.text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("form", "expected"),
    [("text", "ab ba\n"), ("srt", "1\n00:00:00,"), ("vtt", "WEBVTT\n\n1\n00:00:00.")],
)
def test_text_and_subtitles(client: Any, form: str, expected: str) -> None:
    assert client.audio.transcriptions.create(model="tones", file=FILE, response_format=form).startswith(expected)


def test_verbose_json_has_words_and_segments(client: Any) -> None:
    found = client.audio.transcriptions.create(
        model="tones", file=FILE, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert [word.word for word in found.words] == ["ab", "ba"]
    assert found.words[0].end <= found.words[1].start
    assert [segment.text for segment in found.segments] == ["ab ba"]
    assert found.segments[0].avg_logprob <= 0
    assert found.duration == pytest.approx(len(SAID) / RATE_HZ, abs=0.01)
    only = client.audio.transcriptions.create(model="tones", file=FILE, response_format="verbose_json")
    assert only.words is None
    assert only.segments


def test_logprobs_are_those_of_words(client: Any) -> None:
    found = client.audio.transcriptions.create(model="tones", file=FILE, include=["logprobs"])
    assert [entry.token for entry in found.logprobs] == ["ab", " ba"]
    assert all(entry.logprob <= 0 for entry in found.logprobs)
    assert bytes(map(int, found.logprobs[1].bytes)) == b" ba"


def test_keywords_are_hot_phrases() -> None:
    """A network that is not sure is swayed by a phrase, here and in a live stream."""
    with (
        running(lambda batcher: Models([ServedModel.of("tones", ToneSession(0.3), batcher)])) as server,
        openai.OpenAI(base_url=f"{server.http}/v1", api_key="none") as client,
    ):
        model = server.service.models["tones"]
        swayed = model.with_phrases(model.uploads, HotPhrases({"add bad": 3.0})).transcribe(FILE[1]).text
        plain = model.uploads.transcribe(FILE[1]).text
        assert swayed != plain
        assert client.audio.transcriptions.create(model="tones", file=FILE).text == plain
        found = client.audio.transcriptions.create(model="tones", file=FILE, keywords=["add bad:3"])
        assert found.text == swayed


LONG = np.concatenate([LONGER, silence(28), LONGER])  # longer than one utterance may be


@pytest.mark.parametrize(("sound", "text"), [(SAID, "ab ba"), (LONG, "ab dc ab dc")])
def test_server_sent_events_append_up_to_the_text(client: Any, sound: np.ndarray, text: str) -> None:
    stream = client.audio.transcriptions.create(
        model="tones", file=("a.wav", wav_bytes(sound, RATE_HZ)), stream=True, include=["logprobs"]
    )
    events = list(stream)
    assert {event.type for event in events[:-1]} == {"transcript.text.delta"}
    assert events[-1].type == "transcript.text.done"
    assert "".join(event.delta for event in events[:-1]) == events[-1].text
    assert events[-1].text == text
    assert len(events[-1].logprobs) == len(text.split())


def test_server_sent_segments(server: Running) -> None:
    found = post(server, {"model": "tones", "stream": "true", "response_format": "verbose_json"})
    events = [json.loads(line.removeprefix("data: ")) for line in found.text.split("\n\n") if line]
    (segment,) = [event for event in events if event["type"] == "transcript.text.segment"]
    assert segment["text"] == "ab ba"
    assert "words" not in segment
    assert found.headers["content-type"].startswith("text/event-stream")
    assert until(lambda: server.service.admission.uploads == 0) is not False


def test_server_sent_segments_have_words_where_asked(server: Running) -> None:
    fields = {"stream": "true", "response_format": "verbose_json", "timestamp_granularities[]": "word"}
    found = post(server, {"model": "tones", **fields})
    events = [json.loads(line.removeprefix("data: ")) for line in found.text.split("\n\n") if line]
    (segment,) = [event for event in events if event["type"] == "transcript.text.segment"]
    assert [word["word"] for word in segment["words"]] == ["ab", "ba"]
    assert segment["words"][0]["start"] == segment["start"]
    assert 0 < segment["words"][0]["confidence"] <= 1


@pytest.mark.parametrize("form", ["flac", "ogg", "mp3"])
def test_other_formats(client: Any, form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, SAID, RATE_HZ, format=form)
    found = client.audio.transcriptions.create(model="tones", file=(f"a.{form}", file.getvalue()))
    assert found.text


def test_models_are_listed_by_name(client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["tones", "other"]
    assert client.models.retrieve("other").owned_by == "deepspeech"
    with pytest.raises(openai.NotFoundError) as told:
        client.models.retrieve("/etc/passwd")
    assert told.value.code == "model_not_found"


def test_translation_is_refused_with_the_cause(client: Any) -> None:
    with (
        pytest.warns(DeprecationWarning, match="deprecated"),
        pytest.raises(openai.BadRequestError, match="do not translate"),
    ):
        client.audio.translations.create(model="tones", file=FILE)


@pytest.mark.parametrize(
    ("data", "status", "param"),
    [
        ({"model": "whisper-9"}, 404, "model"),
        ({"language": "fr-CA", "model": "tones"}, 200, None),  # its card names no language
        ({"response_format": "xml"}, 400, "response_format"),
        ({"response_format": "diarized_json"}, 400, "response_format"),
        ({"response_format": "srt", "stream": "true"}, 400, "response_format"),
        ({"temperature": "hot"}, 400, "temperature"),
        ({"temperature": "nan"}, 400, "temperature"),
        ({"timestamp_granularities[]": "word"}, 400, "timestamp_granularities"),
        ({"include[]": "magic"}, 400, "include"),
        ({"keywords[]": "ab:1000"}, 400, "keywords"),
        ({"keywords[]": "жж"}, 400, "keywords"),
        ({"prompt": "a" * 20001}, 400, "prompt"),
    ],
)
def test_mistakes_have_openais_shape(server: Running, data: dict[str, str], status: int, param: str | None) -> None:
    found = post(server, data)
    assert found.status_code == status
    if status != 200:
        error = found.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["type"] == "invalid_request_error"
        assert error["param"] == param


def test_what_is_no_sound_is_refused(server: Running) -> None:
    for content in (b"hello", b"RIFF", b"\0" * 100_000, b"fLaC" + b"\xff" * 1000):
        found = post(server, {"model": "tones"}, ("a.wav", content))
        assert found.status_code == 400, content[:10]
        assert found.json()["error"]["code"] == "invalid_audio"
        assert "\n" not in found.json()["error"]["message"]


def test_what_is_there_of_a_truncated_recording_is_transcribed_with_a_warning(server: Running) -> None:
    found = post(server, {"model": "tones"}, ("a.wav", FILE[1][:-20_000])).json()
    assert found["text"] == "ab ba"
    assert "cut off" in found["warning"]


def test_no_path_of_the_server_is_ever_read(server: Running) -> None:
    found = post(server, {"model": "tones"}, ("/etc/hostname", b"/etc/hostname"))
    assert found.status_code == 400


def test_forms_without_a_file_or_broken_are_refused(server: Running) -> None:
    url = f"{server.http}/v1/audio/transcriptions"
    assert httpx.post(url, data={"model": "tones"}).json()["error"]["code"] == "invalid_form"
    assert httpx.post(url, files={"other": FILE}).json()["error"]["code"] == "invalid_form"
    assert httpx.post(url, files={"file": ("a", b"")}).json()["error"]["code"] == "missing_file"
    for content in (b"", b"--x\r\n", b"--x\r\ncontent-disposition: form-data\r\n\r\n1\r\n--x--"):
        found = httpx.post(url, content=content, headers={"content-type": "multipart/form-data; boundary=x"})
        assert found.status_code == 400, content
    assert httpx.post(url, content=b"1", headers={"content-type": "multipart/form-data"}).status_code == 400
    assert httpx.get(url).status_code == 405


def test_what_is_too_large_or_too_long_is_refused_before_it_is_decoded() -> None:
    with running(limits=Limits(upload_mb=0.5, upload_s=5.0)) as server:
        found = post(server, {}, ("a.wav", b"\0" * 600_000))
        assert (found.status_code, found.json()["error"]["code"]) == (413, "too_large")
        url = f"{server.http}/v1/audio/transcriptions"
        chunked = httpx.post(
            url, content=iter([b"\0" * 100_000] * 6), headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert chunked.status_code in (400, 413)
        bomb = io.BytesIO()
        soundfile.write(bomb, np.zeros(3600 * 8000, np.int16), 8000, format="flac")
        assert len(bomb.getvalue()) < 500_000
        found = post(server, {}, ("bomb.flac", bomb.getvalue()))
        assert (found.status_code, found.json()["error"]["code"]) == (413, "too_long")


def test_overload_is_refused_with_retry_after() -> None:
    with running(limits=Limits(uploads=1, requests_per_minute=3)) as server:
        with server.service.admission.upload("elsewhere"):
            found = post(server, {})
            assert (found.status_code, found.headers["retry-after"]) == (429, "5")
            assert found.json()["error"]["type"] == "rate_limit_error"
        statuses = [post(server, {}).status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert server.service.metrics.refusals.value(cause="uploads") == 1


def test_a_wav_with_a_header_that_lies_is_bounded(server: Running) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(900_000)
        written.writeframes(b"\0" * 20_000)
    found = post(server, {}, ("a.wav", file.getvalue()))
    assert found.status_code == 400


def test_the_old_servers_path(server: Running) -> None:
    found = httpx.post(f"{server.http}/stt", content=FILE[1])
    assert (found.status_code, found.text) == (200, "ab ba")
    assert httpx.post(f"{server.http}/stt").status_code == 400
    assert httpx.post(f"{server.http}/stt?model=no", content=FILE[1]).status_code == 404


def test_unknown_paths_have_openais_shape(server: Running) -> None:
    found = httpx.get(f"{server.http}/v1/nothing")
    assert found.status_code == 404
    assert "GET /v1/nothing" in found.json()["error"]["message"]


def test_texts_are_not_logged_unless_asked() -> None:
    for asked in (False, True):
        with running(tone_models(), log_texts=asked) as server:
            post(server, {})
            (line,) = until(lambda server=server: server.logged("upload"))
        assert line.get("text") == ("ab ba" if asked else None)
