"""Bulk: many recordings through the network at once, on every core.

    recordings ─ a window of them at a time ─▶ read, cut at silences, features ─▶ clips by length ─▶ 16 at a time:
                                               (while the window before it runs)                     network, search

A batch reads the network's weights from memory once for 16 clips; clips of like length leave little of it empty, and
those that end early leave the batch. Texts equal a stream's but for the rounding of sums in another order; with int8
weights also for the shared scale of a batch's activations.
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
from deepspeech.audio.vad import SilenceRules, segments
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.features.mfcc import FeatureExtractor
from deepspeech.runtime.session import Session, State
from deepspeech.runtime.stream import STEPS

Float32 = NDArray[np.float32]
Source = str | Path | bytes

BATCH = 16
WINDOW = 128  # recordings that are sorted together


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
        self._cores = cores or len(os.sched_getaffinity(0))

    def over(self, sources: Iterable[Source]) -> Iterator[Recording | AudioError]:
        """A Recording for each source, in order, or the AudioError that says why there is none."""
        remaining = iter(sources)
        with ThreadPoolExecutor(self._cores) as pool:

            def load() -> list[Future[_Loaded | AudioError]]:
                return [pool.submit(self._load, source) for source in islice(remaining, WINDOW)]

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
            return _Loaded(source, duration_s, [_Clip(0, self._extractor(samples))])
        clips = []
        for start_s, end_s in segments(samples, config.sample_rate_hz, self._rules):
            first_frame = round(start_s / config.step_s)
            piece = samples[first_frame * config.step_samples : round(end_s * config.sample_rate_hz)]
            clips.append(_Clip(first_frame, self._extractor(piece)))
        return _Loaded(source, duration_s, clips)

    def _submit(
        self, pool: ThreadPoolExecutor, loaded: Sequence[_Loaded]
    ) -> list[Future[list[tuple[_Clip, Transcript]]]]:
        clips = sorted((clip for item in loaded for clip in item.clips), key=lambda clip: -len(clip.features))
        groups = [clips[first : first + BATCH] for first in range(0, len(clips), BATCH)]
        return [pool.submit(self._run, group) for group in groups]

    def _run(self, clips: Sequence[_Clip]) -> list[tuple[_Clip, Transcript]]:
        found = []
        for clip, probabilities in zip(clips, emit(self._session, [clip.features for clip in clips]), strict=True):
            decoder = self._new_decoder(clip.first_frame)
            decoder.feed(probabilities)
            best, *others = decoder.candidates(self._count)
            found.append((clip, replace(best, alternatives=tuple(others)).trimmed()))
        return found


def emit(session: Session, features: Sequence[Float32]) -> list[Float32]:
    """Probabilities [frames, classes] of clips' features [frames, coefficients], longest first, as one batch."""
    lengths = [len(clip) for clip in features]
    assert lengths == sorted(lengths, reverse=True)
    context, size = session.card.context_frames, 2 * session.card.context_frames + 1
    frames = -(-lengths[0] // STEPS) * STEPS
    padded = np.zeros((len(features), frames + 2 * context, session.card.features.coefficients), np.float32)
    results = [np.zeros((length, session.card.alphabet.classes), np.float32) for length in lengths]
    for row, clip in enumerate(features):
        padded[row, context : context + len(clip)] = clip
    views = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1).transpose(0, 1, 3, 2)
    state = session.start(len(features))
    for start in range(0, lengths[0], STEPS):
        live = sum(length > start for length in lengths)
        state = State(state.h[:, :live], state.c[:, :live])
        probabilities, state = session.step(views[:live, start : start + STEPS], state)
        for row in range(live):
            part = results[row][start : start + STEPS]
            part[:] = probabilities[row, : len(part)]
    return results


def _recording(loaded: _Loaded, texts: dict[int, Transcript]) -> Recording:
    found = [texts[id(clip)] for clip in loaded.clips]
    return Recording(loaded.source, loaded.duration_s, tuple(text for text in found if text.text))
