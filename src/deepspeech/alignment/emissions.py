"""Emissions of a recording of any length, on disk, computed in batches on all cores.

In: a sound file. Out: an EmissionFile, from which any stretch of frames can be read. Memory: a quarter of an hour of
sound (`runtime/clips.py`), whatever the length. Silences between segments of speech are blanks.
"""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.vad import SilenceRules
from deepspeech.decoder.word_alignment import log_probs
from deepspeech.file_positions import read_at, write_at
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.batch_transcriber import BATCH
from deepspeech.runtime.clips import Clip, ClipReader, next_part
from deepspeech.runtime.endpoints import Endpointer, EndpointRules
from deepspeech.runtime.recording import Channel, Source
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]
OnPiece = Callable[[int, Float32], None]


class EmissionFile:
    """Probabilities [frames, classes] in a temporary file; frames that nobody wrote are blanks. Thread-safe."""

    def __init__(self, card: ModelCard) -> None:
        self._card, self._row = card, 4 * card.tokens.classes
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, closed in __exit__
        self.frames = 0
        self.duration_s = 0.0
        self.warning = ""  # why the recording could not be read to its end

    @property
    def frame_s(self) -> float:
        return self._card.frame_s

    def write(self, first_frame: int, probabilities: Float32) -> None:
        """Put rows at their place; later ones replace earlier ones."""
        write_at(self._file.fileno(), np.ascontiguousarray(probabilities).tobytes(), first_frame * self._row)

    def log_probs(self, start: int, end: int) -> Float32:
        """Log probabilities [frames, classes] of the frames from `start` to before `end`."""
        data = read_at(self._file.fileno(), (end - start) * self._row, start * self._row)
        rows = np.zeros((end - start, self._card.tokens.classes), np.float32)
        rows.reshape(-1).view(np.uint8)[: len(data)] = np.frombuffer(data, np.uint8)
        rows[~rows.any(axis=1), self._card.tokens.blank] = 1.0
        return log_probs(rows)

    def __enter__(self) -> "EmissionFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def compute_emissions(
    session: Session, source: Source, into: EmissionFile, cores: int, channel: int | None, on_piece: OnPiece
) -> None:
    """Fill `into` with the emissions of a recording; `on_piece` gets each piece too, from several threads.

    Damaged recordings are read as far as possible. Raises AudioError where nothing can be read.
    """
    card = session.card
    reader = ClipReader(card, card.front_end, SilenceRules())
    opened = reader.open(Channel(source, channel))

    def run(clips: list[Clip]) -> None:
        items = [BatchItem(clip.features, card.chunk, _endpointer(card, clip)) for clip in clips]
        run_batch(session, items)
        for clip, item in zip(clips, items, strict=True):
            for first, probabilities in item.pieces:
                into.write(clip.first_frame + first, probabilities)
                on_piece(clip.first_frame + first, probabilities)

    with ThreadPoolExecutor(cores) as pool:
        clips = opened.clips
        try:
            while clips:
                jobs = [pool.submit(run, some) for some in _batches(clips)]
                following = next_part(opened.rest)
                for job in jobs:
                    job.result()
                clips = following
        finally:
            pool.shutdown(cancel_futures=True)
    into.duration_s, into.warning = opened.blocks.duration_s, opened.blocks.fault
    into.frames = max(1, round(into.duration_s / card.frame_s))


def _batches(clips: list[Clip]) -> Iterator[list[Clip]]:
    ordered = sorted(clips, key=lambda clip: -len(clip.features))
    return (ordered[first : first + BATCH] for first in range(0, len(ordered), BATCH))


def _endpointer(card: ModelCard, clip: Clip) -> Endpointer | None:
    return Endpointer(EndpointRules.pauses(card.frame_s), card.frame_s) if clip.long and card.streams else None
