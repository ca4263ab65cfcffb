"""Clips packed in Parquet files: a column of recordings, a column of sentences.

In: files of one set with the same columns. Out: clips, with about one row group in memory. A recording is a struct of
`bytes` and `path`, as Hugging Face's `datasets` writes it, or bytes, or the path of a file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import sentence_of, speaker_of
from deepspeech.errors import CorpusError

_ROWS = 64  # per fetch


class ParquetClips:
    """The clips of Parquet files, read again in each iteration."""

    def __init__(self, files: Sequence[Path], wavs: Path, audio: str, texts: Sequence[str], speakers: Sequence[str]):
        """`texts`, `speakers`: candidate column names; the first that exists is used."""
        self._files, self._wavs = files, wavs
        columns = [row[0] for row in _rows("DESCRIBE SELECT * FROM read_parquet(?)", files[0])]
        text = next((name for name in texts if name in columns), None)
        if audio not in columns or text is None:
            missing = f"column {audio}" if audio not in columns else f"column of sentences ({', '.join(texts)})"
            raise CorpusError(
                f"{files[0]}: there is no {missing}; its columns are {', '.join(columns)}: "
                "name it with --audio-column or --text-column"
            )
        speaker = next((_quoted(name) for name in speakers if name in columns), "NULL")
        self._query = f"SELECT {_quoted(audio)}, {_quoted(text)}, {speaker} FROM read_parquet(?)"

    def __len__(self) -> int:
        return sum(row[0] for file in self._files for row in _rows("SELECT count(*) FROM read_parquet(?)", file))

    def __iter__(self) -> Iterator[Clip]:
        for file in self._files:
            for number, (audio, text, speaker) in enumerate(_rows(self._query, file)):
                yield self._clip(file, number, audio, text, speaker)

    def _clip(self, file: Path, number: int, audio: Any, sentence: Any, speaks: Any) -> Clip:
        (text, fault), speaker = sentence_of(sentence), speaker_of(speaks)
        name, wav = Path(f"{file.name}:{number}"), self._wavs / f"{file.stem}-{number:07}.wav"
        content, path = audio, None
        if isinstance(audio, dict):
            content, path = audio.get("bytes"), audio.get("path")
        elif isinstance(audio, str):
            content, path = None, audio
        if content:
            return Clip(name, wav, text, speaker, fault, content=bytes(content), numbered=True)
        if path:
            return Clip(file.parent / path, wav, text, speaker, fault, numbered=True)
        return Clip(name, wav, text, speaker, fault="the row holds no recording")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(query: str, file: Path) -> Iterator[tuple[Any, ...]]:
    try:
        # DuckDB must not download extensions.
        offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        with duckdb.connect(config={"threads": 1, **offline}) as connection:
            cursor = connection.execute(query, [str(file)])
            while rows := cursor.fetchmany(_ROWS):
                yield from rows
    except duckdb.Error as error:
        reason = str(error).split("\n")[0]
        raise CorpusError(f"{file}: cannot be read as Parquet ({reason}); fetch it again") from None
