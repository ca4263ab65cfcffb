"""Layout: the streams of an audio file and how it is truncated, determined before decoding.

A decoder stops where the first header says, and does not notice truncation. Here the stated lengths are compared with
the file: concatenated files become several Parts, stale lengths are fixed, truncation is a fault.
"""

from dataclasses import dataclass

from deepspeech.audio.content import Piece

AGAIN = "copy or download it again"


@dataclass(frozen=True)
class Part:
    """One stream of a file, for a decoder of its own."""

    pieces: tuple[Piece, ...] | None = None  # None: the file as it is
    frames: int | None = None  # samples per channel, if the decoder cannot know


@dataclass(frozen=True)
class Layout:
    """The parts of a file, in order; at least one."""

    parts: tuple[Part, ...] = (Part(),)
    fault: str = ""  # how it is truncated or damaged; the intact part can still be read
