"""The page on an alignment in a headless Chromium: listen, correct, accept, reject, save."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech.alignment.clip_set import write_clips
from deepspeech.audio.formats import wav_bytes
from deepspeech.datasets.samples import read_samples
from tests.alignment.results import made

browsers = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt install chromium)"),
]
TEXT = "One two three.\nFour five six.\nSeven eight nine.\nTen eleven twelve, and what goes on and on without an end."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips that score too low, and their page."""
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 14).astype(np.float32)
    write_clips(made(TEXT, score=-2.0), wav_bytes(sound, 16000), tmp_path, "a book", 16000, speaker="Ann, 1")
    return tmp_path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browsers.sync_playwright() as playwright:
        arguments = [
            "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--disable-component-update",
            "--disable-background-networking", "--disable-sync",
        ]  # fmt: skip
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, folder: Path) -> Iterator[Any]:
    wrong = list[str]()
    page = chromium.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("request", lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else wrong.append(one.url))
    page.goto((folder / "report.html").as_uri())
    yield page
    page.close()
    assert not wrong, wrong


def click(page: Any, row: int, choice: str) -> None:
    page.locator("ol li").nth(row).get_by_role("button", name=choice).click()


def transcripts(page: Any) -> list[str]:
    return [str(area.input_value()) for area in page.locator("textarea").all()]


def test_what_is_accepted_is_saved_as_a_data_set(page: Any, folder: Path) -> None:
    assert page.locator("#save").is_disabled()
    first, second, third, _ = transcripts(page)
    click(page, 0, "Accept")
    click(page, 1, "Reject")
    click(page, 2, "Accept")
    page.locator("textarea").nth(2).fill(' said  "so",\nindeed ')
    assert page.locator("#count").inner_text() == "2 accepted, 1 rejected, 1 open"
    with page.expect_download() as waiting:
        page.click("#save")
    assert waiting.value.suggested_filename == "accepted.csv"
    shutil.copy(waiting.value.path(), folder / "accepted.csv")
    samples = read_samples(folder / "accepted.csv")
    assert [sample.transcript for sample in samples] == [first, 'said "so", indeed']
    assert [sample.speaker for sample in samples] == ["Ann, 1"] * 2
    listed = {Path(sample.audio).name: sample for sample in read_samples(folder / "doubtful.csv")}
    for sample, text in zip(samples, (first, third), strict=True):
        of_list = listed[Path(sample.audio).name]
        assert Path(sample.audio).is_file()
        assert (of_list.transcript, of_list.size_bytes) == (text, sample.size_bytes)
    assert second not in [sample.transcript for sample in samples]


def test_a_second_click_takes_a_choice_back_and_nothing_is_accepted_without_a_transcript(page: Any) -> None:
    click(page, 0, "Accept")
    click(page, 0, "Accept")
    assert page.locator("#count").inner_text() == "0 accepted, 0 rejected, 4 open"
    click(page, 0, "Accept")
    page.locator("textarea").first.fill(" ")
    assert page.locator("#count").inner_text().endswith("1 accepted without a transcript")
    assert page.locator("#save").is_disabled()


def test_choices_are_there_again_when_the_page_is_opened_again(page: Any) -> None:
    click(page, 1, "Reject")
    page.locator("textarea").nth(3).fill("corrected")
    page.once("dialog", lambda dialog: dialog.accept())  # what was not saved is asked about
    page.reload()
    assert page.locator("#count").inner_text() == "0 accepted, 1 rejected, 3 open"
    assert page.locator("ol li").nth(1).get_by_role("button", name="Reject").get_attribute("aria-pressed") == "true"
    assert transcripts(page)[3] == "corrected"


def test_clips_can_be_heard_one_at_a_time(page: Any) -> None:
    playing = "() => [...document.querySelectorAll('audio')].map(one => !one.paused)"
    for row in (0, 1):
        page.locator("audio").nth(row).evaluate("async one => { one.loop = true; await one.play(); }")
    assert page.evaluate(playing) == [False, True, False, False]
    assert page.locator("audio").nth(1).evaluate("one => one.duration") == pytest.approx(1.8, abs=0.4)


def test_a_bar_of_the_picture_leads_to_its_clip(page: Any) -> None:
    page.locator("svg a").nth(2).click()
    target = page.locator("ol li:target")
    assert target.count() == 1
    assert target.locator("textarea").input_value() == "seven eight nine"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen_nor_white_in_the_dark(
    chromium: Any, folder: Path, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 780}, color_scheme=scheme)
    page.goto((folder / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (color == "rgb(255, 255, 255)") == (scheme == "light")
    page.close()


def test_a_page_without_doubtful_clips_asks_for_nothing(chromium: Any, tmp_path: Path) -> None:
    sound, alignment = np.zeros(16000 * 9, np.float32), made("One two three.\nFour five six.", score=-0.1)
    write_clips(replace(alignment, foreign=()), wav_bytes(sound, 16000), tmp_path, "book", 16000)
    page = chromium.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert "2 of 2 clips kept" in page.inner_text("body")
    assert not page.locator("#save").is_visible()
    assert not page.locator("details").count()
    page.close()
