"""Statistics as a text table, one column per set. In: Statistics by name. Out: text."""

from collections.abc import Mapping, Sequence

from deepspeech.datasets.survey.page import table
from deepspeech.datasets.survey.statistics import PERCENTILES, Statistics
from deepspeech.progress import clock

_LENGTH_NAMES = ("shortest", "5 %", "25 %", "median", "75 %", "95 %", "longest")
_MIDDLE = (1, 3, 5)


def page(figures: Mapping[str, Statistics]) -> str:
    """Format the table; empty rows are left out."""
    first, *_ = figures
    columns = [dict(_rows(one, first)) for one in figures.values()]
    rows = [["", *figures]]
    for title in columns[0]:
        cells = [column[title] for column in columns]
        if any(cell not in ("", "0") for cell in cells) or title == "clips":
            rows.append([title, *cells])
    return "\n".join([*table(rows), "", *_formats(figures)])


def _rows(one: Statistics, first: str) -> list[tuple[str, str]]:
    share = f"{one.largest_speaker_share:.0%}" if one.speakers else ""
    oov = f"{one.words_oov / max(one.words, 1):.1%}" if one.words_oov is not None else ""
    rows = [
        ("clips", f"{one.clips:,}"),
        ("unreadable clips", f"{one.unreadable:,}"),
        ("length, h:mm:ss", clock(one.duration_s)),
        ("speakers", f"{one.speakers:,}"),
        ("clips without speaker", f"{one.clips_without_speaker:,}" if one.speakers else ""),
        ("clips of the largest speaker", share),
        ("distinct sentences", f"{one.sentences:,}"),
        ("words", f"{one.words:,}"),
        ("vocabulary", f"{one.vocabulary:,}"),
        ("words that occur once", f"{one.words_once:,}"),
        (f"not in {first}", "" if one.vocabulary_oov is None else f"{one.vocabulary_oov:,}"),
        ("OOV rate", oov),
        ("characters, without spaces", f"{one.characters:,}"),
        ("distinct characters", f"{one.alphabet:,}"),
    ]
    rows += [(f"clip length: {name}, s", _at(one.durations_s, at, 2)) for at, name in enumerate(_LENGTH_NAMES)]
    for title, values, digits in (
        ("characters per second", one.characters_per_s, 1),
        ("words per minute", one.words_per_min, 0),
        ("peak level, dB", one.peaks_db, 1),
    ):
        rows += [(f"{title}: {_percentile(at)}", _at(values, at, digits)) for at in _MIDDLE]
    return rows


def _percentile(at: int) -> str:
    return "median" if PERCENTILES[at] == 50 else f"{PERCENTILES[at]} %"


def _at(values: Sequence[float], at: int, digits: int) -> str:
    return f"{values[at]:.{digits}f}" if values else ""


def _formats(figures: Mapping[str, Statistics]) -> list[str]:
    total: dict[str, int] = {}
    for name, one in figures.items():
        for format_name, clips in one.formats.items() if name != "all" or len(figures) == 1 else ():
            total[format_name] = total.get(format_name, 0) + clips
    return [f"{clips:,} × {format_name}" for format_name, clips in sorted(total.items(), key=lambda item: -item[1])]
