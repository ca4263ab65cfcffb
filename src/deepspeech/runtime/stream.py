"""RecognizerStream: sound in while it is spoken, text out at any time.

    chunk ─ resample ─▶ FrameStream ─ frames ─▶ WindowStream ─ windows ─▶ pending ─ 16 at a time ─▶ network ─▶ search
            (its tail)   (samples short of       (right context           (windows short
                          a window)               not yet there)           of a step)

Each stage keeps what it cannot pass on yet; `finish` empties them from left to right. The network always takes the
same number of windows at once, so results do not depend on how the sound was cut. A stream belongs to one thread; the
session behind it is shared.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.pcm import int16_to_float
from deepspeech.audio.resample import StreamResampler
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.features.frames import FrameStream
from deepspeech.features.mfcc import FeatureExtractor
from deepspeech.runtime.session import Session
from deepspeech.runtime.windows import WindowStream

STEPS = 16


class EmissionStream:
    """The part of a stream before the search: samples in, probabilities of frames out."""

    def __init__(self, session: Session, extractor: FeatureExtractor) -> None:
        self._session = session
        self._frames = FrameStream(extractor)
        self._windows = WindowStream(session.card.context_frames, extractor.config.coefficients)
        self._pending = self._windows.feed(np.zeros((0, extractor.config.coefficients), np.float32))
        self._state = session.start()

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [frames, classes] that `samples` (mono float32 at the model's rate) complete."""
        return self._advance(self._windows.feed(self._frames.feed(samples)), last=False)

    def finish(self) -> NDArray[np.float32]:
        """Probabilities of the frames still held."""
        tail = self._windows.feed(self._frames.finish())
        return self._advance(np.concatenate([tail, self._windows.finish()]), last=True)

    def flush(self) -> NDArray[np.float32]:
        """Probabilities of the frames whose neighbours are all here, without waiting for 16 of them."""
        return self._advance(self._pending[:0], last=True)

    def _advance(self, windows: NDArray[np.float32], last: bool) -> NDArray[np.float32]:
        self._pending = np.concatenate([self._pending, windows])
        rows = [np.zeros((0, self._session.card.alphabet.classes), np.float32)]
        while len(self._pending) >= STEPS or (last and len(self._pending)):
            probabilities, self._state = self._session.step(self._pending[None, :STEPS], self._state)
            rows.append(probabilities[0])
            self._pending = self._pending[STEPS:]
        return np.concatenate(rows)


class RecognizerStream:
    """One utterance, or one long conversation, being recognised."""

    def __init__(
        self,
        session: Session,
        extractor: FeatureExtractor,
        options: DecodeOptions,
        rate_hz: int,
        scorer: Scorer | None = None,
        hot_words: Mapping[str, float] | None = None,
    ) -> None:
        self._emissions = EmissionStream(session, extractor)
        self._resampler = StreamResampler(rate_hz, extractor.config.sample_rate_hz)
        self._decoder = BeamDecoder(session.card.alphabet, options, extractor.config.step_s, scorer, hot_words)
        self._done = False

    def feed(self, samples: NDArray[np.int16] | NDArray[np.float32]) -> None:
        """Take mono samples [N]: int16, or floats from -1 to 1. Raises AudioError for anything else."""
        if self._done:
            raise AudioError("this stream is finished; open another")
        self._decode(self._emissions.feed(self._resampler.feed(_as_float(samples))))

    def partial(self) -> Transcript:
        """The best transcript of what was fed so far."""
        return self.partials(1)[0]

    def partials(self, candidates: int) -> list[Transcript]:
        """Transcripts of what was fed so far, best first, fewer than `candidates` if the beam is."""
        return self._decoder.candidates(candidates)

    def flush(self) -> None:
        """Search what the network can say by now, instead of waiting for its next 16 windows."""
        if not self._done:
            self._decode(self._emissions.flush())

    def finish(self, candidates: int = 1) -> list[Transcript]:
        """Transcripts of everything, best first; the stream takes no more."""
        if not self._done:
            self._decode(self._emissions.feed(self._resampler.finish()))
            self._decode(self._emissions.finish())
            self._done = True
        return self._decoder.candidates(candidates)

    def _decode(self, probabilities: NDArray[np.float32]) -> None:
        if len(probabilities):
            self._decoder.feed(probabilities)


def _as_float(given: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
    samples: NDArray[Any] = np.asarray(given)
    if samples.ndim != 1:
        raise AudioError(f"samples have shape {samples.shape}; give one channel, a 1-D array")
    if samples.dtype == np.int16:
        return int16_to_float(samples)
    if samples.dtype.kind != "f":
        raise AudioError(f"samples are {samples.dtype}; give int16, or floats from -1 to 1")
    if not np.isfinite(samples).all():
        raise AudioError("samples hold values that are not finite")
    return samples.astype(np.float32, copy=False)
