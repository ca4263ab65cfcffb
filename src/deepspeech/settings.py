"""Settings with their documentation: a field of a configuration, its unit, what it does and when to change it.

`train --show` and the reference page of the documentation print these texts. They are field metadata, so that they
stand beside the default that they explain.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting:
    """The documentation of one setting."""

    effect: str  # what it does, and what special values mean; one line
    change: str = ""  # when to change it
    unit: str = ""  # of numbers


def setting(default: Value, effect: str, change: str = "", unit: str = "") -> Value:
    """A dataclass field with `default` and its documentation; the type is that of the default."""
    documentation = {"setting": Setting(effect, change, unit)}
    return field(default=default, metadata=documentation)


def documented(kind: Any) -> Iterator[tuple[str, Any, Setting]]:
    """Name, default and documentation of each setting of a configuration class."""
    for item in fields(kind):
        if "setting" in item.metadata:
            yield item.name, item.default, item.metadata["setting"]
