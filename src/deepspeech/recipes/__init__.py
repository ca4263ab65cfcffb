"""Recipes: settings for a data set of a given size, so that training needs no settings but its files.

In: a name, or the data set's files. Out: tables of settings, which a TOML file and --set override. The pages are
small.toml, medium.toml and large.toml beside this file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepspeech.audio.formats import probe
from deepspeech.config import read
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import join, read_samples
from deepspeech.errors import AudioError, ConfigError

SMALL, MEDIUM, LARGE, AUTO = "small", "medium", "large", "auto"
LIMITS_HOURS = {SMALL: 20.0, MEDIUM: 300.0, LARGE: float("inf")}
PROBED = 500  # clips whose headers are read to estimate the size of a set


def with_recipe(name: str, tables: Mapping[str, Any]) -> dict[str, Any]:
    """`tables` over those of the recipe `name`; "auto" chooses by the hours of `data.train`. Raises ConfigError.

    A network of another kind in `tables` replaces the recipe's.
    """
    if name == AUTO:
        name = fitting(hours(_train_files(tables)))
    if name not in LIMITS_HOURS:
        raise ConfigError(f"--recipe {name}: there are {', '.join((*LIMITS_HOURS, AUTO))}")
    made = recipe(name)
    if _table(tables, "network").get("kind", made["network"]["kind"]) != made["network"]["kind"]:
        del made["network"]
    for key, value in tables.items():
        made[key] = {**made.get(key, {}), **value} if isinstance(value, Mapping) else value
    return made


def recipe(name: str) -> dict[str, Any]:
    """The tables of a recipe."""
    return read(Path(__file__).with_name(f"{name}.toml"))


def fitting(found_hours: float) -> str:
    """The recipe for so many hours of speech."""
    return next(name for name, limit in LIMITS_HOURS.items() if found_hours <= limit)


def hours(names: Sequence[str]) -> float:
    """Hours of speech in data sets, estimated from the headers of some clips. Raises DataError."""
    samples = join(read_samples(name) for name in names)
    step = max(1, len(samples) // PROBED)
    durations_s = [duration for place in range(0, len(samples), step) if (duration := _duration_s(samples[place]))]
    return len(samples) * sum(durations_s) / max(1, len(durations_s)) / 3600


def _duration_s(sample: Sample) -> float | None:
    """None for a clip that cannot be read, which training reports."""
    try:
        return sample.duration_s or probe(sample.audio).duration_s
    except (AudioError, OSError):
        return None


def _train_files(tables: Mapping[str, Any]) -> list[str]:
    names = _table(tables, "data").get("train")
    if not names:
        raise ConfigError(
            "--recipe auto chooses by the hours of data.train; name its files, or choose a recipe by name"
        )
    return [names] if isinstance(names, str) else list(names)


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    return table if isinstance(table, Mapping) else {}
