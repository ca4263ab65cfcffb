"""Bulk: many recordings through the network at once, on every core.

    recordings ─ a window of them at a time ─▶ read, cut at silences, features ─▶ clips by length ─▶ 16 at a time:
                                               (while the window before it runs)                     network, search

A batch reads the network's weights from memory once for 16 clips; clips of like length leave little of it empty, and
those that end early leave the batch. A long
recording is cut twice: at its silences, so that there are clips, and at the pauses that the network hears, for it fares
best on single utterances. Texts equal a stream's: with int8 weights bit for bit where they run in C++ of our own, else
but for the rounding of sums in another order, and in ONNX Runtime int8 for the shared scale of a batch's activations.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.audio.span import Span
from deepspeech.audio.vad import SilenceRules, segments
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.mfcc import FeatureExtractor
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]
Source = str | Path | Span | bytes

BATCH = 16
WINDOW = 128  # recordings that are sorted together, fewer of large files
WINDOW_BYTES = 1 << 28


@dataclass(frozen=True)
class Recording:
    """What was said in one recording."""

    source: Source
    duration_s: float
    segments: tuple[Transcript, ...]  # in order, with times of the recording; those without words are left out

    @property
    def text(self) -> str:
        """All that was said, in one line."""
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True, eq=False)
class _Clip:
    """A stretch of a recording, ready for the network."""

    first_frame: int
    features: Float32  # [frames, coefficients]
    long: bool  # of a recording that was cut: to be cut at the pauses that the network hears, too


@dataclass(frozen=True, eq=False)
class _Loaded:
    source: Source
    duration_s: float
    clips: list[_Clip]


class Bulk:
    """Transcribes recordings in batches. One belongs to one thread, which it keeps company with one thread a core."""

    def __init__(
        self,
        session: Session,
        extractor: FeatureExtractor,
        new_decoder: Callable[[int], BeamDecoder],
        alternatives: int,
        cores: int | None,
        rules: SilenceRules,
    ) -> None:
        """Use Recognizer.transcribe_all()."""
        self._session, self._extractor, self._new_decoder = session, extractor, new_decoder
        self._count, self._rules = 1 + alternatives, rules
        self._pause_frames = round(EndpointRules().trailing_silence_s / session.card.frame_s)
        self._cores = cores or len(os.sched_getaffinity(0))

    def over(self, sources: Iterable[Source]) -> Iterator[Recording | AudioError]:
        """A Recording for each source, in order, or the AudioError that says why there is none."""
        remaining = iter(sources)
        with ThreadPoolExecutor(self._cores) as pool:

            def load() -> list[Future[_Loaded | AudioError]]:
                return [pool.submit(self._load, source) for source in _window(remaining)]

            try:
                window = load()
                while window:
                    loaded = [future.result() for future in window]
                    jobs = self._submit(pool, [item for item in loaded if isinstance(item, _Loaded)])
                    window = load()  # behind the batches in the queue: it fills the cores when they run out
                    texts = {id(clip): text for job in jobs for clip, text in job.result()}
                    for item in loaded:
                        yield item if isinstance(item, AudioError) else _recording(item, texts)
            finally:
                pool.shutdown(cancel_futures=True)

    def _load(self, source: Source) -> "_Loaded | AudioError":
        try:
            samples, rate_hz = read_audio(source)
        except AudioError as error:
            return error
        duration_s = len(samples) / rate_hz
        config = self._extractor.config
        samples = resample(samples, rate_hz, config.sample_rate_hz)
        if duration_s <= self._rules.max_segment_s:
            return _Loaded(source, duration_s, [_Clip(0, self._extractor(samples), long=False)])
        clips = []
        for start_s, end_s in segments(samples, config.sample_rate_hz, self._rules):
            first_frame = round(start_s / self._session.card.frame_s)
            first_sample = first_frame * self._session.card.chunk.stride * config.step_samples
            piece = samples[first_sample : round(end_s * config.sample_rate_hz)]
            clips.append(_Clip(first_frame, self._extractor(piece), long=True))
        return _Loaded(source, duration_s, clips)

    def _submit(
        self, pool: ThreadPoolExecutor, loaded: Sequence[_Loaded]
    ) -> list[Future[list[tuple[_Clip, list[Transcript]]]]]:
        clips = sorted((clip for item in loaded for clip in item.clips), key=lambda clip: -len(clip.features))
        groups = [clips[first : first + BATCH] for first in range(0, len(clips), BATCH)]
        return [pool.submit(self._run, group) for group in groups]

    def _run(self, clips: Sequence[_Clip]) -> list[tuple[_Clip, list[Transcript]]]:
        card = self._session.card
        rows = [
            Row(clip.features, card.chunk, self._pause_frames if clip.long and card.streams else None) for clip in clips
        ]
        emit(self._session, rows)
        return [(clip, self._read(clip, row)) for clip, row in zip(clips, rows, strict=True)]

    def _read(self, clip: _Clip, row: "Row") -> list[Transcript]:
        found = []
        for first_frame, probabilities in row.pieces:
            decoder = self._new_decoder(clip.first_frame + first_frame)
            decoder.feed(probabilities)
            best, *others = decoder.candidates(self._count)
            found.append(replace(best, alternatives=tuple(others)).trimmed())
        return found


class Row:
    """A clip on its way through the network. `pieces` holds (first frame, probabilities [frames, classes]).

    With `pause_frames` a pause so long after a letter ends a piece; the next one begins with a fresh state and hears
    the latest step again, as in a ConversationStream.
    """

    def __init__(self, features: Float32, chunk: ChunkSpec, pause_frames: int | None = None) -> None:
        self.features, self.frame = features, 0
        self.frames = chunk.outputs(len(features))  # of probabilities
        self._pause_frames = pause_frames
        self._first = 0
        self._last_letter: int | None = None
        self._parts: list[Float32] = []
        self.pieces: list[tuple[int, Float32]] = []

    def take(self, probabilities: Float32, letters: NDArray[np.bool_]) -> bool:
        """The next step's probabilities, and which frames are a letter's; whether to go on with a fresh state."""
        self._parts.append(probabilities)
        self.frame += len(probabilities)
        if self.frame >= self.frames:
            self._end()
            return False
        if self._pause_frames is None:
            return False
        if letters.any():
            self._last_letter = self.frame - int(letters[::-1].argmax()) - 1
        if self._last_letter is None or self.frame - 1 - self._last_letter < self._pause_frames:
            return False
        self._end()
        self.frame -= len(probabilities)
        self._first, self._last_letter = self.frame, None
        return True

    def _end(self) -> None:
        self.pieces.append((self._first, np.concatenate(self._parts)))
        self._parts = []


def emit(session: Session, rows: Sequence[Row]) -> None:
    """Take the clips of `rows` through the network, as one batch which those that end leave."""
    alphabet, chunk = session.card.alphabet, session.card.chunk
    padded_BTF, states = _padded(session.card, rows), session.start(len(rows))
    while live := [number for number, row in enumerate(rows) if row.frame < row.frames]:
        left_B = np.array([rows[number].frames - rows[number].frame for number in live], np.int32)
        counts_B = np.minimum(left_B, chunk.step_outputs or left_B)
        size = chunk.frames if chunk.hop else chunk.span(int(left_B.max()))
        firsts = [rows[number].frame * chunk.stride for number in live]
        chunks_BTF = np.stack([padded_BTF[n, first : first + size] for n, first in zip(live, firsts, strict=True)])
        probabilities, after = session.step(chunks_BTF, states.of(live), counts_B)
        states.put(live, after)
        best = probabilities.argmax(axis=-1)
        letters = (best != alphabet.blank) & (best != (alphabet.blank if alphabet.space is None else alphabet.space))
        for place, (number, count) in enumerate(zip(live, counts_B, strict=True)):
            if rows[number].take(probabilities[place, :count], letters[place, :count]):
                states.put([number], session.start())


def _padded(card: ModelCard, rows: Sequence[Row]) -> Float32:
    """Frames [clips, frames, dimensions] of all clips, zeros beyond both ends, enough for the longest's last step."""
    chunk = card.chunk
    frames = chunk.left + max(len(row.features) for row in rows) + chunk.right + chunk.frames
    padded = np.zeros((len(rows), frames, card.features.coefficients), np.float32)
    for number, row in enumerate(rows):
        padded[number, chunk.left : chunk.left + len(row.features)] = row.features
    return padded


def _window(sources: Iterator[Source]) -> Iterator[Source]:
    """The next sources that are sorted together: their features must fit into memory."""
    size = 0
    for source in islice(sources, WINDOW):
        yield source
        size += _size(source)
        if size >= WINDOW_BYTES:
            break


def _size(source: Source) -> int:
    if isinstance(source, Span):
        return source.size
    return len(source) if isinstance(source, bytes) else os.path.getsize(source) if os.path.isfile(source) else 0


def _recording(loaded: _Loaded, texts: dict[int, list[Transcript]]) -> Recording:
    found = [text for clip in loaded.clips for text in texts[id(clip)]]
    return Recording(loaded.source, loaded.duration_s, tuple(text for text in found if text.text))
