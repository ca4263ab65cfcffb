"""A text file as a person or a program saved it: UTF-8, with or without a byte-order mark, or UTF-16 with one."""

from pathlib import Path

from deepspeech.errors import DeepSpeechError
from deepspeech.untrusted import read_named

_MARKS = {  # the longer ones first
    b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
_LOOKED_AT = 4096
NOT_TEXT = "not UTF-8 text; save it as UTF-8"


def read_text(path: str | Path) -> str:
    """All of a text file. Raises OSError, and as `text_of`."""
    return text_of(read_named(path))


def text_of(content: bytes) -> str:
    """Text of its bytes, its line ends (also those of old Macs) as newlines. Raises as `decoded`."""
    return decoded(content).replace("\r\n", "\n").replace("\r", "\n")


def decoded(content: bytes) -> str:
    """Text of its bytes, without a byte-order mark. Raises UnicodeError for what is neither UTF-8 nor marked UTF-16."""
    head, encoding = content[:_LOOKED_AT], _marked(content)
    if encoding is None and 4 * head.count(0) > len(head):
        raise UnicodeError("UTF-16 without a byte-order mark, or no text")
    return content.decode(encoding or "utf-8-sig")


def guessed(content: bytes) -> tuple[str, str]:
    """(text, its encoding) of a table as Excel and others write it: UTF-8, UTF-16 with or without a mark, else
    Windows' CP1252. Never fails: CP1252's five gaps become U+FFFD."""
    head = content[:_LOOKED_AT]
    encoding = _marked(content)
    if encoding is None and 4 * head.count(0) > len(head):
        encoding = "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    if encoding is None:
        try:
            return content.decode("utf-8-sig"), "UTF-8"
        except UnicodeDecodeError:
            encoding = "cp1252"
    return content.decode(encoding, "replace"), encoding.upper()


def decode(content: bytes, name: object, error: type[DeepSpeechError]) -> str:
    """A text file's characters, without a byte-order mark. Raises `error` with file and line."""
    try:
        text = content.decode(_marked(content) or "utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise error(f"{name}: not UTF-8 text in line {line}; save the file as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise error(f"{name}:{line}: a zero byte, which no text holds; save the file as UTF-8")
    return text


def _marked(content: bytes) -> str | None:
    """The encoding of a byte order mark other than UTF-8's."""
    return next((known for mark, known in _MARKS.items() if content.startswith(mark)), None)
