"""Deprecated names: moved Python names and renamed settings. The old ones work, with a DeprecationWarning.

Files that older versions read, run.json and the model card, keep the old names of settings; `saved` writes them.
"""

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from deepspeech.errors import ConfigError

SETTINGS = {  # table of settings, or augmentation → old name → new name
    "training": {"optimiser": "optimizer", "peek_every_s": "preview_every_s"},
    "network": {"normalise_features": "normalize_features"},
    "card": {"licence": "license"},
    "noise": {"colour": "color"},
}


class RenamedSetting(DeprecationWarning):
    """A setting under its old name. Unlike other DeprecationWarnings, commands print it, as one line."""


def renamed(module: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of `module`, whose names are now elsewhere: old name → "package.module:name"."""

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        home, _, new_name = homes[name].partition(":")
        text = f"{module}.{name} is deprecated; use {home}.{new_name}"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return getattr(import_module(home), new_name)

    return find


def current(table: str, values: Mapping[str, Any], warn: bool = True) -> dict[str, Any]:
    """`values` of a table under the current names. Raises ConfigError where a setting has both names."""
    names = SETTINGS.get(table, {})
    for old, new in names.items():
        if old in values and new in values:
            raise ConfigError(f"{table}: '{old}' is the old name of '{new}'; remove '{old}'")
        if old in values and warn:
            warnings.warn(f"{table}: '{old}' is deprecated; use '{new}'", RenamedSetting, stacklevel=2)
    return {names.get(name, name): value for name, value in values.items()}


def saved(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` of a table under the names that every version reads."""
    names = {new: old for old, new in SETTINGS.get(table, {}).items()}
    return {names.get(name, name): value for name, value in values.items()}
