"""ConversationStream: sound without end in, utterances out, each when its speaker has paused.

    sound ─ network ─ a chunk at a time ──▶ search ─▶ rules ─ silence ─▶ utterance; network and search begin anew
                                                          └─── length ──▶ utterance up to its last space; what was
                                                                          heard after it goes to a new search

Memory does not grow: each utterance has a search of its own. Frames are counted through, so that times are those of the
whole sound. Rules are looked at after each step of the network and nowhere else, so that utterances do not depend on
how the sound was cut. One stream belongs to one thread; the model behind it is shared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from deepspeech.audio.resample import StreamResampler
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.transcript import Token, Transcript
from deepspeech.errors import AudioError, ConfigError
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.endpoints import Ending, EndpointRules
from deepspeech.runtime.session import Session
from deepspeech.runtime.stream import EmissionStream, Float32, Samples, as_float

_LOOK_BACK_STEPS = 3  # of the network, in which to cut a word that is too long for an utterance


class ConversationStream:
    """One endless sound being recognised. Leaving a `with` block closes it; `finish` first, or use `over`."""

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
        self._frame_s = session.card.frame_s
        # The step that is heard again must not hold the letters before the pause.
        chunk = session.card.chunk
        least_s = (chunk.hop + chunk.right) * extractor.config.step_s
        if rules.trailing_silence_s < least_s:
            raise ConfigError(
                f"endpoints: trailing_silence_s is {rules.trailing_silence_s:g}; this model needs at least {least_s:g}"
            )
        self._step_outputs = chunk.step_outputs
        self._rules, self._count, self._space = rules, 1 + alternatives, session.card.alphabet.space
        self._new_decoder = new_decoder
        self._emissions = EmissionStream(session, extractor)
        self._resampler = StreamResampler(rate_hz, extractor.config.sample_rate_hz)
        self._start, self._frames = 0, 0
        self._decoder = new_decoder(0)
        self._done = False

    def feed(self, samples: Samples) -> list[Transcript]:
        """Take mono samples [N], int16 or floats from -1 to 1; the utterances that ended in them.

        Raises AudioError for anything else.
        """
        if self._done:
            raise AudioError("this stream is finished; open another")
        return list(self._utterances(self._emissions.steps(self._resampler.feed(as_float(samples)))))

    def finish(self) -> list[Transcript]:
        """The utterances still held; the stream takes no more."""
        if self._done:
            return []
        ended = list(self._utterances(self._emissions.steps(self._resampler.finish())))
        ended += self._utterances(self._emissions.last_steps())
        self._done = True
        return ended + self._spoken(self._result())

    def over(self, chunks: Iterable[Samples]) -> Iterator[Transcript]:
        """Feed all `chunks`; each utterance as soon as it ends, the last one after the last chunk."""
        for chunk in chunks:
            yield from self.feed(chunk)
        yield from self.finish()

    def partial(self) -> Transcript:
        """The best transcript so far of the utterance that is being spoken."""
        return self._decoder.best().trimmed()

    @property
    def stable(self) -> str:
        """The words at the beginning of `partial` that will not change any more, until the utterance ends."""
        return self._decoder.settled.lstrip(" ")

    @property
    def heard_s(self) -> float:
        """Seconds of sound that `partial` knows of."""
        return self._frames * self._frame_s

    def _utterances(self, steps: Iterable[Float32]) -> Iterator[Transcript]:
        for probabilities in steps:
            self._decoder.feed(probabilities)
            self._frames += len(probabilities)
            self._decoder.settle(self._frames - round(self._rules.stable_after_s / self._frame_s))
            ending = self._ending()
            if ending is Ending.SILENCE:
                yield from self._spoken(self._result())
                again = self._emissions.restart()
                self._begin(self._frames - len(again), again)
            elif ending is Ending.LENGTH:
                cut = self._cut()
                yield from self._spoken(cut) if cut else ()

    def _ending(self) -> Ending:
        heard = self._decoder.heard
        if heard is None:
            return self._rules.ending((self._frames - self._start) * self._frame_s, None)
        first, last = heard
        return self._rules.ending((self._frames - 1 - last) * self._frame_s, (last - first) * self._frame_s)

    def _cut(self) -> Transcript | None:
        """The utterance up to its last space, or between two characters of late; the rest begins the next."""
        whole = self._result()
        end = self._after_space(whole.tokens) or self._between(whole.tokens)
        if end is None:
            return None
        utterance, rest = whole.trimmed(end), self._decoder.since(end)
        self._begin(end, rest)
        return utterance

    def _after_space(self, tokens: Sequence[Token]) -> int | None:
        """The first frame after the last space, None where there is none."""
        starts = [token for token in tokens if token.text.startswith(" ")]  # trimmed: letters stand before and after
        if not starts:
            return None
        if starts[-1].text != " ":  # a piece with the space in it, which begins the next utterance
            return self._first_frame(tokens[tokens.index(starts[-1]) - 1], starts[-1])
        spaces = [starts[-1].frame]
        rows = self._decoder.since(spaces[-1])
        keeps = rows.argmax(axis=1) != self._space  # a space may last for several frames
        return spaces[-1] + (int(keeps.argmax()) if keeps.any() else len(rows))

    def _between(self, tokens: Sequence[Token]) -> int | None:
        """The frame in which a character begins, the one of late before which the blank is surest."""
        first = tokens[0].frame if tokens else 0
        rows, found = self._decoder.since(first), dict[int, float]()
        for before, token in pairwise(tokens):
            at = self._first_frame(before, token)
            late = at >= self._frames - _LOOK_BACK_STEPS * self._step_outputs or token is tokens[-1]
            if at > before.frame and late:
                found[at] = float(rows[at - 1 - first, -1])
        return max(found, key=found.__getitem__, default=None)

    def _first_frame(self, before: Token, token: Token) -> int:
        """The first frame of `token`. All of them go the same way; in bytes mode those of all bytes of a character."""
        first, at = before.frame, token.frame
        rows = self._decoder.since(first)
        label = rows[at - first].argmax()
        while at - 1 > first and rows[at - 1 - first].argmax() == label:
            at -= 1
        return at

    def _begin(self, frame: int, probabilities: Float32) -> None:
        self._start, self._decoder = frame, self._new_decoder(frame)
        self._decoder.feed(probabilities)

    def _result(self) -> Transcript:
        best, *others = self._decoder.candidates(self._count)
        return replace(best, alternatives=tuple(others)).trimmed()

    def _spoken(self, utterance: Transcript) -> list[Transcript]:
        return [utterance] if utterance.text else []

    def __enter__(self) -> "ConversationStream":
        return self

    def __exit__(self, *reason: object) -> None:
        self._done = True
