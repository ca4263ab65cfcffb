"""The page in a headless Chromium whose microphone plays a wav of the tones that the tests' network knows."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech.audio import media
from deepspeech.audio.formats import wav_bytes, write_wav
from deepspeech.serve.limits import Limits
from tests.audio.media_files import encoded
from tests.fakes import silence, spoken
from tests.serve.running import RATE_HZ, SAID, Running, running

browsers = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt install chromium)"),
]
WAV = {"name": "hello.wav", "mimeType": "audio/wav", "buffer": wav_bytes(SAID, RATE_HZ)}


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is said: "ab", then "ba", then nothing for long."""
    path = tmp_path_factory.mktemp("microphone") / "said.wav"
    write_wav(path, np.concatenate([silence(0.8), spoken("ab"), silence(1.6), spoken("ba"), silence(60)]), RATE_HZ)
    return path


@pytest.fixture
def chromium(microphone: Path) -> Iterator[Any]:
    """A Chromium for each test: its microphone plays the file from the beginning."""
    arguments = [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox",
        f"--use-file-for-fake-audio-capture={microphone}%noloop", "--autoplay-policy=no-user-gesture-required",
    ]  # fmt: skip
    with browsers.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, server: Running) -> Iterator[Any]:
    with opened(chromium, server) as found:
        yield found


class opened:
    """A page of a server; at the end nothing in it may have gone wrong."""

    def __init__(self, browser: Any, server: Running, quiet: bool = True, script: str = "", **given: Any) -> None:
        self.page, self.wrong, self.quiet = browser.new_page(**{"locale": "en-US", **given}), list[str](), quiet
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda line: self.wrong.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.check(request.url, server))
        if script:
            self.page.add_init_script(script)
        self.page.goto(server.http)

    def check(self, url: str, server: Running) -> None:
        if not url.startswith((server.http, "blob:")):
            self.wrong.append(f"another host: {url}")

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, *error: object) -> None:
        self.page.close()
        assert not self.quiet or not self.wrong, self.wrong


def lines(page: Any) -> list[str]:
    return [text.strip() for text in page.locator(".text p:not(.current)").all_inner_texts()]


def ended(page: Any, takes: int = 1) -> None:
    page.locator(".downloads:not([hidden])").nth(takes - 1).wait_for(timeout=20_000)


def downloaded(page: Any, form: str) -> str:
    with page.expect_download() as waiting:
        page.click(f".downloads button:text-is('{form}')")
    assert waiting.value.suggested_filename == f"hello.{form}"
    return Path(waiting.value.path()).read_text()


def test_text_comes_as_one_speaks(page: Any) -> None:
    page.click("#speak")
    page.wait_for_selector("text=ab")  # before the end
    page.locator(".text p:not(.current)").nth(1).wait_for(timeout=20_000)
    assert page.locator("#clock").inner_text() != "0:00"
    page.click("#speak")
    ended(page)
    assert lines(page) == ["ab", "ba"]
    assert [text.strip() for text in page.locator("#said p").all_text_contents()] == ["ab", "ba"]  # read out once
    assert page.locator("#speak").get_attribute("aria-label") == "Speak"


def watch_playback(page: Any) -> None:
    """Keep the word that is played: it is marked for a tenth of a second, which polling on a busy machine misses."""
    page.evaluate(
        """() => { new MutationObserver(() => {
            const word = document.querySelector(".text .word.heard")
            if (word) document.documentElement.dataset.played = word.innerText
        }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ["class"]}) }"""
    )


def test_a_word_that_is_clicked_is_heard_and_no_more(page: Any) -> None:
    page.set_input_files("#file", WAV)
    ended(page)
    watch_playback(page)
    page.locator(".text .word").nth(1).click()
    page.wait_for_selector("html[data-played='ba']", state="attached")
    page.wait_for_selector(".play[aria-label=Play]")
    assert page.locator("#player").evaluate("player => player.currentTime < player.duration - 0.2")


def test_arrow_keys_move_among_words_and_enter_plays(page: Any) -> None:
    page.set_input_files("#file", WAV)
    ended(page)
    assert page.locator(".text .word[tabindex='0']").count() == 1
    page.locator(".text .word").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(":focus").inner_text() == "ba"
    watch_playback(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("html[data-played]", state="attached")


def test_downloads(page: Any) -> None:
    page.set_input_files("#file", WAV)
    ended(page)
    assert downloaded(page, "txt") == "ab ba\n"
    assert downloaded(page, "srt").startswith("1\n00:00:00,")
    assert downloaded(page, "vtt").startswith("WEBVTT\n\n1\n00:00:00.")
    found = json.loads(downloaded(page, "json"))
    assert (found["file"], found["text"]) == ("hello.wav", "ab ba")
    assert set(found["words"][0]) == {"text", "start_s", "end_s", "confidence"}
    assert [segment["text"] for segment in found["segments"]] == ["ab ba"]


def test_model_and_hot_phrases_reach_the_server_again_for_the_same_recording(page: Any, server: Running) -> None:
    page.set_input_files("#file", WAV)
    ended(page)
    page.click("#options-button")
    page.select_option("#model", "other")
    page.fill("#phrases", "ab:2\n\n ж ")
    page.click(".again")
    page.wait_for_selector("#problem:has-text('ж')")  # cannot be spelled, says the server
    page.fill("#phrases", "ab:2\n\n dc ")
    page.click(".again")
    page.wait_for_selector("#problem", state="hidden")
    ended(page)
    assert lines(page) == ["ab ba"]
    assert 'deepspeech_requests_total{model="other",protocol="openai"}' in server.service.metrics.text()


def test_french_by_the_browser_and_by_the_button(chromium: Any, server: Running) -> None:
    with opened(chromium, server, locale="fr-FR") as page:
        assert page.locator(".lead").inner_text() == "Appuyez sur le bouton et parlez."
        assert page.locator("html").get_attribute("lang") == "fr"
        page.click("#language")
        assert page.locator(".lead").inner_text() == "Press the button and speak."
        page.reload()
        assert page.locator("#speak").get_attribute("aria-label") == "Speak"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("Promise.reject(new DOMException('', 'NotAllowedError'))", "may not use the microphone"),
        ("Promise.reject(new DOMException('', 'NotFoundError'))", "No microphone was found"),
        ("Promise.reject(new DOMException('', 'NotReadableError'))", "Another program"),
    ],
)
def test_a_microphone_that_is_not_to_be_had(chromium: Any, server: Running, script: str, told: str) -> None:
    with opened(chromium, server, script=f"navigator.mediaDevices.getUserMedia = () => {script}") as page:
        page.click("#speak")
        page.wait_for_selector(f"#problem:has-text('{told}')")
        assert page.locator("#speak").get_attribute("aria-label") == "Speak"


