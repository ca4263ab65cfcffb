"""EventStream: sound in while it is spoken, events out; and RecognizerStream, whose sound is one utterance.

    sound ─ resample ─▶ EmissionStream ─ probabilities, a step at a time ─▶ search ─▶ events

Whatever happens is looked at after each step of the network and nowhere else, so that events do not depend on how the
sound was cut. A stream belongs to one thread; the model behind it is shared.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from deepspeech.audio.resample import StreamResampler
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.emission_stream import EmissionStream, Float32, Samples, as_float
from deepspeech.runtime.endpoints import Ending, Endpointer, EndpointRules
from deepspeech.runtime.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from deepspeech.runtime.session import Session

Stream = TypeVar("Stream", bound="EventStream")

_NOTHING = Partial("", "")


class EventStream(ABC):
    """A sound being recognised. Leaving a `with` block closes it; finish it first, or use `events`."""

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        rate_hz: int,
        rules: EndpointRules,
        alternatives: int = 0,
    ) -> None:
        """Use Recognizer.stream()."""
        self._emissions = EmissionStream(session, extractor)
        self._resampler = StreamResampler(rate_hz, extractor.config.sample_rate_hz)
        self._new_decoder, self._decoder = new_decoder, new_decoder(0)
        self._frame_s, self._count = session.card.frame_s, 1 + alternatives
        self._endpointer = Endpointer(rules, self._frame_s)
        self._stable_frames = round(rules.stable_after_s / self._frame_s)
        self._frames, self._done = 0, False
        self._speaking_until: int | None = None  # the frame of the last letter, None in silence
        self._final_due = False  # speech was heard since the last Final
        self._shown = _NOTHING

    def feed_events(self, samples: Samples) -> list[Event]:
        """Take mono samples [N], int16 or floats from -1 to 1; what happened in them.

        Raises AudioError for anything else.
        """
        self._check_open()
        return list(self._happening(self._emissions.steps(self._resampler.feed(as_float(samples)))))

    def finish_events(self) -> list[Event]:
        """What happens at the end; the stream takes no more."""
        if self._done:
            return []
        events = list(self._happening(self._emissions.steps(self._resampler.finish())))
        events += self._happening(self._emissions.last_steps())
        self._done = True
        return [*events, *self._started(), *self._stopped(), *self._last_final()]

    def events(self, chunks: Iterable[Samples]) -> Iterator[Event]:
        """Feed all `chunks`; each event as soon as it happens, the last ones after the last chunk."""
        for chunk in chunks:
            yield from self.feed_events(chunk)
        yield from self.finish_events()

    @property
    def stable(self) -> str:
        """The words at the beginning of `partial` that will not change any more, until the utterance ends."""
        return self._decoder.committed_prefix.strip(" ")

    @property
    def heard_s(self) -> float:
        """Seconds of sound that `partial` knows of."""
        return self._frames * self._frame_s

    @abstractmethod
    def _after_step(self) -> Iterator[Event]:
        """What happened in the step that the search has just taken."""

    @abstractmethod
    def _last_final(self) -> Iterator[Final]:
        """The utterance at hand, of a stream that is finished."""

    @abstractmethod
    def _tokens(self) -> tuple[int, int] | None:
        """Frames of the first and the last letter since speech began or could begin."""

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
                self._final_due = True
                yield SpeechStarted(tokens[0] * self._frame_s)
            self._speaking_until = tokens[1]

    def _stopped(self) -> Iterator[SpeechStopped]:
        if self._speaking_until is not None:
            yield SpeechStopped((self._speaking_until + 1) * self._frame_s)
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


class RecognizerStream(EventStream):
    """One utterance being recognised, from the first sample to the last.

    `feed` keeps every reading of it in mind until the end. `feed_events` makes words final after a while, as a stream
    with endpoints does; use one of the two.
    """

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        rate_hz: int,
        alternatives: int = 0,
    ) -> None:
        """Use Recognizer.stream()."""
        rules = EndpointRules.pauses(session.card.frame_s)
        super().__init__(session, extractor, new_decoder, rate_hz, rules, alternatives)
        self._silent_from = 0  # the frame from which letters are looked for

    def feed(self, samples: Samples) -> None:
        """Take mono samples [N]: int16, or floats from -1 to 1. Raises AudioError for anything else."""
        self._check_open()
        self._decode_all(self._emissions.steps(self._resampler.feed(as_float(samples))))

    def partial(self) -> Transcript:
        """The best transcript of what was fed so far."""
        return self.partials(1)[0]

    def partials(self, candidates: int) -> list[Transcript]:
        """Transcripts of what was fed so far, best first, fewer than `candidates` if the beam is."""
        return self._decoder.candidates(candidates)

    def flush(self) -> None:
        """Search what the network can say by now, instead of waiting for its next whole step."""
        if not self._done:
            self._decode_all(self._emissions.flush())

    def finish(self, candidates: int = 1) -> list[Transcript]:
        """Transcripts of everything, best first; the stream takes no more."""
        if not self._done:
            self._decode_all(self._emissions.steps(self._resampler.finish()))
            self._decode_all(self._emissions.last_steps())
            self._done = True
        return self._decoder.candidates(candidates)

    def _decode_all(self, steps: Iterable[Float32]) -> None:
        for probabilities in steps:
            self._decode(probabilities)

    def _after_step(self) -> Iterator[Event]:
        yield from self._started()
        yield from self._changed()
        if self._ending() is Ending.SILENCE:
            yield from self._stopped()
            self._silent_from = self._frames
            self._endpointer.begin(self._frames)

    def _last_final(self) -> Iterator[Final]:
        yield self._final(self._result())

    def _tokens(self) -> tuple[int, int] | None:
        last = self._speaking_until
        return self._decoder.token_frames(self._silent_from) or (None if last is None else (last, last))
