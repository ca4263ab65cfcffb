"""Recognizer: a model file made ready; sound to text without torch.

from deepspeech import Recognizer
model = Recognizer.open("model.onnx")
print(model.transcribe("hello.wav").text)
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.formats import read_audio
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.features.mfcc import FeatureExtractor
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.session import Session
from deepspeech.runtime.stream import RecognizerStream


class Recognizer:
    """A loaded model. Immutable: threads may share it, each with streams of its own."""

    def __init__(
        self,
        session: Session,
        options: DecodeOptions | None = None,
        scorer: Scorer | None = None,
        hot_words: Mapping[str, float] | None = None,
    ) -> None:
        self._session, self._scorer, self._hot_words = session, scorer, hot_words
        self._extractor = FeatureExtractor(session.card.features)
        self.options = options or replace(DecodeOptions(), beam_width=session.card.beam_width)

    @classmethod
    def open(
        cls,
        path: str | Path,
        scorer: str | Path | None = None,
        options: DecodeOptions | None = None,
        hot_words: Mapping[str, float] | None = None,
        threads: int = 1,
    ) -> "Recognizer":
        """Load a model file and, if named, a scorer.

        `hot_words` are words and what to add to the natural logarithm of their probability. Raises ModelFileError or
        ScorerError where a file is damaged, foreign or does not fit.
        """
        recognizer = cls(Session(path, threads), options, Scorer.open(scorer) if scorer else None, hot_words)
        recognizer.stream()  # so that a scorer that does not fit is known now
        return recognizer

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        return self._session.card

    def stream(self, rate_hz: int | None = None) -> RecognizerStream:
        """A stream for mono sound at `rate_hz` (None: the model's own rate)."""
        rate = rate_hz or self.card.features.sample_rate_hz
        return RecognizerStream(self._session, self._extractor, self.options, rate, self._scorer, self._hot_words)

    def transcribe(
        self, audio: str | Path | NDArray[np.int16] | NDArray[np.float32], rate_hz: int | None = None
    ) -> Transcript:
        """The best transcript of a file, or of mono samples at `rate_hz` (None: the model's own rate).

        Files may be wav, flac, ogg, opus or mp3 of any rate and number of channels. Raises AudioError.
        """
        return self.candidates(audio, 1, rate_hz)[0]

    def candidates(
        self, audio: str | Path | NDArray[np.int16] | NDArray[np.float32], count: int, rate_hz: int | None = None
    ) -> list[Transcript]:
        """Up to `count` transcripts, best first."""
        samples: NDArray[np.int16] | NDArray[np.float32]
        if isinstance(audio, str | Path):
            samples, rate_hz = read_audio(audio)
        else:
            samples = audio
        stream = self.stream(rate_hz)
        stream.feed(samples)
        return stream.finish(count)