def test_a_full_server_is_told_and_the_recording_kept(chromium: Any) -> None:
    with running(limits=Limits(streams=1)) as server, opened(chromium, server) as page:
        with server.service.admission.stream("somebody"):
            page.click("#speak")
            page.wait_for_selector("#problem:has-text('The server is busy')")
        assert page.locator(".take .note").inner_text() == "The server is busy. Try again in a few seconds."
        page.wait_for_selector(".play:not([disabled])")


def test_a_lost_connection_keeps_what_was_said(chromium: Any) -> None:
    with running() as server, opened(chromium, server) as page:
        page.route_web_socket("**/stream", lambda socket: cut(socket))
        page.click("#speak")
        page.wait_for_selector("#problem:has-text('The connection was lost')", timeout=20_000)
        page.wait_for_selector(".play:not([disabled])")
        page.click(".again")
        ended(page)
        assert lines(page)[0].startswith("ab")


def cut(socket: Any) -> None:
    """Pass messages on until the first final, then close."""
    server = socket.connect_to_server()

    def back(message: str) -> None:
        socket.close(code=3000) if json.loads(message)["type"] == "final" else socket.send(message)

    server.on_message(back)


def drop(page: Any, name: str, content: bytes, kind: str) -> None:
    """Drag a file over the page, and let go of it."""
    held = page.evaluate_handle(
        """([name, content, type]) => {
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0)), held = new DataTransfer()
            held.items.add(new File([bytes], name, {type}))
            return held
        }""",
        [name, base64.b64encode(content).decode(), kind],
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": held})
    page.wait_for_selector("#drop:not([hidden])")
    page.dispatch_event("body", "drop", {"dataTransfer": held})
    page.wait_for_selector("#drop", state="hidden")


def test_a_file_that_is_dropped_is_transcribed_and_can_be_played(page: Any) -> None:
    drop(page, "hello.wav", WAV["buffer"], "audio/wav")
    ended(page)
    assert lines(page) == ["ab ba"]
    assert page.locator(".take h2").inner_text() == "hello.wav"
    page.click(".play")
    page.wait_for_selector(".play[aria-label=Pause]")


@pytest.mark.parametrize(("suffix", "kind"), [("m4a", "audio/mp4"), ("mp4", "video/mp4"), ("webm", "audio/webm")])
@pytest.mark.parametrize("server_reads", [True, False])
def test_media_are_read_by_the_server_or_the_browser(
    chromium: Any, server: Running, monkeypatch: pytest.MonkeyPatch, suffix: str, kind: str, server_reads: bool
) -> None:
    content = encoded(suffix, samples=SAID)
    if not server_reads:
        monkeypatch.setattr(media, "pyav", lambda: None)
    with opened(chromium, server, quiet=server_reads) as page:  # the browser's console tells of the 400
        drop(page, f"talk.{suffix}", content, kind)
        ended(page)
        assert [line.replace(" ", "") for line in lines(page)] == ["abba"]
        assert page.locator("#problem").is_hidden()
        assert page.locator(".take .length").inner_text() in ("0:01", "0:02")


def test_what_is_dragged_but_no_file_is_left_alone(page: Any) -> None:
    held = page.evaluate_handle(
        "() => { const held = new DataTransfer(); held.setData('text/plain', 'a'); return held }"
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": held})
    page.dispatch_event("body", "drop", {"dataTransfer": held})
    assert page.locator("#drop").is_hidden()
    assert page.locator(".take").count() == 0


def test_what_is_no_sound_is_told(chromium: Any, server: Running) -> None:
    with opened(chromium, server, quiet=False) as page:
        page.set_input_files("#file", {"name": "no.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
        page.wait_for_selector("#problem:has-text('no sound')")


def test_a_server_with_tokens(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("secret\n")
    with running(tokens_file=str(tmp_path / "tokens")) as server, opened(chromium, server, quiet=False) as page:
        page.wait_for_selector("#problem:has-text('access token')")
        page.fill("#token", "secret")
        page.keyboard.press("Tab")
        page.wait_for_selector("#problem", state="hidden")
        page.click("#speak")
        page.locator(".text p:not(.current)").first.wait_for(timeout=20_000)
        page.click("#speak")
        ended(page)
        assert lines(page)[0].startswith("ab")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 780), (1280, 800)])
def test_nothing_is_wider_than_the_screen(chromium: Any, server: Running, width: int, height: int) -> None:
    with opened(chromium, server, viewport={"width": width, "height": height}) as page:
        page.set_input_files("#file", {**WAV, "name": f"{'a long name ' * 12}.wav"})
        ended(page)
        page.click("#options-button")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
