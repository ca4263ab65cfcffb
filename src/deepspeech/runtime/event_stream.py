"""EventStream: audio in as it arrives, events out; the base of both streams.

    samples ─ resample ─▶ EmissionStream ─ probabilities, step by step ─▶ beam search ─▶ events

State is inspected after each step of the network and nowhere else, so events do not depend on how the audio was cut. A
stream belongs to one thread; the model behind it is shared.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from deepspeech.audio.resample import StreamResampler
from deepspeech.audio.samples import Samples, as_float
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.emission_stream import EmissionStream, Float32
from deepspeech.runtime.endpoints import Ending, Endpointer, EndpointRules
from deepspeech.runtime.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from deepspeech.runtime.session import Session

Stream = TypeVar("Stream", bound="EventStream")

_NOTHING = Partial("", "")


class EventStream(ABC):
    """Audio being transcribed. Leaving a `with` block closes it; finish it first, or use `events`."""

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        rate_hz: int,
        rules: EndpointRules,
        alternatives: int = 0,
        chunk: ChunkSpec | None = None,
    ) -> None:
        """Use Recognizer.stream()."""
        self._emissions = EmissionStream(session, extractor, chunk)
        self._resampler = StreamResampler(rate_hz, extractor.config.sample_rate_hz)
        self._new_decoder, self._decoder = new_decoder, new_decoder(0)
        self._frame_s, self._count = session.card.frame_s, 1 + alternatives
        self._endpointer = Endpointer(rules, self._frame_s)
        self._stable_frames = round(rules.stable_after_s / self._frame_s)
        self._frames, self._done = 0, False
        self._speaking_until: int | None = None  # frame of the last character; None in silence
        self._latest = 0  # frame of the latest speech event: times of characters may still move back
        self._final_due = False  # speech started since the last Final
        self._shown = _NOTHING

    def feed_events(self, samples: Samples) -> list[Event]:
        """Feed mono samples [N], int16 or floats from -1 to 1; returns the resulting events.

        Raises AudioError for anything else.
        """
        self._check_open()
        return list(self._happening(self._emissions.steps(self._resampler.feed(as_float(samples)))))

    def finish_events(self) -> list[Event]:
        """Finish the stream; returns the remaining events."""
        if self._done:
            return []
        events = list(self._happening(self._emissions.steps(self._resampler.finish())))
        events += self._happening(self._emissions.last_steps())
        self._done = True
        return [*events, *self._started(), *self._stopped(), *self._last_final()]

    def events(self, chunks: Iterable[Samples]) -> Iterator[Event]:
        """Feed all `chunks` and finish; yields each event as soon as it happens."""
        for chunk in chunks:
            yield from self.feed_events(chunk)
        yield from self.finish_events()

    @property
    def stable(self) -> str:
        """The committed prefix of `partial`: it does not change until the utterance ends.

        In whole words; in characters where a script has no spaces between words (Chinese, Japanese, Thai …).
        """
        return self._decoder.committed_prefix.strip(" ")

    @property
    def lacking(self) -> int:
        """Samples, at the stream's rate, without which `feed_events` returns no events: until the network's next step.

        Callers with many streams may hold them, to call less often; this delays nothing.
        """
        return self._resampler.lacking(self._emissions.lacking)

    @property
    def decoded_s(self) -> float:
        """Seconds of audio decoded so far."""
        return self._frames * self._frame_s

    @property
    def heard_s(self) -> float:
        """Deprecated name of `decoded_s`."""
        warnings.warn("heard_s is deprecated; use decoded_s", DeprecationWarning, stacklevel=2)
        return self.decoded_s

    @abstractmethod
    def _after_step(self) -> Iterator[Event]:
        """The events of the step that was just decoded."""

    @abstractmethod
    def _last_final(self) -> Iterator[Final]:
        """The last utterance, at the end of the stream."""

    @abstractmethod
    def _tokens(self) -> tuple[int, int] | None:
        """Frames of the first and last character of the current speech; None in silence."""

    def _happening(self, steps: Iterable[Float32]) -> Iterator[Event]:
        for probabilities in steps:
            self._decode(probabilities)
            self._decoder.commit(self._frames - self._stable_frames)
            yield from self._after_step()

    def _decode(self, probabilities: Float32) -> None:
        self._decoder.feed(probabilities)
        self._frames += len(probabilities)

    def _started(self) -> Iterator[SpeechStarted]:
        if tokens := self._tokens():
            if self._speaking_until is None:
                self._final_due, self._latest = True, max(self._latest, tokens[0])
                yield SpeechStarted(self._latest * self._frame_s)
            self._speaking_until = tokens[1]

    def _stopped(self) -> Iterator[SpeechStopped]:
        if self._speaking_until is not None:
            self._latest = max(self._latest, self._speaking_until + 1)
            yield SpeechStopped(self._latest * self._frame_s)
            self._speaking_until = None

    def _changed(self) -> Iterator[Partial]:
        partial = Partial(self._decoder.text, self.stable)
        if partial != self._shown:
            self._shown = partial
            yield partial

    def _final(self, transcript: Transcript) -> Final:
        self._shown, self._final_due = _NOTHING, False
        return Final(transcript)

    def _ending(self) -> Ending:
        return self._endpointer.ending(self._frames, self._tokens())

    def _result(self) -> Transcript:
        best, *others = self._decoder.candidates(self._count)
        return replace(best, alternatives=tuple(others)).trimmed()

    def _check_open(self) -> None:
        if self._done:
            raise AudioError("this stream is finished; open another")

    def __enter__(self: Stream) -> Stream:
        return self

    def __exit__(self, *reason: object) -> None:
        self._done = True
