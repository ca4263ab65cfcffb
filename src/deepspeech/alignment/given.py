"""GivenTranscripts: the transcripts of a data set with the times of their words, in place of recognized ones.

In: a network and samples. Out: Recordings, as of `Recognizer.transcribe_all`, so that the same writers take them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.blocks import Blocks
from deepspeech.cores import cores as all_cores
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.word_times import align_transcript
from deepspeech.errors import AudioError, ConfigError, TextError, audio_error
from deepspeech.pool import ordered_map
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.batch_transcriber import BATCH
from deepspeech.runtime.recording import Channel, Recording, local
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class _Clip:
    """A recording, ready for the network."""

    item: Channel
    features: Float32  # [frames, coefficients]
    duration_s: float


class GivenTranscripts:
    """Aligns known recordings with their transcripts."""

    def __init__(self, session: Session, samples: Sequence[Sample]) -> None:
        self._session, self._rule = session, SpellingRule(session.card.tokens)
        self._texts = {str(sample.audio): sample.transcript for sample in samples}

    def transcribe_all(
        self,
        sources: Iterable[Channel],
        alternatives: int = 0,
        cores: int | None = None,
        batch_size: int = BATCH,
        heard: Callable[[float], object] | None = None,
    ) -> Iterator[Recording | AudioError]:
        """A Recording for each of `sources`, which are recordings of the samples, or its AudioError.

        `batch_size`: recordings that the network gets at a time on each core. `heard` is told the seconds of sound of
        each batch, from several threads. There are no `alternatives` to a given transcript. Raises ConfigError.
        """
        if batch_size < 1:
            raise ConfigError(f"batch_size is {batch_size}; it must be at least 1")
        if alternatives:
            raise ConfigError("given transcripts have no alternatives; ask for one candidate")
        remaining = iter(sources)

        def run(items: list[Channel]) -> list[Recording | AudioError]:
            return self._batch(items, heard)

        batches = iter(lambda: list(islice(remaining, batch_size)), [])
        return chain.from_iterable(ordered_map(run, batches, cores or all_cores(), ahead=2))

    def _batch(self, items: Sequence[Channel], heard: Callable[[float], object] | None) -> list[Recording | AudioError]:
        read = [_or_error(self._read, item, item) for item in items]
        clips = [one for one in read if isinstance(one, _Clip)]
        if heard:
            heard(sum(clip.duration_s for clip in clips))
        rows = iter(self._rows([clip.features for clip in clips]))
        return [
            one if isinstance(one, AudioError) else _or_error(self._aligned, one.item, one, next(rows)) for one in read
        ]

    def _read(self, item: Channel) -> _Clip:
        if isinstance(item.source, bytes | str) or str(item.source) not in self._texts:
            raise AudioError(f"{item.source!s:.80}: no recording of the data set")
        card, (source, name) = self._session.card, local(item.source)
        blocks = Blocks(source, card.features.sample_rate_hz, item.number, name)
        return _Clip(item, card.front_end(np.concatenate(list(blocks))), blocks.duration_s)

    def _rows(self, features: Sequence[Float32]) -> list[Float32 | Exception]:
        """Probabilities [frames, classes] of clips as one batch; if it fails, one by one, to find the failing one."""
        card, none = self._session.card, np.zeros((0, self._session.card.tokens.classes), np.float32)
        items = [BatchItem(one, card.chunk) for one in features]
        try:
            run_batch(self._session, items)
        except Exception as error:
            return [error] if len(features) == 1 else [rows for one in features for rows in self._rows([one])]
        return [np.concatenate([none, *(rows for _, rows in item.pieces)]) for item in items]

    def _aligned(self, clip: _Clip, rows: Float32 | Exception) -> Recording:
        if isinstance(rows, Exception):
            raise rows
        item = clip.item
        emission = Emission(rows, self._session.card.frame_s)
        text = " ".join(self._rule.spoken(self._texts[str(item.source)]).split())
        try:
            found = align_transcript(emission, text, self._rule.tokens)
        except TextError as error:
            raise AudioError(f"{item.source!s}: {error}") from None
        return Recording(item.source, clip.duration_s, (found,) if found.text else (), item.number)


def _or_error(action: Callable[..., Result], item: Channel, *given: object) -> Result | AudioError:
    """What `action` returns, or its exception as the AudioError of this recording."""
    try:
        return action(*given)
    except Exception as error:
        return audio_error(error, item.source)
