"""RecognizerStream: streaming recognition of one utterance, with partial transcripts at any time."""

from collections.abc import Callable, Iterable, Iterator

from deepspeech.audio.samples import Samples, as_float
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Transcript
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.emission_stream import Float32
from deepspeech.runtime.endpoints import Ending, EndpointRules
from deepspeech.runtime.event_stream import EventStream
from deepspeech.runtime.events import Event, Final
from deepspeech.runtime.session import Session


class RecognizerStream(EventStream):
    """One utterance, from the first sample to the last.

    `feed` commits nothing before the end. `feed_events` commits words after a second, like an EndpointedStream; use one
    of the two.
    """

    def __init__(
        self,
        session: Session,
        extractor: FrontEnd,
        new_decoder: Callable[[int], BeamDecoder],
        rate_hz: int,
        alternatives: int = 0,
        chunk: ChunkSpec | None = None,
    ) -> None:
        """Use Recognizer.stream()."""
        rules = EndpointRules.pauses(session.card.frame_s)
        super().__init__(session, extractor, new_decoder, rate_hz, rules, alternatives, chunk)
        self._silent_from = 0  # characters from this frame on are new speech

    def feed(self, samples: Samples) -> None:
        """Feed mono samples [N]: int16, or floats from -1 to 1. Raises AudioError for anything else."""
        self._check_open()
        self._decode_all(self._emissions.steps(self._resampler.feed(as_float(samples))))

    def partial(self) -> Transcript:
        """The best partial transcript."""
        return self.partials(1)[0]

    def partials(self, candidates: int) -> list[Transcript]:
        """Partial transcripts, best first; at most `candidates`."""
        return self._decoder.candidates(candidates)

    def flush(self) -> None:
        """Decode buffered frames now, instead of waiting for a full chunk."""
        if not self._done:
            self._decode_all(self._emissions.flush())

    def finish(self, candidates: int = 1) -> list[Transcript]:
        """Finish the stream; returns final transcripts, best first."""
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
