"""Alignments as files of other programs: one function each, Alignment → text.

JSON (all there is), TSV, CTM (NIST sclite), Audacity labels, Praat TextGrid (long text format), ELAN EAF 3.0, SRT and
WebVTT (`subtitles.py`). Sentences and words that are not in the sound are in JSON and TSV only.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any
from xml.etree import ElementTree

from deepspeech.alignment.result import AlignedWord, Alignment, ForeignSound, Span, build
from deepspeech.alignment.subtitles import srt, vtt
from deepspeech.untrusted import parse_json

_EAF = {
    "AUTHOR": "",
    "DATE": "1970-01-01T00:00:00Z",  # the same alignment gives the same file
    "FORMAT": "3.0",
    "VERSION": "3.0",
    "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv3.0.xsd",
}
Piece = AlignedWord | Span
LEVELS = ("paragraphs", "sentences", "words")


def to_json(alignment: Alignment) -> str:
    """One object: file, duration, paragraphs of sentences of words, and sound that is not in the text."""
    value = {
        "file": alignment.source,
        "duration_s": round(alignment.duration_s, 3),
        **({"warning": alignment.warning} if alignment.warning else {}),
        "paragraphs": [
            {
                **_entry(paragraph),
                "sentences": [
                    {**_entry(sentence), "words": [_word(word) for word in sentence.words]}
                    for sentence in paragraph.sentences
                ],
            }
            for paragraph in alignment.paragraphs
        ],
        "not_in_text": [
            {"start_s": round(one.start_s, 3), "end_s": round(one.end_s, 3), "heard": one.heard}
            for one in alignment.foreign
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Alignment:
    """Read the output of `to_json`; times and scores are rounded to thousandths. Raises ValueError."""
    try:
        value = parse_json(text)
        paragraphs = [
            [[_read_word(word) for word in sentence["words"]] for sentence in paragraph["sentences"]]
            for paragraph in value["paragraphs"]
        ]
        words = [word for paragraph in paragraphs for sentence in paragraph for word in sentence]
        foreign = tuple(ForeignSound(one["start_s"], one["end_s"], one["heard"]) for one in value["not_in_text"])
        return Alignment(
            value["file"], value["duration_s"], build(paragraphs, words), foreign, value.get("warning", "")
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no alignment: {error!r}") from None


def tsv(alignment: Alignment) -> str:
    """A table of paragraphs, sentences and words in the order of the text; times are empty where there is no sound."""
    lines = ["level\tstart_s\tend_s\tscore\ttext\n"]
    for paragraph in alignment.paragraphs:
        lines.append(_row("paragraph", paragraph))
        for sentence in paragraph.sentences:
            lines += [_row("sentence", sentence), *(_row("word", word) for word in sentence.words)]
    return "".join(lines)


def ctm(alignment: Alignment) -> str:
    """Spoken words as sclite reads them: recording, channel, start, duration, word, confidence."""
    name = "_".join(PurePath(alignment.source).stem.split()) or "recording"
    lines = []
    for word in alignment.words:
        if word.start_s is not None and word.end_s is not None and word.score is not None:
            text = "_".join((word.spoken or word.text).split())
            times = f"{word.start_s:.3f} {word.end_s - word.start_s:.3f}"
            lines.append(f"{name} 1 {times} {text} {math.exp(word.score):.3f}\n")
    return "".join(lines)


def audacity(alignment: Alignment) -> str:
    """A label track of sentences."""
    return "".join(
        f"{start_s:.6f}\t{end_s:.6f}\t{' '.join(text.split())}\n"
        for start_s, end_s, text in _timed(alignment.sentences)
    )


def textgrid(alignment: Alignment) -> str:
    """Praat's long text format: a tier of intervals for each level, gaps as empty ones."""
    end = f"{max(alignment.duration_s, _last_s(alignment)):.3f}"
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end}"]
    lines += ["tiers? <exists>", f"size = {len(LEVELS)}", "item []:"]
    for number, level in enumerate(LEVELS, 1):
        intervals = list(_intervals(_timed(getattr(alignment, level)), end))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{level}"']
        lines += ["        xmin = 0", f"        xmax = {end}", f"        intervals: size = {len(intervals)}"]
        for place, (start, until, text) in enumerate(intervals, 1):
            quoted = text.replace('"', '""')
            lines += [f"        intervals [{place}]:", f"            xmin = {start}", f"            xmax = {until}"]
            lines.append(f'            text = "{quoted}"')
    return "\n".join(lines) + "\n"


