"""Texts for `deepspeech lm`: sentences a line, and the transcripts of data sets and tables, plain or gzipped."""

from collections.abc import Iterator
from pathlib import Path

_COLUMNS = ("transcript", "sentence", "text")  # of a table with tabs: the first that is there


def sources(texts: list[Path], bytes_mode: bool, folder: Path) -> list[Path]:
    """The texts with a sentence a line: transcripts are taken out of data sets, characters stand apart for bytes.

    What has to be written for that goes to `folder`.
    """
    plain = []
    for number, text in enumerate(texts):
        sentences = _transcripts(text, folder)
        if sentences is None and not bytes_mode:
            plain.append(text)
            continue
        plain.append(folder / f"{number:04d} {text.name.removesuffix('.gz') or 'stdin'}")
        with plain[-1].open("w", encoding="utf-8", newline="\n") as file:
            for line in read_lines([text]) if sentences is None else sentences:
                file.write((" ".join("".join(line.split())) if bytes_mode else line) + "\n")
    return plain


def read_lines(texts: list[Path]) -> Iterator[str]:
    """The lines of texts, plain or gzipped. Raises LmError."""
    from deepspeech.errors import LmError
    from deepspeech.lm.texts import blocks

    for text in texts:
        for block, _ in blocks(text):
            try:
                lines = block.decode("utf-8").removesuffix("\n").split("\n")
            except UnicodeDecodeError:
                raise LmError(f"{text}: is not UTF-8; convert the text first, with iconv for example") from None
            yield from (line.rstrip("\r") for line in lines)


def _transcripts(text: Path, folder: Path) -> Iterator[str] | None:
    """What is said in a data set or a table; None for a plain text."""
    from deepspeech.datasets.samples import is_data_set, read_samples

    name = text.name.lower().removesuffix(".gz")
    if name.endswith(".tsv"):
        return _column(text)
    if not is_data_set(name):
        return None
    if text.name.lower().endswith(".gz"):
        text = _unpacked(text, folder)
    return (" ".join(sample.transcript.split()) for sample in read_samples(text))


def _column(table: Path) -> Iterator[str]:
    """The sentences of a table with tabs and a header, as Common Voice has them. Raises LmError."""
    from deepspeech.errors import LmError

    rows = (line.split("\t") for line in read_lines([table]))
    header = next(rows, [])
    found = [header.index(name) for name in _COLUMNS if name in header]
    if not found:
        raise LmError(
            f"{table}: its first line names no column {', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}; "
            "name the column, or give a text with a sentence a line"
        )
    return (" ".join(row[found[0]].split()) for row in rows if len(row) > found[0])


def _unpacked(packed: Path, folder: Path) -> Path:
    """A gzipped data set, unpacked to `folder` under a name of its own kind. Raises LmError."""
    from deepspeech.lm.texts import blocks

    unpacked = folder / packed.name[: -len(".gz")]
    with unpacked.open("wb") as file:
        file.writelines(block for block, _ in blocks(packed))
    return unpacked
