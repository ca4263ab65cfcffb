"""Endpointing: rules for when words are committed and utterances end, after Kaldi's online endpointing.

In: frames of the first and last decoded character. Out: whether the utterance ends. Silence is where the network
decodes no character, so noise that it learned to ignore ends an utterance too.
"""

from dataclasses import dataclass
from enum import Enum
from math import inf

from deepspeech.errors import ConfigError


class Ending(Enum):
    """Whether and why an utterance ends."""

    NONE = "it continues"
    SILENCE = "trailing silence, or no speech"
    LENGTH = "maximum length; it is cut between two words"


@dataclass(frozen=True)
class EndpointRules:
    """Endpointing rules, applied after each step of the network."""

    trailing_silence_s: float = 0.8  # after speech; shorter pauses stay inside an utterance
    min_utterance_s: float = 0.0  # from the first to the last character; shorter ones wait for the next rule
    no_speech_s: float = 5.0  # silence that ends any utterance; without speech it resets the network
    max_utterance_s: float = 20.0  # of speech
    stable_after_s: float = 1.0  # after the end of a word, before it is committed

    def __post_init__(self) -> None:
        for name in ("trailing_silence_s", "no_speech_s", "max_utterance_s", "stable_after_s"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"endpoints: {name} is {getattr(self, name):g}; it must be above 0")
        if not self.min_utterance_s >= 0:
            raise ConfigError(f"endpoints: min_utterance_s is {self.min_utterance_s:g}; it must not be negative")
        if self.no_speech_s < self.trailing_silence_s:
            raise ConfigError(
                f"endpoints: no_speech_s {self.no_speech_s:g} is below trailing_silence_s {self.trailing_silence_s:g}"
            )

    def ending(self, silence_s: float, speech_s: float | None) -> Ending:
        """Decide after `silence_s` since the last character, or since the start without one.

        `speech_s` is the time from the first to the last character; None: there is none.
        """
        if silence_s >= self.no_speech_s:
            return Ending.SILENCE
        if speech_s is None:
            return Ending.NONE
        if silence_s >= self.trailing_silence_s and speech_s >= self.min_utterance_s:
            return Ending.SILENCE
        return Ending.LENGTH if speech_s >= self.max_utterance_s else Ending.NONE

    @classmethod
    def pauses(cls, frame_s: float) -> "EndpointRules":
        """Rules by which only the default pause ends an utterance, rounded to whole frames of a network."""
        pause_s = round(cls.trailing_silence_s / frame_s) * frame_s
        return cls(trailing_silence_s=pause_s, no_speech_s=inf, max_utterance_s=inf)


class Endpointer:
    """Applies the rules to the frames of one stream or clip, after each step of the network."""

    def __init__(self, rules: EndpointRules, frame_s: float) -> None:
        self.rules, self._frame_s, self._start = rules, frame_s, 0

    def begin(self, frame: int) -> None:
        """The next utterance begins with this frame."""
        self._start = frame

    def ending(self, frames: int, tokens: tuple[int, int] | None) -> Ending:
        """Decide after `frames` frames in total; `tokens`: frames of the utterance's first and last character."""
        if tokens is None:
            return self.rules.ending((frames - self._start) * self._frame_s, None)
        first, last = tokens
        return self.rules.ending((frames - 1 - last) * self._frame_s, (last - first) * self._frame_s)
