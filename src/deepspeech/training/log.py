"""Log: prints lines of a run, and appends the same facts to log.jsonl next to its checkpoints."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from deepspeech.errors import TrainingError
from deepspeech.evaluation.score import finite


class Log:
    """`prefix` and `stream`: for DeepSpeech.py's `I …` lines on stdout. Without a folder no JSON is written."""

    def __init__(self, folder: Path | None = None, prefix: str = "", stream: TextIO | None = None) -> None:
        self._file = folder / "log.jsonl" if folder else None
        self._prefix = prefix
        self._stream = stream

    def line(self, text: str, **facts: Any) -> None:
        """Print `text`; with `facts`, append them to the JSON lines too."""
        stream = self._stream or sys.stderr
        for row in text.splitlines():
            print(f"{self._prefix}{row}", file=stream, flush=True)
        if facts and self._file:
            page = {name: finite(value) if isinstance(value, float) else value for name, value in facts.items()}
            self._append(json.dumps({"time": round(time.time(), 3), **page}, ensure_ascii=False) + "\n")

    def _append(self, row: str) -> None:
        assert self._file
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a+b") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    row = row if file.read() == b"\n" else "\n" + row  # the last line of a killed run may be incomplete
                file.write(row.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise TrainingError(
                f"{self._file}: cannot be written ({error.strerror}); free space or choose another checkpoint.folder"
            ) from None
