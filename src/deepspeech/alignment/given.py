"""GivenTranscripts: the transcripts of a data set with the times of their words, in place of recognized ones.

In: a network and samples. Out: Recordings, as of `Recognizer.transcribe_all`, so that the same writers take them.
"""

from collections.abc import Iterable, Iterator, Sequence

from deepspeech.alignment.spelling import SpellingRule
from deepspeech.cores import cores as all_cores
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.word_times import align_transcript
from deepspeech.errors import AudioError, TextError, audio_error
from deepspeech.pool import ordered_map
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.recording import Channel, Recording
from deepspeech.runtime.session import Session


class GivenTranscripts:
    """Aligns known recordings with their transcripts."""

    def __init__(self, session: Session, samples: Sequence[Sample]) -> None:
        self._network, self._rule = FileAcousticModel(session, 1), SpellingRule(session.card.tokens)
        self._texts = {str(sample.audio): sample.transcript for sample in samples}

    def transcribe_all(
        self, sources: Iterable[Channel], alternatives: int = 0, cores: int | None = None, **_: object
    ) -> Iterator[Recording | AudioError]:
        """A Recording for each of `sources`, which are recordings of the samples, or its AudioError."""

        def one(item: Channel) -> Recording | AudioError:
            try:
                return self._of(item)
            except Exception as error:
                return audio_error(error, item.source)

        return ordered_map(one, sources, cores or all_cores())

    def _of(self, item: Channel) -> Recording:
        if isinstance(item.source, bytes | str):
            raise AudioError(f"{item.source!r:.80}: no recording of the data set")
        emission = self._network.emit_file(item.source)
        text = " ".join(self._rule.spoken(self._texts[str(item.source)]).split())
        try:
            found = align_transcript(emission, text, self._rule.tokens)
        except TextError as error:
            raise AudioError(f"{item.source}: {error}") from None
        duration_s = len(emission.probabilities_TV) * emission.frame_s
        return Recording(item.source, duration_s, (found,) if found.text else (), item.number)
