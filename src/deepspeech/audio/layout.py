"""Layout: the streams that lie in a sound file, and what is missing of them, before a decoder sees it.

A decoder stops where the first header says, and takes a file that was cut off for whole. Here lengths are compared with
what is there: files that were joined come out as several Parts, stale lengths are fixed, truncation is a fault.
"""

from dataclasses import dataclass

from deepspeech.audio.content import Piece

AGAIN = "copy or download it again"


@dataclass(frozen=True)
class Part:
    """One stream of a file, for a decoder of its own."""

    pieces: tuple[Piece, ...] | None = None  # None: the file as it is
    frames: int | None = None  # samples per channel, where the decoder cannot know


@dataclass(frozen=True)
class Layout:
    """The parts of a file, in order; at least one."""

    parts: tuple[Part, ...] = (Part(),)
    fault: str = ""  # how it is cut off or damaged; what is there can be read all the same
