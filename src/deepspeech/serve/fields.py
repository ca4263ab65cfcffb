"""Fields of a client's JSON: each is of its type and in its range, or the client is refused with its name."""

from collections.abc import Mapping
from typing import Any

from deepspeech.serve.limits import Refused
from deepspeech.untrusted import is_count, is_number, parse_json


def parsed(text: str | bytes) -> dict[str, Any]:
    """A JSON object. Raises Refused."""
    try:
        value = parse_json(text)
    except ValueError as error:
        raise Refused(f"the message is no JSON ({str(error)[:100]})", 400, "invalid_json") from None
    if not isinstance(value, dict):
        raise Refused("the message is no JSON object", 400, "invalid_json")
    return value


def table(value: Any, name: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise Refused(f"{name} is no object", 400, "invalid_type", name)
    return value


def text(values: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where there is none."""
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(f"{name} is no text", 400, "invalid_type", name)
    return value


def texts(values: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, empty where there is none."""
    value = values.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused(f"{name} is no list of texts", 400, "invalid_type", name)
    return value


def count(values: Mapping[str, Any], name: str, default: int | None, least: int, most: int) -> int:
    """A whole number; `default` None: it must be there."""
    value = values.get(name, default)
    if not is_count(value, least, most):
        raise Refused(f"{name} is no whole number from {least} to {most}", 400, "invalid_value", name)
    return value


def number(values: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    """A number; null stands for the default."""
    value = values.get(name)
    if value is None:
        return default
    if not is_number(value, least, most):
        raise Refused(f"{name} is no number from {least:g} to {most:g}", 400, "invalid_value", name)
    return value
