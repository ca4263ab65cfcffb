"""Deltas: events as texts to append, for protocols that cannot take back what they have sent."""

from deepspeech.runtime.events import Event, Final, Partial


class Deltas:
    """What is new in each event: the stable text of a Partial, the rest with its Final; a space between utterances."""

    def __init__(self) -> None:
        self._sent, self._begun = "", False

    def take(self, event: Event) -> str:
        """The text to append after this event; "" for none."""
        if not isinstance(event, Partial | Final):
            return ""
        text = event.stable if isinstance(event, Partial) else event.transcript.text
        delta = text.removeprefix(self._sent)
        if delta and not self._sent and self._begun:
            delta = " " + delta
        self._begun |= bool(text)
        self._sent = text if isinstance(event, Partial) else ""
        return delta
