"""What happens in a stream of sound, in order. Times are seconds of the stream.

    SpeechStarted ─ Partial ─ Partial ─ … ─ SpeechStopped ─ Final ─ SpeechStarted ─ …

Partials and the Final after them belong to one utterance. Their `stable` texts only grow, and each begins every later
Partial's text and the Final's: what is new in one is a delta to append. A stream that ends utterances by itself gives
SpeechStopped and then Final at each pause; an utterance that is cut for its length has its Final while speech goes on.
A stream without endpoints tells pauses, too, and has one Final, when it is finished.
"""

from dataclasses import dataclass
from typing import TypeAlias

from deepspeech.decoder.transcript import Transcript


@dataclass(frozen=True)
class SpeechStarted:
    """The network hears the first character after silence."""

    time_s: float


@dataclass(frozen=True)
class SpeechStopped:
    """It has heard no character since this time, for as long as a pause takes; or the stream is finished."""

    time_s: float


@dataclass(frozen=True)
class Partial:
    """The best text so far of the utterance that is being spoken, given when it changes."""

    text: str
    stable: str  # the words at its beginning that will not change any more


@dataclass(frozen=True)
class Final:
    """An utterance that has ended. Its text is empty where what began it turned out to be none."""

    transcript: Transcript


Event: TypeAlias = SpeechStarted | SpeechStopped | Partial | Final
