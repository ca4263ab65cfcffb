"""A kill at a chosen moment of a run in this process: before its n-th change of a file, step of learning or torn write.

From that moment on whatever the run still tries dies too, as nothing of a killed process goes on: no handler and no
`finally` changes a file any more.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import save_file

from deepspeech import checkpoint
from deepspeech.training.step import Trainer

CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate")


class Killed(BaseException):
    """The process would be gone now."""


class _Clock:
    left: int | None = None  # moments until the kill; None: nobody is to be killed
    passed = 0

    def moment(self) -> None:
        if self.left is None or threading.current_thread() is not threading.main_thread():
            return
        if self.passed >= self.left:
            raise Killed
        self.passed += 1


_clock = _Clock()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _clock.left is None:
        return
    if event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE):
        _clock.moment()


sys.addaudithook(_hook)  # for good, but silent unless somebody is to be killed


@contextmanager
def killed_after(moments: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Clock]:
    """Within, a run dies after so many moments, with Killed; the clock tells how many passed."""
    train_step = Trainer.train_step

    def stepped(self: Trainer, *arguments: Any) -> Any:
        _clock.moment()
        return train_step(self, *arguments)

    def torn(tensors: Any, path: Path) -> None:
        _clock.moment()
        save_file(tensors, path)
        content = path.read_bytes()
        os.truncate(path, len(content) // 2)  # a moment, after which half of the file is there
        _clock.moment()
        path.write_bytes(content)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "train_step", stepped)
        patched.setattr(checkpoint, "save_file", torn)
        _clock.left, _clock.passed = moments, 0
        try:
            yield _clock
        finally:
            _clock.left = None
