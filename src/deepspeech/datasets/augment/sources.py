"""Sources: audio to mix in: recordings of a data set, folder or file, babble of the training set, colored noise.

In: the value of `source=`. Out: the requested number of samples, determined by the random generator.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.names import is_sound
from deepspeech.datasets.augment.spec import SYNTHETIC, Augmentation, Random
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import DataError
from deepspeech.files import visible
from deepspeech.remote.files import fetch_all

Float32 = NDArray[np.float32]
COLORS = {"white": 0.0, "pink": 1.0, "brown": 2.0}
BABBLERS = 4  # voices in babble: fewer are intelligible, more sound like noise


class Sources:
    """The recordings that a list of augmentations mixes in. Thread-safe."""

    def __init__(
        self, augmentations: Iterable[Augmentation], speech: Sequence[Sample], cache: ClipCache, rate_hz: int
    ) -> None:
        """`speech` is the training set, of which babble is made. Raises DataError where a source holds nothing."""
        names = {entry.words["source"] for entry in augmentations if "source" in entry.words}
        self._clips: dict[str, Sequence[Sample]] = {
            name: _recordings(Path(name)) for name in sorted(names) if name not in SYNTHETIC
        }
        self._clips["babble"] = speech
        self._cache, self._rate_hz = cache, rate_hz

    def sound(self, source: str, length: int, random: Random) -> Float32:
        """`length` samples of a source. Raises AudioError where a recording cannot be read."""
        if source in COLORS:
            return colored(length, COLORS[source], random)
        if source != "babble":
            return self._chained(source, length, random)
        voices = np.stack([self._chained(source, length, random) for _ in range(BABBLERS)])
        return voices.sum(axis=0, dtype=np.float32)  # type: ignore[no-any-return]

    def recording(self, source: str, random: Random) -> Float32:
        """One whole recording of a source."""
        clips = self._clips[source]
        return self._cache.read(clips[int(random.integers(len(clips)))], self._rate_hz)

    def _chained(self, source: str, length: int, random: Random) -> Float32:
        """Recordings one after another, the first begun anywhere."""
        piece = self.recording(source, random)
        pieces = [piece[int(random.integers(len(piece))) :]]
        while (missing := length - sum(map(len, pieces))) > 0:
            pieces.append(self.recording(source, random)[:missing])
        return np.concatenate(pieces)[:length]


def colored(length: int, color: float, random: Random) -> Float32:
    """Noise [length] whose power falls as 1/frequency**color: 0 white, 1 pink, 2 brown; deviation 1."""
    size = 1 << max(1, length - 1).bit_length()  # transforms of other lengths take many times longer
    spectrum = np.fft.rfft(random.standard_normal(size, dtype=np.float32))
    spectrum[1:] *= np.arange(1, len(spectrum), dtype=np.float32) ** (-color / 2)
    spectrum[0] = 0
    sound = np.fft.irfft(spectrum, size)[:length].astype(np.float32)
    deviation = float(np.std(sound))
    return sound / np.float32(deviation) if deviation else sound


def _recordings(path: Path) -> Sequence[Sample]:
    if path.is_dir():
        clips: Sequence[Sample] = [
            Sample(id=str(file), audio=file, transcript="", size_bytes=0) for file in visible(path) if is_sound(file)
        ]
    elif is_sound(path) and path.is_file():
        clips = [Sample(id=str(path), audio=path, transcript="", size_bytes=0)]
    else:
        clips = read_samples(path, labeled=False)
        fetch_all([clip.id for clip in clips if isinstance(clip.audio, Path)], f"fetching {path}")
    if not clips:
        raise DataError(f"{path}: no recording to mix in; name a data set, a folder or a sound file that has some")
    return clips
