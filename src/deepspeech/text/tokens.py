"""TokenSet: the classes of a network as text: transcripts to token ids and back, and where words begin.

Three kinds: Characters (DeepSpeech's alphabet.txt, `native_client/alphabet.cc`), Utf8Bytes (its bytes output mode) and
Subwords (`text/subwords.py`). The blank of CTC is always the class after the last token. A word ends where the next
token starts one: the space itself among characters and bytes, a piece that begins with one among subwords.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from deepspeech.errors import TextError
from deepspeech.text.characters import name
from deepspeech.text.reading import read_text


class TokenSet:
    """Ordered tokens; token id = position. Immutable; threads may share it."""

    kind: ClassVar[str]
    bytes_mode: ClassVar[bool] = False  # tokens are UTF-8 bytes

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.word_starts = bytes(self.spell(token).startswith(" ") for token in range(len(self.labels)))

    @property
    def blank(self) -> int:
        """Id of the CTC blank: the class after the last token."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """Number of network outputs: tokens and blank."""
        return len(self.labels) + 1

    @property
    def space(self) -> int | None:
        """Id of the token that is exactly a space; None if there is none."""
        raise NotImplementedError

    @property
    def character_set(self) -> Iterable[str]:
        """The characters that its tokens spell; empty for bytes, which spell any."""
        return self.labels

    def starts_word(self, token: int) -> bool:
        """Whether the word before `token` ends there: it is a space, or begins with one."""
        return bool(self.word_starts[token])

    def spell(self, token: int) -> str:
        """The text of one token, with the space that starts a word."""
        return self.labels[token]

    def missing(self, text: str) -> list[str]:
        """Characters of `text` that have no token, sorted, each once."""
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`. Raises TextError that names what cannot be encoded."""
        raise NotImplementedError

    def decode(self, ids: Iterable[int]) -> str:
        """Text of token ids."""
        return "".join(map(self.spell, ids))

    def to_dict(self) -> dict[str, Any]:
        """JSON-serializable: a `kind` and its settings; `text/token_files.py` reads it back."""
        raise NotImplementedError

    def _identity(self) -> tuple[Any, ...]:
        return (self.kind, self.labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenSet) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.kind, self.labels))


class Characters(TokenSet):
    """An alphabet: one code point each."""

    kind = "characters"

    def __init__(self, labels: Sequence[str]) -> None:
        if not labels:
            raise TextError("the alphabet is empty; it needs one character per line")
        super().__init__(labels)
        # The last of duplicates is used to encode, as in 0.9.3.
        self._id = {label: position for position, label in enumerate(self.labels)}
        # A label of several characters never matches, so it starts no word either.
        self.word_starts = bytes(label == " " for label in self.labels)

    @classmethod
    def from_text(cls, text: str) -> "Characters":
        r"""Read alphabet.txt's format: one label per line, `#` starts a comment, `\#` is the label `#`."""
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return cls([("#" if line == "\\#" else line) for line in lines if line and not line.startswith("#")])

    @classmethod
    def from_file(cls, path: str | Path) -> "Characters":
        try:
            return cls.from_text(read_text(path))
        except OSError as error:
            raise TextError(f"{path}: cannot read the alphabet ({error.strerror}); name an alphabet.txt") from None
        except UnicodeError:
            raise TextError(f"{path}: the alphabet is not UTF-8 text; save it as UTF-8") from None
        except TextError as error:
            raise TextError(f"{path}: {error}") from None

    def to_text(self) -> str:
        """The alphabet.txt that reads back as this alphabet."""
        return "".join(("\\#" if label == "#" else label) + "\n" for label in self.labels)

    @property
    def space(self) -> int | None:
        return self._id.get(" ")

    def missing(self, text: str) -> list[str]:
        return sorted({character for character in text if character not in self._id})

    def encode(self, text: str) -> list[int]:
        if not text:
            raise TextError("the transcript is empty")
        try:
            return [self._id[character] for character in text]
        except KeyError:
            raise TextError(f"characters outside the alphabet: {' '.join(map(name, self.missing(text)))}") from None

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "labels": list(self.labels)}


class Utf8Bytes(TokenSet):
    """UTF-8 bytes 1 to 255, for any script without an alphabet file; token id = byte - 1."""

    kind = "bytes"
    bytes_mode = True

    def __init__(self) -> None:
        super().__init__([chr(byte) for byte in range(1, 256)])

    @property
    def space(self) -> int | None:
        return ord(" ") - 1

    @property
    def character_set(self) -> Iterable[str]:
        return ()

    def spell(self, token: int) -> str:
        return self.decode([token])

    def missing(self, text: str) -> list[str]:
        return ["\0"] if "\0" in text else []

    def encode(self, text: str) -> list[int]:
        if not text:
            raise TextError("the transcript is empty")
        if "\0" in text:
            raise TextError("the transcript holds a zero byte")
        return [byte - 1 for byte in text.encode("utf-8")]

    def decode(self, ids: Iterable[int]) -> str:
        """Text of byte tokens; bytes that are not UTF-8 become U+FFFD."""
        return bytes(i + 1 for i in ids).decode("utf-8", errors="replace")

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind}


ENGLISH = Characters([" ", *"abcdefghijklmnopqrstuvwxyz", "'"])
