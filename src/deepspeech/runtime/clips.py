"""Clips: a recording in blocks → segments of speech with their features, ready for the network.

A short recording is one clip. A long one is cut at its silences and read a quarter of an hour at a time, so that memory
does not grow with its length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.blocks import Blocks
from deepspeech.audio.vad import SilenceRules, SpeechStream
from deepspeech.features.front_end import FrontEnd
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.recording import Channel, local

Float32 = NDArray[np.float32]

PART_S = 900.0  # audio of a recording in memory at once


@dataclass(frozen=True, eq=False)
class Clip:
    """A segment of a recording, ready for the network."""

    first_frame: int
    features: Float32  # [frames, coefficients]
    duration_s: float
    long: bool  # from a segmented recording: apply endpointing too


@dataclass(frozen=True, eq=False)
class OpenRecording:
    """A recording whose first part is read."""

    item: Channel
    blocks: Blocks  # has the duration after the last block
    clips: list[Clip]
    rest: Iterator[Clip]


class ClipReader:
    """Reads recordings for one model. Thread-safe."""

    def __init__(self, card: ModelCard, front_end: FrontEnd, rules: SilenceRules) -> None:
        """Recordings longer than `rules.max_segment_s` are cut."""
        self._card, self._front_end, self._rules = card, front_end, rules

    def open(self, item: Channel, part_s: float = PART_S) -> OpenRecording:
        """Open a recording and read its first clips, at least one and about `part_s` seconds.

        Raises AudioError, or other exceptions for damaged files.
        """
        source, name = local(item.source)
        blocks = Blocks(source, self._front_end.config.sample_rate_hz, item.number, name, cut_ok=True)
        clips = self._clips(blocks)
        return OpenRecording(item, blocks, next_part(clips, part_s), clips)

    def _clips(self, blocks: Blocks) -> Iterator[Clip]:
        """Clips of a recording, lazily."""
        coming, begun = iter(blocks), list[Float32]()
        for block in coming:
            begun.append(block)
            if blocks.duration_s > self._rules.max_segment_s:
                yield from self._cut(chain(begun, coming))
                return
        samples = begun[0] if len(begun) == 1 else np.concatenate(begun)
        yield Clip(0, self._front_end(samples), blocks.duration_s, long=False)

    def _cut(self, blocks: Iterator[Float32]) -> Iterator[Clip]:
        rate_hz, frame_s = self._front_end.config.sample_rate_hz, self._card.frame_s
        frame_samples = self._card.chunk.stride * self._front_end.config.step_samples
        speech, held, first = SpeechStream(rate_hz, self._rules), np.zeros(0, np.float32), 0
        for block in chain(blocks, [None]):
            found = speech.finish() if block is None else speech.feed(block)
            held = held if block is None else np.concatenate([held, block])
            for start_s, end_s in found:
                first_frame = round(start_s / frame_s)
                piece = held[max(0, first_frame * frame_samples - first) : round(end_s * rate_hz) - first]
                yield Clip(first_frame, self._front_end(piece), end_s - start_s, long=True)
            spare = min(len(held), int((speech.needed_s - frame_s) * rate_hz) - first)
            if spare > 0:  # keep one more frame: segment starts are rounded to frames
                held, first = held[spare:], first + spare


def next_part(clips: Iterator[Clip], part_s: float = PART_S) -> list[Clip]:
    """The next clips, about `part_s` seconds; empty at the end."""
    some, left_s = list[Clip](), part_s
    for clip in clips:
        some.append(clip)
        left_s -= clip.duration_s
        if left_s <= 0:
            break
    return some
