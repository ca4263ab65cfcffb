"""Signals are noted while a run goes on; a second Ctrl-C is not, and afterwards all is as before."""

import os
import signal
from collections.abc import Iterator

import pytest

from deepspeech.training.signals import noted


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Ctrl-C raises, also where the tests run in the background of a script, which lets them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_signals_are_noted_and_handlers_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with noted() as seen:
        for _ in range(2):  # a scheduler may say it twice
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert seen == [signal.SIGTERM, signal.SIGTERM, signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_handlers_are_put_back_after_an_error_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="in the midst"), noted():
        raise ValueError("in the midst")
    assert signal.getsignal(signal.SIGTERM) is before
