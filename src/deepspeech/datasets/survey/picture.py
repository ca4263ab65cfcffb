"""Plots a survey: lengths, characters against seconds, speaking rates, characters, speakers, loudness.

In: a Survey. Out: a PNG.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import FuncFormatter, MaxNLocator

from deepspeech.datasets.survey.survey import REFUSED, Clip, Survey
from deepspeech.errors import DataError
from deepspeech.features.config import FrontEndConfig
from deepspeech.files import atomic_path

_COLORS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb")  # safe for color blindness
_POINTS = 4000  # per set; more would overlap
_CHARACTERS = 60
_NARROW = 30  # characters that fit side by side into half a row
_BINS = 40

_FONT = get_font(findfont(FontProperties()))

Panel = Callable[[Any, Survey, FrontEndConfig], None]


def draw(survey: Survey, features: FrontEndConfig, path: Path) -> None:
    """Write the plot to `path`. Raises DataError where it cannot be written."""
    panels: list[Panel] = [_lengths, _characters_and_seconds, _rates]
    if len({clip.sample.speaker for clip in survey.clips} - {""}) > 1:
        panels.append(_speakers)
    if any(clip.levels for clip in survey.clips):
        panels.append(_loudness)
    wide = len(survey.characters) > _NARROW or len(panels) % 2 == 0  # the characters have a row of their own
    rows = (len(panels) + 1) // 2 + 1 if wide else (len(panels) + 1) // 2
    figure = Figure(figsize=(12, 3.8 * rows), layout="constrained")
    grid = figure.add_gridspec(rows, 2)
    places = [grid[number // 2, number % 2] for number in range(len(panels))]
    places.append(grid[rows - 1, :] if wide else grid[rows - 1, 1])
    for place, panel in zip(places, [*panels, _characters], strict=True):
        axes = figure.add_subplot(place)
        axes.spines[["top", "right"]].set_visible(False)
        panel(axes, survey, features)
    if len(survey.sets) > 1:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 6), frameon=False)
    with atomic_path(path, DataError) as partial:
        figure.savefig(partial, format="png", dpi=110)


def _by_set(survey: Survey, value: Callable[[Clip], float | None]) -> list[tuple[str, str, list[float]]]:
    """Name, color and values of each set."""
    series = []
    for number, one in enumerate(survey.sets):
        values = [found for clip in survey.of_set(one.name) if (found := value(clip)) is not None]
        series.append((one.name, _COLORS[number % len(_COLORS)], values))
    return series


def _histogram(axes: Any, survey: Survey, value: Callable[[Clip], float | None], title: str, unit: str) -> None:
    """Histogram in percent of each set, so that sets of different sizes are comparable."""
    sets = _by_set(survey, value)
    everything = [one for _, _, values in sets for one in values]
    if everything:
        low, high = np.percentile(everything, [0, 100])
        if high - low < 0.01 * abs(high):  # all alike: a bar in the middle of a legible axis
            low, high = low - (0.1 * abs(low) or 1), high + (0.1 * abs(high) or 1)
        bins = np.linspace(low, high, _BINS + 1)
        for number, (name, color, values) in enumerate(sets):
            weights = np.full(len(values), 100 / max(len(values), 1))
            style: dict[str, Any] = {"histtype": "stepfilled", "alpha": 0.45} if number == 0 else {"histtype": "step"}
            axes.hist(values, bins, weights=weights, color=color, label=plain(name), linewidth=1.6, **style)
    axes.set(title=title, xlabel=unit, ylabel="% of the set's clips")


def _lengths(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    _histogram(axes, survey, lambda clip: clip.duration_s, "Length of clips", "seconds")


def _rates(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    _histogram(axes, survey, lambda clip: clip.rate, "Speaking rate", "characters per second, without spaces")
    if survey.usual_rates:
        low, high = axes.get_xlim()
        odd = [(low, survey.usual_rates[0]), (survey.usual_rates[1], high)]
        for start, end in (span := [one for one in odd if one[0] < one[1]]):
            axes.axvspan(start, end, color="#bbbbbb", alpha=0.5, linewidth=0)
        axes.set_xlim(low, high)
        if span:
            axes.set_title("Speaking rate (gray: unusual)")


def _characters_and_seconds(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    """Scatter plot of clips; above the line a transcript is too long for CTC."""
    refused = {id(finding.clip) for kind in REFUSED for finding in survey.findings[kind]}
    longest = 0.0
    for number, one in enumerate(survey.sets):
        clips = [clip for clip in survey.of_set(one.name) if clip.duration_s]
        clips = clips[:: -(-len(clips) // _POINTS) or 1]
        longest = max([longest, *(clip.duration_s or 0 for clip in clips)])
        _points(axes, clips, s=9, alpha=0.5, color=_COLORS[number % len(_COLORS)], linewidths=0)
    bad = [clip for clip in survey.clips if clip.duration_s and id(clip) in refused]
    if bad:
        _points(axes, bad[:_POINTS], s=20, marker="x", color="black", linewidths=0.8, label="refused")
    top = axes.get_ylim()[1]
    axes.plot(
        [0, longest], [0, longest / features.step_s], color="#555555", linewidth=1, label="one character per frame"
    )
    axes.set_ylim(0, top)
    axes.set_xlim(left=0)
    axes.legend(frameon=False, loc="lower right")
    axes.set(title="Characters and seconds of each clip", xlabel="seconds", ylabel="characters")


def _points(axes: Any, clips: Sequence[Clip], **style: Any) -> None:
    seconds = [clip.duration_s for clip in clips]
    axes.scatter(seconds, [len(clip.sample.transcript) for clip in clips], rasterized=True, **style)


def _characters(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    """Character counts, most frequent first, on a log scale."""
    counts = sorted(survey.characters.items(), key=lambda item: (-item[1].times, item[0]))
    outside, shown = survey.outside, counts[:_CHARACTERS]
    if len(counts) > _CHARACTERS:  # show the rarest too
        shown = counts[: _CHARACTERS // 2] + counts[-_CHARACTERS // 2 :]
    colors = ["#ee6677" if character in outside else "#4477aa" for character, _ in shown]
    axes.bar(range(len(shown)), [count.times for _, count in shown], color=colors, width=0.8)
    axes.set_yscale("log")
    for number, (character, _) in enumerate(shown):
        sign = seen(character)
        style: dict[str, Any] = {"fontsize": 6, "rotation": 90} if len(sign) > 2 else {"fontsize": 9}
        style |= {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": "center", "va": "top"}
        axes.annotate(sign, (number, 0), (0, -4), **style)
    axes.set_xticks([])
    axes.set_ylim(bottom=0.5)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.margins(x=0.01)
    left = f", {len(counts) - len(shown):,} in the middle not shown" if len(shown) < len(counts) else ""
    axes.set_title(f"Characters{' (red: outside the alphabet)' if outside else ''}{left}")
    axes.set_ylabel("times")


def seen(character: str) -> str:
    """A character, or its code point if it is invisible or not in the font."""
    if character == " ":
        return "space"
    if (
        not character.isprintable()
        or unicodedata.category(character)[0] in "MZC"
        or not _FONT.get_char_index(ord(character))
    ):
        return f"U+{ord(character):04X}"
    return plain(character)


def plain(text: str) -> str:
    """Escape `text` for matplotlib: $ begins a formula, a leading _ hides a legend entry."""
    return " " * text.startswith("_") + text.replace("$", r"\$")


def _speakers(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    """Minutes of audio per speaker, largest first."""
    for number, one in enumerate(survey.sets):
        minutes: Counter[str] = Counter()
        for clip in survey.of_set(one.name):
            if clip.sample.speaker:
                minutes[clip.sample.speaker] += (clip.duration_s or 0) / 60  # type: ignore[assignment]
        ordered = sorted(minutes.values(), reverse=True)
        axes.plot(range(1, len(ordered) + 1), ordered, ".-", color=_COLORS[number % len(_COLORS)])
    axes.set(title="Audio of each speaker", xlabel="speakers, largest first", ylabel="minutes")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _loudness(axes: Any, survey: Survey, features: FrontEndConfig) -> None:
    _histogram(axes, survey, lambda clip: clip.levels.rms_db if clip.levels else None, "Loudness", "RMS level in dB")
