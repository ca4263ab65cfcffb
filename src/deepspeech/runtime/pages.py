"""Pages: transcripts as plain text, JSON, subtitles (SRT, WebVTT) or a table (TSV).

In: segments with times of the recording. Out: text that ends with a line break. JSON is one object a line.
SRT as VLC and others read it; WebVTT: W3C, "WebVTT: The Web Video Text Tracks Format".
"""

import html
import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from deepspeech.decoder.transcript import Transcript, Word

FORMATS = ("txt", "json", "srt", "vtt", "tsv")

LINE_LETTERS = 42  # of a subtitle, which has two lines
CUE_S = 6.0
PAUSE_S = 1.0  # a longer one ends a subtitle
READING_S = 0.8  # a subtitle stands at least so long, if the next one lets it


class Page:
    """The output of one or more recordings in one format. Subtitles are numbered through."""

    def __init__(self, form: str, named: bool = False) -> None:
        """`form` is one of FORMATS; `named`: plain text tells whose it is."""
        self._form, self._named, self._cues = form, named, 0

    def head(self) -> str:
        """What stands before the first recording."""
        return {"vtt": "WEBVTT\n\n", "tsv": "file\tstart_s\tend_s\ttext\n"}.get(self._form, "")

    def body(self, name: str, segments: Sequence[Transcript], duration_s: float | None = None) -> str:
        """The part of one recording."""
        if self._form == "json":
            return json.dumps(_page(name, segments, duration_s), ensure_ascii=False) + "\n"
        if self._form == "tsv":
            return "".join(_row(name, segment) for segment in segments)
        if self._form in ("srt", "vtt"):
            return "".join(self._cue(*cue) for cue in _cues([word for segment in segments for word in segment.words]))
        text = _text(segments)
        return f"{name}: {text}\n" if self._named else f"{text}\n"

    def _cue(self, words: Sequence[Word], end_s: float) -> str:
        self._cues += 1
        text = " ".join(word.text for word in words)
        if self._form == "vtt":
            text = html.escape(text, quote=False)
        lines = "\n".join(textwrap.wrap(text, LINE_LETTERS, break_long_words=False))
        return f"{self._cues}\n{self._time(words[0].start_s)} --> {self._time(end_s)}\n{lines}\n\n"

    def _time(self, seconds: float) -> str:
        minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
        point = "," if self._form == "srt" else "."
        hours, minutes = divmod(minutes, 60)
        whole, part = divmod(milliseconds, 1000)
        return f"{hours:02}:{minutes:02}:{whole:02}{point}{part:03}"


def _text(segments: Sequence[Transcript]) -> str:
    return " ".join(segment.text.strip() for segment in segments)


def _cues(words: Sequence[Word]) -> Iterator[tuple[Sequence[Word], float]]:
    """Subtitles: words that are read together, and when they go."""
    first = 0
    for number in range(1, len(words) + 1):
        if number < len(words) and not _breaks(words[first : number + 1]):
            continue
        cue = words[first:number]
        until_s = max(cue[-1].end_s, cue[0].start_s + READING_S)
        yield cue, min(until_s, words[number].start_s) if number < len(words) else until_s
        first = number


def _breaks(words: Sequence[Word]) -> bool:
    """Whether the last of these words begins a new subtitle."""
    letters = sum(len(word.text) + 1 for word in words) - 1
    long = letters > 2 * LINE_LETTERS or words[-1].end_s - words[0].start_s > CUE_S
    return long or words[-1].start_s - words[-2].end_s >= PAUSE_S


def _row(name: str, segment: Transcript) -> str:
    words = segment.words
    columns = (name, f"{words[0].start_s:.3f}", f"{words[-1].end_s:.3f}", segment.text.strip())
    return "\t".join(" ".join(column.split()) for column in columns) + "\n"


def _page(name: str, segments: Sequence[Transcript], duration_s: float | None) -> dict[str, Any]:
    page: dict[str, Any] = {"file": name, "text": _text(segments)}
    if duration_s is not None:
        page["duration_s"] = round(duration_s, 3)
    page["words"] = [_word(word) for segment in segments for word in segment.words]
    page["segments"] = [_segment(segment) for segment in segments]
    return page


def _segment(segment: Transcript) -> dict[str, Any]:
    words = segment.words
    page: dict[str, Any] = {"text": segment.text.strip(), "score": round(segment.confidence, 3)}
    if words:
        page |= {"start_s": round(words[0].start_s, 3), "end_s": round(words[-1].end_s, 3)}
    if segment.alternatives:
        page["alternatives"] = [
            {"text": other.text.strip(), "score": round(other.confidence, 3), "words": [*map(_word, other.words)]}
            for other in segment.alternatives
        ]
    return page


def _word(word: Word) -> dict[str, Any]:
    page = {"text": word.text, "start_s": round(word.start_s, 3), "end_s": round(word.end_s, 3)}
    return page | ({} if word.confidence is None else {"confidence": round(word.confidence, 4)})
