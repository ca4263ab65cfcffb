"""Events of the Wyoming protocol on a TCP connection: a line of JSON, then data and payload of the lengths it states.

https://github.com/OHF-Voice/wyoming. All lengths are bounded before anything is read.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from deepspeech.serve.fields import parsed, table
from deepspeech.serve.limits import Refused
from deepspeech.untrusted import is_count

LARGEST_LINE = 1 << 16
LARGEST_DATA = 1 << 20
LARGEST_PAYLOAD = 16 << 20
VERSION = "1.10.0"


@dataclass(frozen=True)
class WyomingEvent:
    """One event."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


async def read_event(reader: asyncio.StreamReader) -> WyomingEvent | None:
    """The next event; None where the client is gone. Raises Refused for anything else, and for what is too long."""
    try:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return None
        head = parsed(line)
        sizes = [head.get(name) or 0 for name in ("data_length", "payload_length")]
        for size, most in zip(sizes, (LARGEST_DATA, LARGEST_PAYLOAD), strict=True):
            if not is_count(size, 0, most):
                raise Refused(f"an event states a length of {size!r:.40}; at most {most} are taken", 413, "too_large")
        data = head.get("data") or {}
        if sizes[0]:
            data = {**table(data, "data"), **parsed(await reader.readexactly(sizes[0]))}
        payload = await reader.readexactly(sizes[1]) if sizes[1] else b""
    except ValueError:  # of readline: longer than the limit
        raise Refused(f"a line is longer than {LARGEST_LINE} bytes", 413, "too_large") from None
    except asyncio.IncompleteReadError:
        return None
    kind = head.get("type")
    if not isinstance(kind, str):
        raise Refused("an event has no type", 400, "invalid_type")
    return WyomingEvent(kind, table(data, "data"), payload)


def event_bytes(event: WyomingEvent) -> bytes:
    """An event as it is sent."""
    data = json.dumps(event.data, ensure_ascii=False).encode() if event.data else b""
    head: dict[str, Any] = {"type": event.kind, "version": VERSION}
    if data:
        head["data_length"] = len(data)
    return json.dumps(head).encode() + b"\n" + data
