"""The progress line on a terminal, in a log, and its arithmetic."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from deepspeech import progress as module
from deepspeech.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_terminal_shows_one_line_over_and_over(clock: Clock) -> None:
    stream = Terminal()
    with Progress(200, "train", "clips", stream=stream) as progress:
        for _ in range(100):
            clock.now_s += 0.0625
            progress.advance(note="loss 3.1")
    shown = stream.getvalue()
    assert shown.count("\r") == 51  # at most ten a second, and the last one
    assert "\rtrain: 100 of 200 clips (50 %), 16/s, 6 s left, loss 3.1\x1b[K" in shown
    assert shown.endswith("\rtrain: 100 clips in 6 s\x1b[K\n")


def test_a_log_gets_a_line_every_ten_seconds(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(None, "import", "clips", stream=stream) as progress:
        for _ in range(25):
            clock.now_s += 1
            progress.advance()
    assert stream.getvalue() == "import: 10 clips, 1/s\nimport: 20 clips, 1/s\nimport: 25 clips in 25 s\n"


def test_a_short_job_is_silent_in_a_log() -> None:
    stream = io.StringIO()
    assert list(Progress(3, "a", "clips", stream=stream).over("xyz")) == ["x", "y", "z"]
    assert stream.getvalue() == ""


def test_the_rate_is_that_of_the_last_half_minute_and_not_of_earlier_runs(clock: Clock) -> None:
    progress = Progress(10_000, "a", "clips", done=1000, stream=Terminal())
    for count in [1000] + [10] * 40:
        clock.now_s += 1
        progress.advance(count)
    assert progress.line(clock.now_s) == "a: 2400 of 10000 clips (24 %), 10/s, 12:40 left"


def test_a_job_that_fails_says_that_it_stopped() -> None:
    stream = Terminal()
    with pytest.raises(RuntimeError), Progress(3, "a", "clips", stream=stream):
        raise RuntimeError
    assert "a: 0 clips in 0 s, stopped" in stream.getvalue()


def test_nothing_to_do() -> None:
    assert Progress(0, "a", "clips", stream=Terminal()).line(1e9).startswith("a: 0 of 0 clips (100 %)")


def test_a_narrow_terminal_gets_a_shorter_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    with Progress(3, "a job with a long name", "clips", stream=stream):
        pass
    assert stream.getvalue() == "\ra job with a long n\x1b[K\n"


def test_threads_may_share_it() -> None:
    progress = Progress(None, "a", "clips", stream=Terminal())
    with ThreadPoolExecutor(4) as pool:
        for _ in range(1000):
            pool.submit(progress.advance)
    assert progress.line(1e9).startswith("a: 1000 clips")


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (59.4, "59 s"), (125, "2:05"), (3725, "1:02:05")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
