"""EndpointedStream: endless audio in, utterances out, by endpointing.

    sound ─ network ─ a chunk at a time ──▶ search ─▶ rules ─ silence ─▶ utterance; network and search are reset
                                                          └─── length ──▶ utterance up to its last space; the rest
                                                                          goes to a new search

Memory is bounded: each utterance has its own search. Frame numbers continue, so times are those of the stream.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from deepspeech.audio.samples import Samples
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Token, Transcript
from deepspeech.errors import ConfigError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.emission_stream import Float32
from deepspeech.runtime.endpoints import Ending, EndpointRules
from deepspeech.runtime.event_stream import EventStream
from deepspeech.runtime.events import Event, Final
from deepspeech.runtime.session import Session
from deepspeech.text.characters import is_unspaced

_LOOK_BACK_STEPS = 3  # latest steps of the network in which an overlong word may be cut


class EndpointedStream(EventStream):
    """An endless stream. Leaving a `with` block closes it; `finish` first, or use `events` or `over`."""

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
        chunk = chunk or session.card.chunk
        super().__init__(session, extractor, new_decoder, rate_hz, rules, alternatives, chunk)
        # The repeated step must not contain characters before the pause.
        least_s = (chunk.hop + chunk.right) * extractor.config.step_s
        if rules.trailing_silence_s < least_s:
            raise ConfigError(
                f"endpoints: trailing_silence_s is {rules.trailing_silence_s:g}; this model needs at least {least_s:g}"
            )
        self._step_outputs, self._space = chunk.step_outputs, session.card.tokens.space

    def feed(self, samples: Samples) -> list[Transcript]:
        """Feed mono samples [N], int16 or floats from -1 to 1; returns the utterances that ended.

        Raises AudioError for anything else.
        """
        return _utterances(self.feed_events(samples))

    def finish(self) -> list[Transcript]:
        """Finish the stream; returns the remaining utterances."""
        return _utterances(self.finish_events())

    def over(self, chunks: Iterable[Samples]) -> Iterator[Transcript]:
        """Feed all `chunks` and finish; yields each utterance as soon as it ends."""
        for chunk in chunks:
            yield from self.feed(chunk)
        yield from self.finish()

    def partial(self) -> Transcript:
        """The best partial transcript of the current utterance."""
        return self._decoder.best().trimmed()

    def _after_step(self) -> Iterator[Event]:
        yield from self._started()
        ending = self._ending()
        if ending is Ending.SILENCE:
            yield from self._stopped()
            yield from self._last_final()
            again = self._emissions.restart()
            self._begin(self._frames - len(again), again)
        elif ending is Ending.LENGTH and (cut := self._cut()):
            yield self._final(cut)
        else:
            yield from self._changed()

    def _last_final(self) -> Iterator[Final]:
        utterance = self._result()
        if utterance.text or self._final_due:
            yield self._final(utterance)

    def _tokens(self) -> tuple[int, int] | None:
        return self._decoder.token_frames()

    def _cut(self) -> Transcript | None:
        """Cut the utterance at its last space, or between two late characters; the rest begins the next one."""
        whole, stable = self._result(), self._shown.stable
        ends = [self._after_space(whole.tokens) or self._between(whole.tokens)]
        if is_unspaced(stable[-1:]):
            ends.append(self._after_stable(whole.tokens))
        for end in ends:
            utterance = whole.trimmed(end or 0)
            if end and utterance.text and utterance.text.startswith(stable):  # cuts no committed word
                self._begin(end, self._decoder.since(end))
                return utterance
        return None

    def _after_space(self, tokens: Sequence[Token]) -> int | None:
        """The first frame after the last space; None without a space."""
        kept_from = self._decoder.kept_from
        # There are characters before and after it, as the transcript is trimmed.
        starts = [
            place for place, token in enumerate(tokens) if token.text.startswith(" ") and token.frame >= kept_from
        ]
        if not starts:
            return None
        start = tokens[starts[-1]]
        if start.text != " ":  # a subword that begins with the space; it begins the next utterance
            return self._first_frame(tokens[starts[-1] - 1], start, kept_from)
        spaces = [start.frame]
        rows = self._decoder.since(spaces[-1])
        keeps = rows.argmax(axis=1) != self._space  # a space may last for several frames
        return spaces[-1] + (int(keeps.argmax()) if keeps.any() else len(rows))

    def _between(self, tokens: Sequence[Token]) -> int | None:
        """The first frame of the late character with the highest blank probability before it."""
        tokens = [token for token in tokens if token.frame >= self._decoder.kept_from]
        first = tokens[0].frame if tokens else self._decoder.kept_from
        rows, found = self._decoder.since(first), dict[int, float]()
        for before, token in pairwise(tokens):
            # All frames of a character belong to one utterance; in bytes mode those of all its bytes.
            at, label = token.frame, rows[token.frame - first].argmax()
            while at - 1 > before.frame and rows[at - 1 - first].argmax() == label:
                at -= 1
            late = at >= self._frames - _LOOK_BACK_STEPS * self._step_outputs or token is tokens[-1]
            if at > before.frame and late:
                found[at] = float(rows[at - 1 - first, -1])
        return max(found, key=found.__getitem__, default=None)

    def _after_stable(self, tokens: Sequence[Token]) -> int | None:
        """As `_between`, after the committed text; the next frame, if all is committed and the last one is blank."""
        ends = list(accumulate(len(token.text) for token in tokens))
        rest = tokens[bisect_left(ends, len(self._shown.stable)) :]
        if len(rest) > 1:
            return self._between(rest)
        (row,) = self._decoder.since(self._frames - 1)
        return self._frames if row.argmax() == len(row) - 1 else None

    def _first_frame(self, before: Token, token: Token, kept_from: int) -> int:
        """The first frame of `token`, after those of the token before it."""
        first = max(before.frame, kept_from)
        rows, at = self._decoder.since(first), token.frame
        label = rows[at - first].argmax()
        while at - 1 > first and rows[at - 1 - first].argmax() == label:
            at -= 1
        return at

    def _begin(self, frame: int, probabilities: Float32) -> None:
        self._endpointer.begin(frame)
        self._decoder = self._new_decoder(frame)
        self._decoder.feed(probabilities)


def _utterances(events: Iterable[Event]) -> list[Transcript]:
    return [event.transcript for event in events if isinstance(event, Final) and event.transcript.text]
