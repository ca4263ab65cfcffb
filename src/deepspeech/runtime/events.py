"""Events of a stream, in order. Times are seconds of the stream.

    SpeechStarted ─ Partial ─ Partial ─ … ─ SpeechStopped ─ Final ─ SpeechStarted ─ …

Partials and the Final after them belong to one utterance. Its `stable` texts are prefixes of each other, of every later
Partial's text and of the Final's: what is new in one is a delta to append. An EndpointedStream emits SpeechStopped and
Final at each pause; an utterance that is cut because of its length has its Final while speech goes on. A
RecognizerStream reports pauses too, and has one Final, when it is finished.
"""

from dataclasses import dataclass
from typing import TypeAlias

from deepspeech.decoder.transcript import Transcript


@dataclass(frozen=True)
class SpeechStarted:
    """The first character after silence was decoded; it starts at this time."""

    time_s: float


@dataclass(frozen=True)
class SpeechStopped:
    """No character was decoded since this time, for the length of a pause; or the stream is finished."""

    time_s: float


@dataclass(frozen=True)
class Partial:
    """The best text so far of the current utterance, emitted when it changes."""

    text: str
    stable: str  # committed prefix, in whole words or characters (Chinese, Thai): it will not change


@dataclass(frozen=True)
class Final:
    """An utterance has ended. Its text is empty where what started it was no speech after all."""

    transcript: Transcript


Event: TypeAlias = SpeechStarted | SpeechStopped | Partial | Final
