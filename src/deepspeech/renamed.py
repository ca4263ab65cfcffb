"""Names that moved: programs that use the old ones go on, with a DeprecationWarning that tells the new one."""

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


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
