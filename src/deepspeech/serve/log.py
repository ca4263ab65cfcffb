"""Log: one JSON object per line and event, on stderr. What was said is not in it, unless `texts` asks for it."""

import json
import sys
import threading
import time
from contextlib import suppress
from typing import IO, Any


class Log:
    """Thread-safe."""

    def __init__(self, texts: bool = False, file: IO[str] | None = None) -> None:
        self.texts, self._file, self._lock = texts, file, threading.Lock()

    def write(self, event: str, text: str | None = None, **values: Any) -> None:
        """Log an event; `text` is what was said."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
        values = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
        if self.texts and text is not None:
            values["text"] = text
        line = json.dumps({"time": stamp, "event": event, **values}, ensure_ascii=False)
        with self._lock, suppress(OSError):  # whoever read the log is gone; the server's clients are not
            file = self._file or sys.stderr
            file.write(f"{line}\n")  # at once: print() writes the end of a line separately, and workers share the file
            file.flush()
