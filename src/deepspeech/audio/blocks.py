"""Read recordings of any length in blocks: decode, downmix and resample in constant memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deepspeech.audio.formats import read_audio
from deepspeech.audio.pcm import Float32, float_to_int16
from deepspeech.audio.resample import StreamResampler
from deepspeech.audio.sound import Sound, Source
from deepspeech.audio.source import PACKETS, AudioSlice
from deepspeech.audio.wav_note import wav_head
from deepspeech.errors import AudioError
from deepspeech.files import atomic_open

_LARGEST = 0xFFFFFFFF - 64


class Blocks:
    """Mono float32 blocks [n] of a recording at `rate_hz`; concatenated, the result of `read_audio` and `resample`."""

    def __init__(
        self,
        source: Source,
        rate_hz: int,
        channel: int | None = None,
        name: str = "",
        start_s: float = 0.0,
        end_s: float | None = None,
        cut_ok: bool = False,
    ) -> None:
        """Arguments as for `read_audio`. With `cut_ok` the intact part of a damaged file is read and `fault` set."""
        self._source, self._rate_hz, self._channel = source, rate_hz, channel
        self._name, self._start_s, self._end_s, self._cut_ok = name, start_s, end_s, cut_ok
        self.duration_s = 0.0  # of what was read so far, before resampling
        self.fault = ""

    def __iter__(self) -> Iterator[Float32]:
        """Raises AudioError as `read_audio` does, some of it after the first blocks."""
        if isinstance(self._source, AudioSlice) and self._source.kind == PACKETS:
            samples, found_hz = read_audio(self._source, self._name, self._start_s, self._end_s)
            yield from self._resampled(iter([samples]), found_hz)
            return
        with Sound(self._source, self._name, self._cut_ok) as sound:
            yield from self._resampled(sound.blocks(self._start_s, self._end_s, self._channel), sound.rate_hz)
            self.fault = f"{sound.name}: {sound.fault}" if sound.fault else ""
            if not self.duration_s:
                raise AudioError(self.fault or f"{sound.name}: contains no audio (0 samples); remove it")

    def _resampled(self, blocks: Iterator[Float32], found_hz: int) -> Iterator[Float32]:
        resampler, frames = StreamResampler(found_hz, self._rate_hz), 0
        for block in blocks:
            frames += len(block)
            self.duration_s = frames / found_hz
            yield resampler.feed(block)
        tail = resampler.finish()
        if len(tail):
            yield tail


def convert_to_wav(
    source: Source,
    path: Path,
    rate_hz: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
    name: str = "",
    note: str = "",
) -> tuple[int, int]:
    """Write a recording, or a part of it, as a mono 16-bit wav file at `rate_hz`: atomically, block by block.

    The file is that of `write_wav`, with its `note`. Returns its bytes and its samples. Raises AudioError: as
    `read_audio`; no sound in that part; longer than a wav file can be (37 hours at 16 kHz); it cannot be written.
    """
    blocks = Blocks(source, rate_hz, channel, name, start_s, end_s)
    called, frames = name or str(path if isinstance(source, bytes) else source), 0
    with atomic_open(path, AudioError) as file:
        file.write(wav_head(0, rate_hz, note))
        for block in blocks:
            frames += len(block)
            if 2 * frames > _LARGEST:
                raise AudioError(f"{called}: longer than a wav file can be; cut it into parts")
            file.write(np.ascontiguousarray(float_to_int16(block), "<i2").data)
        if not frames:
            raise AudioError(f"{called}: contains no audio (0 samples); remove it")
        file.seek(0)
        head = wav_head(2 * frames, rate_hz, note)
        file.write(head)
    return len(head) + 2 * frames, frames
