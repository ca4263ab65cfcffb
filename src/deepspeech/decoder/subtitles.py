"""Subtitles of transcripts, as SRT or WebVTT: words in cues, cues in lines, times for each word where wanted.

In: segments with times of the recording. Out: the text of cues. SRT as VLC and others read it; WebVTT: W3C, "WebVTT:
The Web Video Text Tracks Format". `alignment/subtitles.py` divides sentences of a text; it writes its cues with `cue`.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from deepspeech.errors import ConfigError

if TYPE_CHECKING:
    from deepspeech.decoder.transcript import Transcript

LINES, LINE_CHARACTERS = 2, 42  # of a subtitle
CUE_S = 6.0
PAUSE_S = 1.0  # longer pauses end a subtitle
READING_S = 0.8  # minimum duration of a subtitle, until the next one


@dataclass(frozen=True)
class SubtitleLayout:
    """How subtitles look. Raises ConfigError for a line that holds nothing."""

    line_width: int = LINE_CHARACTERS  # columns
    lines: int = LINES
    word_times: bool = False  # karaoke: WebVTT marks the start of each word; SRT has a cue for each, underlined

    def __post_init__(self) -> None:
        for name, value in (("max-line-width", self.line_width), ("max-line-count", self.lines)):
            if value < 1:
                raise ConfigError(f"--{name} is {value}; it must be at least 1")


class _Piece(NamedTuple):
    """Unit of line breaking: a word, or a character of a word that is too long for a line."""

    text: str
    start_s: float
    end_s: float
    begins_word: bool = True


def cues_of(segments: Sequence[Transcript], form: str, layout: SubtitleLayout, number: int = 0) -> tuple[str, int]:
    """The cues of a recording in the form "srt" or "vtt", and the number of the last; `number`: of the one before."""
    pieces = [one for segment in segments for one in _pieces(segment, layout)]
    written: list[str] = []
    for cue_pieces, end_s in _cues(pieces, layout):
        for start_s, until_s, lines in _shown(cue_pieces, end_s, form, layout):
            number += 1
            written.append(cue(start_s, until_s, lines, form, number))
    return "".join(written), number


def cue(start_s: float, end_s: float, lines: Sequence[str], form: str, number: int | None = None) -> str:
    """A cue of escaped lines; `number` None: without one, which only WebVTT allows."""
    head = "" if number is None else f"{number}\n"
    text = "\n".join(lines)
    return f"{head}{cue_times(start_s, end_s, form)}\n{text}\n\n"


def escaped(text: str, form: str) -> str:
    """Text of a cue: WebVTT has markup."""
    return html.escape(text, quote=False) if form == "vtt" else text


def _shown(
    pieces: Sequence[_Piece], end_s: float, form: str, layout: SubtitleLayout
) -> Iterator[tuple[float, float, list[str]]]:
    """Start, end and lines of what a subtitle becomes: one cue, or in SRT with word times one for each word."""
    rows = _lines(pieces, layout.line_width)
    if not layout.word_times:
        yield pieces[0].start_s, end_s, [_joined(row, form) for row in rows]
    elif form == "vtt":
        yield pieces[0].start_s, end_s, [_joined(row, form, first=pieces[0]) for row in rows]
    else:
        ends = [*(piece.start_s for piece in pieces[1:]), end_s]
        for piece, until_s in zip(pieces, ends, strict=True):
            yield piece.start_s, until_s, [_joined(row, form, marked=piece) for row in rows]


def _joined(row: Sequence[_Piece], form: str, first: _Piece | None = None, marked: _Piece | None = None) -> str:
    """A line; after `first` each piece has its start before it, and `marked` is underlined."""
    parts: list[str] = []
    for piece in row:
        gap, text = " " if piece.begins_word and parts else "", escaped(piece.text, form)
        if piece is marked:
            text = f"<u>{text}</u>"
        time = "" if first is None or piece is first else f"<{_timestamp(piece.start_s, form)}>"
        parts += [gap, time, text]
    return "".join(parts)


def _pieces(segment: Transcript, layout: SubtitleLayout) -> Iterator[_Piece]:
    """Words of a segment; characters for scripts without spaces."""
    tokens_of_words = (
        list(group) for space, group in groupby(segment.tokens, lambda token: token.text == " ") if not space
    )
    for word, tokens in zip(segment.words, tokens_of_words, strict=True):
        if columns(word.text) <= layout.line_width and tokens[-1].start_s - tokens[0].start_s <= CUE_S:
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


def _lines(pieces: Sequence[_Piece], width: int) -> list[list[_Piece]]:
    """Fill the lines of a subtitle greedily."""
    lines: list[list[_Piece]] = []
    taken = width
    for piece in pieces:
        own = columns(piece.text)
        taken += (1 if piece.begins_word else 0) + own
        if taken > width or not lines:
            lines.append([piece])
            taken = own
        else:
            lines[-1].append(piece)
    return lines


def _cues(pieces: Sequence[_Piece], layout: SubtitleLayout) -> Iterator[tuple[Sequence[_Piece], float]]:
    """Group pieces into subtitles, with their end times."""
    first = 0
    for number in range(1, len(pieces) + 1):
        if number < len(pieces) and not _breaks(pieces[first : number + 1], layout):
            continue
        cue = pieces[first:number]
        until_s = min(max(cue[-1].end_s, cue[0].start_s + READING_S), cue[0].start_s + CUE_S)
        yield cue, min(until_s, pieces[number].start_s) if number < len(pieces) else until_s
        first = number


def _breaks(pieces: Sequence[_Piece], layout: SubtitleLayout) -> bool:
    """Whether the last piece begins a new subtitle."""
    long = len(_lines(pieces, layout.line_width)) > layout.lines or pieces[-1].end_s - pieces[0].start_s > CUE_S
    return long or pieces[-1].start_s - pieces[-2].end_s >= PAUSE_S
