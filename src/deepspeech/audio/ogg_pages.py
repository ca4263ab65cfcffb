"""The streams of a chained Ogg file: a decoder reads only the first.

Format: RFC 3533; a page is a header, a table of segment sizes and the segments. A stream's first page is flagged.
"""

from deepspeech.audio.content import Content
from deepspeech.audio.layout import AGAIN, Layout, Part

_HEAD_BYTES = 27
_FIRST = 2
_LONGEST_PAGE = _HEAD_BYTES + 255 + 255 * 255


def lay_out(content: Content) -> Layout:
    """The streams in `content`, which starts with a page."""
    starts, at, body, fault = [0], 0, False, ""
    while at < content.size:
        head = content.at(at, _HEAD_BYTES + 255)
        if not head.startswith(b"OggS"):
            at = _next_page(content, at)
            continue
        size = _HEAD_BYTES + head[26] + sum(head[_HEAD_BYTES : _HEAD_BYTES + head[26]]) if len(head) > 26 else 0
        if not size or at + size > content.size:
            fault = f"cut off within a page of its Ogg stream; {AGAIN}"
            break
        first = bool(head[5] & _FIRST)
        if first and body:
            starts.append(at)
        body = not first
        at += size
    if len(starts) == 1:
        return Layout(fault=fault)
    ends = [*starts[1:], content.size]
    return Layout(tuple(Part(((a, b - a),)) for a, b in zip(starts, ends, strict=True)), fault)


def _next_page(content: Content, at: int) -> int:
    """Offset of the next page, skipping other bytes."""
    while at < content.size:
        found = content.at(at, _LONGEST_PAGE).find(b"OggS", 1)
        if found > 0:
            return at + found
        at += _LONGEST_PAGE - 3
    return content.size
