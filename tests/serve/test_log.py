"""The log: a line is one write, so that lines of several processes do not mix."""

import io
import json

from deepspeech.serve.log import Log


class Writes(io.StringIO):
    """Remembers what was written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = list[str]()

    def write(self, text: str) -> int:
        self.parts.append(text)
        return super().write(text)


def test_an_event_is_one_write_of_one_line() -> None:
    file = Writes()
    log = Log(file=file)
    log.write("listening", address="http://127.0.0.1:1")
    log.write("session", text="secret", seconds=1.23456)
    assert [part[-1] for part in file.parts] == ["\n", "\n"]
    first, second = (json.loads(part) for part in file.parts)
    assert first["event"] == "listening"
    assert second["seconds"] == 1.235
    assert "text" not in second


def test_texts_are_logged_where_asked_for() -> None:
    file = Writes()
    Log(texts=True, file=file).write("session", text="what was said")
    assert json.loads(file.parts[0])["text"] == "what was said"
