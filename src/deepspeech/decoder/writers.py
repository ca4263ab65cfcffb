"""TranscriptWriter: transcripts as plain text, JSON, subtitles (SRT, WebVTT) or a table (TSV).

In: segments with times of the recording. Out: text that ends with a line break; JSON has one object per line. `Written`
gives transcripts and recordings the same as methods.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deepspeech.decoder.subtitles import SubtitleLayout, cues_of
from deepspeech.errors import ConfigError
from deepspeech.printable import in_line

if TYPE_CHECKING:
    from deepspeech.decoder.transcript import Transcript, Word

ALL = "all"
FORMATS = ("txt", "json", "srt", "vtt", "tsv")


def checked_formats(named: Sequence[str]) -> tuple[str, ...]:
    """The formats that one or more --format name: "all", or several, also with commas between. Raises ConfigError."""
    forms = [checked_format(form, all_too=True) for text in named for form in text.split(",")]
    return FORMATS if ALL in forms else tuple(dict.fromkeys(forms))


def checked_format(form: str, all_too: bool = False) -> str:
    """The format that --format names, or with `all_too` "all". Raises ConfigError."""
    choices = (*FORMATS, ALL) if all_too else FORMATS
    if form.strip() not in choices:
        raise ConfigError(f"--format is '{form}'; choose one of {', '.join(choices)}")
    return form.strip()


class Written:
    """What is written in the formats of `deepspeech transcribe`: transcripts and recordings."""

    def _written(self) -> tuple[str, Sequence[Transcript], float | None]:
        """Name, segments and duration in seconds, "" and None where they are not known."""
        raise NotImplementedError

    def to_json(self) -> str:
        """An object in one line: text, words and segments with times; of a recording also its file and duration."""
        return self._as("json").rstrip("\n")

    def to_srt(self, max_line_width: int = 42, max_line_count: int = 2, word_timestamps: bool = False) -> str:
        """SubRip subtitles; with `word_timestamps` a cue for each word, which is underlined. Raises ConfigError."""
        return self._as("srt", SubtitleLayout(max_line_width, max_line_count, word_timestamps))

    def to_vtt(self, max_line_width: int = 42, max_line_count: int = 2, word_timestamps: bool = False) -> str:
        """WebVTT subtitles; with `word_timestamps` each word has its start before it. Raises ConfigError."""
        return self._as("vtt", SubtitleLayout(max_line_width, max_line_count, word_timestamps))

    def _as(self, form: str, layout: SubtitleLayout | None = None) -> str:
        writer = TranscriptWriter(form, layout=layout)
        return writer.head() + writer.body(*self._written())


class TranscriptWriter:
    """Formats transcripts of one or more recordings. Subtitle numbers continue."""

    def __init__(self, form: str, named: bool = False, layout: SubtitleLayout | None = None) -> None:
        """`form` is one of FORMATS; `named`: prefix plain text with the name; `layout`: of subtitles."""
        self._form, self._named, self._cues = form, named, 0
        self._layout = layout or SubtitleLayout()

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
            text, self._cues = cues_of(segments, self._form, self._layout, self._cues)
            return text
        text = _text(segments)
        return f"{in_line(name)}: {text}\n" if self._named else f"{text}\n"


def _text(segments: Sequence[Transcript]) -> str:
    return " ".join(segment.text.strip() for segment in segments)


def _row(name: str, segment: Transcript) -> str:
    words = segment.words
    columns = (name, f"{words[0].start_s:.3f}", f"{words[-1].end_s:.3f}", segment.text.strip())
    return "\t".join(" ".join(column.split()) for column in columns) + "\n"


def _recording(name: str, segments: Sequence[Transcript], duration_s: float | None) -> dict[str, Any]:
    value: dict[str, Any] = {"file": name, "text": _text(segments)} if name else {"text": _text(segments)}
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
