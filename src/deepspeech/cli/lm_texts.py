"""Input texts of `deepspeech lm`: plain text, and transcripts of data sets and tables, plain or gzipped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_COLUMNS = ("transcript", "sentence", "text")  # of a TSV file: the first that exists


def sources(texts: list[Path], bytes_mode: bool, folder: Path, normalization: Any = None) -> list[Path]:
    """Paths of texts with one sentence per line: extracts transcripts, and in bytes mode separates characters.

    Extracted text is written to `folder`; separated text is normalized before.
    """
    plain = []
    for number, text in enumerate(texts):
        sentences = _transcripts(text, _made(folder, number).with_suffix(_kind(text)))
        if sentences is None and not bytes_mode:
            plain.append(text)
            continue
        plain.append(_made(folder, number))
        with plain[-1].open("w", encoding="utf-8", newline="\n") as file:
            for line in read_lines([text]) if sentences is None else sentences:
                file.write((_separated(line, normalization) if bytes_mode else line) + "\n")
    return plain


def _separated(line: str, normalization: Any) -> str:
    """The characters of a line as words, as a network of bytes has them."""
    from deepspeech.lm.normalize import SkippedLines

    if normalization:
        line = normalization.lines(line.encode(), SkippedLines()).decode()
    return " ".join("".join(line.split()))


@contextmanager
def named_as_input(texts: list[Path], folder: Path) -> Iterator[None]:
    """Make errors about files that `sources` wrote to `folder` name the original text."""
    from deepspeech.errors import DeepSpeechError

    try:
        yield
    except DeepSpeechError as error:
        message = str(error)
        for number, text in enumerate(texts):
            made = _made(folder, number)
            message = message.replace(str(made.with_suffix(_kind(text))), str(text)).replace(str(made), str(text))
        raise type(error)(message) from None


def _made(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}"


def _kind(text: Path) -> str:
    return Path(text.name.lower().removesuffix(".gz")).suffix


def read_lines(texts: list[Path]) -> Iterator[str]:
    """Lines of texts, plain or gzipped. Raises LmError."""
    from deepspeech.errors import LmError
    from deepspeech.lm.texts import blocks

    for text in texts:
        for block, _ in blocks(text):
            try:
                lines = block.decode("utf-8").removesuffix("\n").split("\n")
            except UnicodeDecodeError:
                raise LmError(f"{text}: is not UTF-8; convert the text first, with iconv for example") from None
            yield from (line.rstrip("\r") for line in lines)


def _transcripts(text: Path, unpacked: Path) -> Iterator[str] | None:
    """Transcripts of a data set or a table; None for plain text. A gzipped data set is unpacked to `unpacked`."""
    from deepspeech.datasets.samples import is_data_set, read_samples

    name = text.name.lower().removesuffix(".gz")
    if name.endswith(".tsv"):
        return _column(text)
    if not is_data_set(name):
        return None
    if text.name.lower().endswith(".gz"):
        text = _unpacked(text, unpacked)
    return (" ".join(sample.transcript.split()) for sample in read_samples(text))


def _column(table: Path) -> Iterator[str]:
    """Sentences of a TSV file with a header, as in Common Voice. Raises LmError."""
    from deepspeech.errors import LmError

    rows = (line.split("\t") for line in read_lines([table]))
    header = next(rows, [])
    found = [header.index(name) for name in _COLUMNS if name in header]
    if not found:
        raise LmError(
            f"{table}: its first line names no column {', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}; "
            "name the column, or use a text with one sentence per line"
        )
    return (" ".join(row[found[0]].split()) for row in rows if len(row) > found[0])


def _unpacked(packed: Path, unpacked: Path) -> Path:
    """Unpack a gzipped data set. Raises LmError."""
    from deepspeech.lm.texts import blocks

    with unpacked.open("wb") as file:
        file.writelines(block for block, _ in blocks(packed))
    return unpacked
