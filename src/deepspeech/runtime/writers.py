"""TranscriptWriter: transcripts as plain text, JSON, subtitles (SRT, WebVTT) or a table (TSV).

In: segments with times of the recording. Out: text that ends with a line break; JSON has one object per line.
SRT as VLC and others read it; WebVTT: W3C, "WebVTT: The Web Video Text Tracks Format".
"""

import html
import json
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from deepspeech.decoder.transcript import Transcript, Word
from deepspeech.errors import ConfigError
from deepspeech.printable import in_line

FORMATS = ("txt", "json", "srt", "vtt", "tsv")

LINES, LINE_CHARACTERS = 2, 42  # of a subtitle
CUE_S = 6.0
PAUSE_S = 1.0  # longer pauses end a subtitle
READING_S = 0.8  # minimum duration of a subtitle, until the next one


def checked_format(form: str) -> str:
    """The format that --format names. Raises ConfigError."""
    if form not in FORMATS:
        raise ConfigError(f"--format is '{form}'; choose one of {', '.join(FORMATS)}")
    return form


class _Piece(NamedTuple):
    """Unit of line breaking: a word, or a character of a word that is too long for a line."""

    text: str
    start_s: float
    end_s: float
    begins_word: bool = True


class TranscriptWriter:
    """Formats transcripts of one or more recordings. Subtitle numbers continue."""

    def __init__(self, form: str, named: bool = False) -> None:
        """`form` is one of FORMATS; `named`: prefix plain text with the name."""
        self._form, self._named, self._cues = form, named, 0

    def head(self) -> str:
        """Header before the first recording."""
        return {"vtt": "WEBVTT\n\n", "tsv": "file\tstart_s\tend_s\ttext\n"}.get(self._form, "")

    def body(self, name: str, segments: Sequence[Transcript], duration_s: float | None = None) -> str:
        """Output of one recording."""
        if self._form == "json":
            return json.dumps(_recording(name, segments, duration_s), ensure_ascii=False) + "\n"
        if self._form == "tsv":
            return "".join(_row(name, segment) for segment in segments)
        if self._form in ("srt", "vtt"):
            return "".join(self._cue(*cue) for cue in _cues([one for segment in segments for one in _pieces(segment)]))
        text = _text(segments)
        return f"{in_line(name)}: {text}\n" if self._named else f"{text}\n"

    def _cue(self, pieces: Sequence[_Piece], end_s: float) -> str:
        self._cues += 1
        text = "\n".join(_lines(pieces))
        if self._form == "vtt":
            text = html.escape(text, quote=False)
        return f"{self._cues}\n{cue_times(pieces[0].start_s, end_s, self._form)}\n{text}\n\n"


def _text(segments: Sequence[Transcript]) -> str:
    return " ".join(segment.text.strip() for segment in segments)


def _pieces(segment: Transcript) -> Iterator[_Piece]:
    """Words of a segment; characters for scripts without spaces."""
    tokens_of_words = (
        list(group) for space, group in groupby(segment.tokens, lambda token: token.text == " ") if not space
    )
    for word, tokens in zip(segment.words, tokens_of_words, strict=True):
        if columns(word.text) <= LINE_CHARACTERS and tokens[-1].start_s - tokens[0].start_s <= CUE_S:
            yield _Piece(word.text, word.start_s, word.end_s)
            continue
        # Combining marks stay with the character before.
        firsts = [n for n, token in enumerate(tokens) if n == 0 or unicodedata.category(token.text[0])[0] != "M"]
        for first, after in zip(firsts, [*firsts[1:], len(tokens)], strict=True):
            text, start_s = "".join(token.text for token in tokens[first:after]), tokens[first].start_s
            next_s = tokens[after].start_s if after < len(tokens) else word.end_s
            yield _Piece(text, start_s, min(next_s, start_s + READING_S), begins_word=first == 0)


@lru_cache(1 << 12)
def cue_times(start_s: float, end_s: float, form: str) -> str:
    """The line with the times of a subtitle, in the form "srt" or "vtt"."""
    return f"{_timestamp(start_s, form)} --> {_timestamp(end_s, form)}"


def _timestamp(seconds: float, form: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, part = divmod(milliseconds, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{',' if form == 'srt' else '.'}{part:03}"


def columns(text: str) -> int:
    """Width of a text in columns: East Asian wide characters take two, combining marks none."""
    marks = sum(unicodedata.category(character)[0] == "M" for character in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def _lines(pieces: Sequence[_Piece]) -> list[str]:
    """Fill the lines of a subtitle greedily."""
    lines: list[list[str]] = []
    taken = LINE_CHARACTERS
    for piece in pieces:
        gap, width = " " if piece.begins_word else "", columns(piece.text)
        taken += len(gap) + width
        if taken > LINE_CHARACTERS:
            lines.append([piece.text])
            taken = width
        else:
            lines[-1] += [gap, piece.text]
    return ["".join(line) for line in lines]


def _cues(pieces: Sequence[_Piece]) -> Iterator[tuple[Sequence[_Piece], float]]:
    """Group pieces into subtitles, with their end times."""
    first = 0
    for number in range(1, len(pieces) + 1):
        if number < len(pieces) and not _breaks(pieces[first : number + 1]):
            continue
        cue = pieces[first:number]
        until_s = min(max(cue[-1].end_s, cue[0].start_s + READING_S), cue[0].start_s + CUE_S)
        yield cue, min(until_s, pieces[number].start_s) if number < len(pieces) else until_s
        first = number


def _breaks(pieces: Sequence[_Piece]) -> bool:
    """Whether the last piece begins a new subtitle."""
    long = len(_lines(pieces)) > LINES or pieces[-1].end_s - pieces[0].start_s > CUE_S
    return long or pieces[-1].start_s - pieces[-2].end_s >= PAUSE_S


def _row(name: str, segment: Transcript) -> str:
    words = segment.words
    columns = (name, f"{words[0].start_s:.3f}", f"{words[-1].end_s:.3f}", segment.text.strip())
    return "\t".join(" ".join(column.split()) for column in columns) + "\n"


def _recording(name: str, segments: Sequence[Transcript], duration_s: float | None) -> dict[str, Any]:
    value: dict[str, Any] = {"file": name, "text": _text(segments)}
    if duration_s is not None:
        value["duration_s"] = round(duration_s, 3)
    value["words"] = [_word(word) for segment in segments for word in segment.words]
    value["segments"] = [_segment(segment) for segment in segments]
    return value


def _segment(segment: Transcript) -> dict[str, Any]:
    words = segment.words
    value: dict[str, Any] = {"text": segment.text.strip(), "score": round(segment.confidence, 3)}
    if words:
        value |= {"start_s": round(words[0].start_s, 3), "end_s": round(words[-1].end_s, 3)}
    if segment.alternatives:
        value["alternatives"] = [
            {"text": other.text.strip(), "score": round(other.confidence, 3), "words": [*map(_word, other.words)]}
            for other in segment.alternatives
        ]
    return value


def _word(word: Word) -> dict[str, Any]:
    value = {"text": word.text, "start_s": round(word.start_s, 3), "end_s": round(word.end_s, 3)}
    return value | ({} if word.confidence is None else {"confidence": round(word.confidence, 4)})
