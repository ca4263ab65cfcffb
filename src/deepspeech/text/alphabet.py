"""Letters as numbers: transcripts to label ids and back. The blank of CTC is always the last class.

Formats: DeepSpeech's alphabet.txt (`native_client/alphabet.cc`) and its bytes output mode.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from deepspeech.errors import TextError
from deepspeech.text.characters import name
from deepspeech.text.reading import read_text


class Alphabet:
    """An ordered list of labels, one code point each; label id = position. Immutable; threads may share it."""

    bytes_mode = False

    def __init__(self, labels: Sequence[str]) -> None:
        if not labels:
            raise TextError("the alphabet is empty; it needs one letter a line")
        self.labels = tuple(labels)
        # Of duplicates the later one is used to encode, as the old system did.
        self._id = {label: position for position, label in enumerate(self.labels)}

    @classmethod
    def from_text(cls, text: str) -> "Alphabet":
        r"""Read alphabet.txt's format: a label a line, `#` starts a comment, `\#` is the label `#`."""
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return cls([("#" if line == "\\#" else line) for line in lines if line and not line.startswith("#")])

    @classmethod
    def from_file(cls, path: str | Path) -> "Alphabet":
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
    def blank(self) -> int:
        """Id of the CTC blank: the class after the last label."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """Number of network outputs: labels and blank."""
        return len(self.labels) + 1

    @property
    def space(self) -> int | None:
        """Id of the space label, None where the alphabet has none."""
        return self._id.get(" ")

    def missing(self, text: str) -> list[str]:
        """Characters of `text` that are not in the alphabet, sorted, each once."""
        return sorted({character for character in text if character not in self._id})

    def encode(self, text: str) -> list[int]:
        """Label ids of `text`. Raises TextError that names what cannot be encoded."""
        if not text:
            raise TextError("the transcript is empty")
        try:
            return [self._id[character] for character in text]
        except KeyError:
            raise TextError(f"letters outside the alphabet: {' '.join(map(name, self.missing(text)))}") from None

    def decode(self, ids: Iterable[int]) -> str:
        """Text of label ids."""
        return "".join(self.labels[i] for i in ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and self.labels == other.labels and self.bytes_mode == other.bytes_mode

    def __hash__(self) -> int:
        return hash((self.labels, self.bytes_mode))


class ByteAlphabet(Alphabet):
    """UTF-8 bytes 1 to 255 as labels, for any script without an alphabet file; label id = byte - 1."""

    bytes_mode = True

    def __init__(self) -> None:
        super().__init__([chr(byte) for byte in range(1, 256)])

    @property
    def space(self) -> int | None:
        return ord(" ") - 1

    def missing(self, text: str) -> list[str]:
        return ["\0"] if "\0" in text else []

    def encode(self, text: str) -> list[int]:
        if not text:
            raise TextError("the transcript is empty")
        if "\0" in text:
            raise TextError("the transcript holds a zero byte")
        return [byte - 1 for byte in text.encode("utf-8")]

    def decode(self, ids: Iterable[int]) -> str:
        """Text of byte labels; bytes that are not UTF-8 become U+FFFD."""
        return bytes(i + 1 for i in ids).decode("utf-8", errors="replace")


ENGLISH = Alphabet([" ", *"abcdefghijklmnopqrstuvwxyz", "'"])
