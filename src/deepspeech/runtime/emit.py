"""FileAcousticModel: emissions of audio files by a model file, in parallel on all cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.audio.shift import shifted
from deepspeech.audio.source import AudioSource
from deepspeech.cores import cores
from deepspeech.decoder.emission import Emission
from deepspeech.errors import AudioError, audio_error
from deepspeech.renamed import renamed
from deepspeech.runtime.emission_stream import EmissionStream
from deepspeech.runtime.session import Session

__getattr__ = renamed(__name__, {"FileEmitter": "deepspeech.runtime.emit:FileAcousticModel"})


class FileAcousticModel:
    """Computes emissions of audio files, in input order."""

    def __init__(self, session: Session, workers: int | None = None, shift_samples: int = 0) -> None:
        """`shift_samples`: delay of every clip; negative: advance."""
        self._session, self._shift = session, shift_samples
        self._extractor = session.card.front_end
        self._workers = workers or cores()

    def emit(self, paths: Sequence[AudioSource]) -> Iterator[Emission]:
        """One Emission per file. Raises AudioError for the first file that cannot be read."""
        for found in self.emit_all(paths):
            if isinstance(found, AudioError):
                raise found
            yield found

    def emit_all(self, paths: Sequence[AudioSource]) -> Iterator[Emission | AudioError]:
        """One Emission per file, or its AudioError."""

        def one(path: AudioSource) -> Emission | AudioError:
            try:
                return self.emit_file(path)
            except Exception as error:
                return audio_error(error, path)

        with ThreadPoolExecutor(self._workers) as pool:
            yield from pool.map(one, paths)

    def emit_file(self, path: AudioSource) -> Emission:
        samples, rate_hz = read_audio(path)
        return self.emit_samples(resample(samples, rate_hz, self._extractor.config.sample_rate_hz))

    def emit_samples(self, samples: NDArray[np.float32]) -> Emission:
        """The emission of mono float32 samples at the model's rate."""
        stream = EmissionStream(self._session, self._extractor)
        samples = shifted(samples, self._shift)
        return Emission(np.concatenate([stream.feed(samples), stream.finish()]), self._session.card.frame_s)