def eaf(alignment: Alignment) -> str:
    """ELAN's annotation format, a tier for each level."""
    root = ElementTree.Element("ANNOTATION_DOCUMENT", _EAF)
    header = ElementTree.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if alignment.source:
        path = PurePath(alignment.source)
        url = path.as_uri() if path.is_absolute() else f"./{path.as_posix()}"
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", MEDIA_URL=url, MIME_TYPE="audio/x-wav")
    order = ElementTree.SubElement(root, "TIME_ORDER")
    slots = 0
    for level in LEVELS:
        tier = ElementTree.SubElement(root, "TIER", TIER_ID=level, LINGUISTIC_TYPE_REF="default-lt")
        for start_s, end_s, text in _timed(getattr(alignment, level)):
            names = [f"ts{slots + 1}", f"ts{slots + 2}"]
            for name, time_s in zip(names, (start_s, end_s), strict=True):
                ElementTree.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(round(1000 * time_s)))
            slots += 2
            holder = ElementTree.SubElement(tier, "ANNOTATION")
            place = {"ANNOTATION_ID": f"a{slots // 2}", "TIME_SLOT_REF1": names[0], "TIME_SLOT_REF2": names[1]}
            annotation = ElementTree.SubElement(holder, "ALIGNABLE_ANNOTATION", place)
            ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = text
    ElementTree.SubElement(
        root, "LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID="default-lt", TIME_ALIGNABLE="true"
    )
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


FORMATS: dict[str, tuple[str, Callable[[Alignment], str]]] = {  # name → suffix of files, writer
    "json": (".json", to_json),
    "tsv": (".tsv", tsv),
    "ctm": (".ctm", ctm),
    "textgrid": (".TextGrid", textgrid),
    "audacity": (".labels.txt", audacity),
    "srt": (".srt", srt),
    "vtt": (".vtt", vtt),
    "eaf": (".eaf", eaf),
}


def _entry(piece: Piece) -> dict[str, Any]:
    value: dict[str, Any] = {"text": piece.text, "start_s": None, "end_s": None, "score": None}
    if piece.start_s is not None and piece.end_s is not None and piece.score is not None:
        value |= {"start_s": round(piece.start_s, 3), "end_s": round(piece.end_s, 3), "score": round(piece.score, 3)}
    return value


def _word(word: AlignedWord) -> dict[str, Any]:
    """Its entry, with the spelling that was aligned; "" for a wildcard."""
    return _entry(word) | {"spoken": word.spoken}


def _read_word(entry: dict[str, Any]) -> AlignedWord:
    numbers = [entry[name] for name in ("start_s", "end_s", "score")]
    if numbers != [None, None, None]:
        numbers = [float(number) for number in numbers]
    return AlignedWord(str(entry["text"]), str(entry["spoken"]), *numbers)


def _row(level: str, piece: Piece) -> str:
    entry = _entry(piece)
    numbers = ["" if entry[name] is None else f"{entry[name]:.3f}" for name in ("start_s", "end_s", "score")]
    return "\t".join([level, *numbers, " ".join(piece.text.split())]) + "\n"


def _timed(pieces: Sequence[Piece]) -> Iterator[tuple[float, float, str]]:
    """Start, end and text of what is in the sound; of spans only the words that are."""
    for piece in pieces:
        if piece.start_s is not None and piece.end_s is not None:
            said = piece.said if isinstance(piece, Span) else (piece,)
            yield piece.start_s, piece.end_s, " ".join(word.text for word in said)


def _last_s(alignment: Alignment) -> float:
    return max((end_s for _, end_s, _ in _timed(alignment.words)), default=0.0)


def _intervals(pieces: Iterator[tuple[float, float, str]], end: str) -> Iterator[tuple[str, str, str]]:
    """Intervals that fill everything from 0 to `end`, in milliseconds."""
    before = "0"
    for start_s, end_s, text in pieces:
        start, until = f"{start_s:.3f}", f"{end_s:.3f}"
        if float(start) > float(before):
            yield before, start, ""
        yield max(before, start, key=float), until, text
        before = until
    if float(end) > float(before):
        yield before, end, ""
