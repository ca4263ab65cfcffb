"""A text file as a person or a program saved it: UTF-8, with or without a byte-order mark, or UTF-16 with one."""

import codecs
from pathlib import Path

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LOOKED_AT = 4096
NOT_TEXT = "not UTF-8 text; save it as UTF-8"


def read_text(path: str | Path) -> str:
    """All of a text file. Raises OSError, and as `text_of`."""
    return text_of(Path(path).read_bytes())


def text_of(content: bytes) -> str:
    """Text of its bytes, its line ends (also those of old Macs) as newlines. Raises as `decoded`."""
    return decoded(content).replace("\r\n", "\n").replace("\r", "\n")


def decoded(content: bytes) -> str:
    """Text of its bytes, without a byte-order mark. Raises UnicodeError for what is neither UTF-8 nor marked UTF-16."""
    head = content[:_LOOKED_AT]
    encoding = _MARKS.get(head[:2])
    if encoding is None and 4 * head.count(0) > len(head):
        raise UnicodeError("UTF-16 without a byte-order mark, or no text")
    return content.decode(encoding or "utf-8-sig")
