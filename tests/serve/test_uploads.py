"""Recordings as phones, browsers and cameras make them: m4a, webm, mp4; through every path that takes a file."""

import httpx
import pytest

from deepspeech.audio import media
from tests.audio.media_files import encoded
from tests.serve.running import SAID, Running

MADE = ["m4a", "mp4", "webm", "mov"]


@pytest.mark.parametrize("suffix", MADE)
def test_media_are_transcribed(server: Running, suffix: str) -> None:
    content = encoded(suffix, samples=SAID)
    (expected,) = server.service.models["tones"].uploads.transcribe_all([content])
    assert expected.text.replace(" ", "") == "abba"  # type: ignore[union-attr]
    url = f"{server.http}/v1/audio/transcriptions"
    for data in ({}, {"stream": "true"}):
        found = httpx.post(url, data=data, files={"file": (f"said.{suffix}", content)}, timeout=60)
        assert found.status_code == 200, found.text
        assert f'"{expected.text}"' in found.text  # type: ignore[union-attr]
    assert httpx.post(f"{server.http}/stt", content=content, timeout=60).text == expected.text  # type: ignore[union-attr]


def test_a_video_without_sound_and_a_damaged_one_are_told(server: Running) -> None:
    silent, damaged = encoded("mp4", sound=False), encoded("webm", samples=SAID)[:200]
    for content, told in ((silent, "video without sound"), (damaged, "damaged")):
        found = httpx.post(f"{server.http}/stt", content=content)
        assert found.status_code == 400
        assert told in found.json()["error"]["message"]


def test_without_pyav_the_answer_says_what_is_missing(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded("m4a", samples=SAID)
    monkeypatch.setattr(media, "pyav", lambda: None)
    found = httpx.post(f"{server.http}/stt", content=content)
    assert (found.status_code, found.json()["error"]["code"]) == (400, "invalid_audio")
    assert "is an M4A file, which needs PyAV" in found.json()["error"]["message"]
