"""Sound: an open recording, read by libsndfile in blocks of mono samples; several joined streams are read as one.

Every fault is an AudioError of one line. Nothing is shared between calls: many threads may read at once; decoding
releases Python's lock. Reading never seeks: some codecs cannot, and mp3 is inexact.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
import soundfile

from deepspeech.audio.content import Content, Spliced
from deepspeech.audio.foreign import READABLE, coded_format, why_not
from deepspeech.audio.layout import AGAIN, Part
from deepspeech.audio.media import MediaDecoder, demuxer_of, readable
from deepspeech.audio.mp3_frames import after_tags
from deepspeech.audio.pcm import Float32, check_scale, is_off_scale, to_mono
from deepspeech.audio.resample import LEAST_HZ, MOST_HZ, StreamResampler
from deepspeech.audio.source import AudioSlice
from deepspeech.audio.streams import FLAC, flac_streams, lay_out, length_fault
from deepspeech.errors import AudioError

Source: TypeAlias = str | Path | AudioSlice | bytes

BLOCK_FRAMES = 1 << 18
_UNKNOWN_LENGTH = 1 << 62  # libsndfile's frame count if the header does not state the length
_HEAD_BYTES = 512
_SMALL = 1 << 18  # bytes: files up to this size are scanned for more streams
_FLAC_AHEAD = 1 << 16  # bytes that the decoder reads beyond the requested frame
_FRAMED = 1152  # samples of an mp3 frame: an overstated length within one frame is tolerated


class _Decoder(soundfile.SoundFile):  # type: ignore[misc]
    """soundfile seeks after each read of a seekable file; disabled here."""

    def seekable(self) -> bool:
        return False

    @property
    def can_seek(self) -> bool:
        return bool(super().seekable())


class Sound:
    """A recording open for reading; use `with`. `fault`: how it is truncated or damaged, "" if intact."""

    def __init__(self, source: Source, name: str = "", cut_ok: bool = False, deep: bool = True) -> None:
        """`name`: its name in errors, by default its path.

        With `cut_ok` the intact part of a truncated or damaged file is read and `fault` is set; otherwise that is an
        AudioError. Without `deep` flac files are not searched for concatenated streams, which means reading them.

        Raises AudioError: missing, empty, truncated, not audio, an unsupported codec.
        """
        self.name = name or ("sound in memory" if isinstance(source, bytes) else str(source))
        self.fault, self._cut_ok = "", cut_ok
        self._content = Content(source, self.name)
        self._deep = deep or self._content.size <= _SMALL
        self._parts: tuple[Part, ...] = ()
        self._files: list[Any] = []  # _Decoder or MediaDecoder
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self._check_rates()
        first = self._files[0]
        self.kind, self.coding = str(first.format), str(first.subtype)
        self.rate_hz = max([int(file.samplerate) for file in self._files])
        self.channels = max([int(file.channels) for file in self._files])

    def _open(self) -> None:
        try:
            head = self._content.at(0, _HEAD_BYTES)
            if (demuxer := demuxer_of(head)) and readable():
                file = Spliced(self._content, ((0, self._content.size),))
                self._parts, self._files = (Part(),), [MediaDecoder(file, demuxer, coded_format(head))]
                return
            layout = lay_out(self._content, self._deep)
        except OSError as error:
            raise AudioError(f"{self.name}: cannot be read ({error.strerror})") from None
        except AudioError as error:
            raise AudioError(f"{self.name}: {error}") from None
        if layout.fault:
            self._report(layout.fault)
        self._decode(layout.parts)
        if fault := length_fault(self._content, self._files[0]):
            self._report(fault)

    def _check_rates(self) -> None:
        for file in self._files:
            if not LEAST_HZ <= file.samplerate <= MOST_HZ:
                rate_hz = file.samplerate
                self.close()
                raise AudioError(
                    f"{self.name}: its header states {rate_hz} Hz; {LEAST_HZ} to {MOST_HZ} are read; correct the header"
                )

    def _decode(self, parts: tuple[Part, ...]) -> None:
        """Open a decoder for each part; close the previous ones."""
        self._close_files()
        self._parts = parts
        for part in parts:
            self._files.append(self._decoder(part))

    @property
    def frames(self) -> int | None:
        """Samples per channel according to the headers; None if they do not state it."""
        total = 0
        for part, file in zip(self._parts, self._files, strict=True):
            frames = int(file.frames) if part.frames is None else part.frames
            if frames >= _UNKNOWN_LENGTH:
                return None
            total += frames * self.rate_hz // int(file.samplerate)
        return total

    def is_plain(self, coding: str, rate_hz: int) -> bool:
        """Whether this is a single mono stream of that codec and rate, of known length."""
        file = self._files[0]
        alone = len(self._files) == 1 and (self.coding, file.channels, file.samplerate) == (coding, 1, rate_hz)
        return alone and self.frames is not None

    def int16(self) -> np.ndarray[Any, np.dtype[np.int16]]:
        """All samples of a sound that `is_plain`."""
        file = self._files[0]
        try:
            samples = np.empty(int(file.frames), np.int16)
            count = len(file.read(out=samples))
        except (soundfile.LibsndfileError, MemoryError) as error:
            raise AudioError(f"{self.name}: {_damage(error)}") from None
        if count < len(samples):
            self._short(len(samples), count)
        return samples[:count]

    def check_flac(self) -> None:
        """Check the end of each stream of a flac file, after searching for more streams if it was opened without.

        Raises AudioError where the last sample of one cannot be read.
        """
        self._check_last(self._files[0])
        if not self._deep:
            beyond = max(1, self._content.read_to - _FLAC_AHEAD)
            if self._content.at(beyond, self._content.size).rfind(FLAC) >= 0:
                self._decode(flac_streams(self._content).parts)
        for file in self._files[1:]:
            if 0 < file.frames < _UNKNOWN_LENGTH:
                self._check_last(file)

    def _check_last(self, file: _Decoder) -> None:
        frames = int(file.frames)
        try:
            file.seek(frames - 1)
            found = len(file.read(1))
        except soundfile.SoundFileError:
            found = 0
        if not found:
            raise AudioError(f"{self.name}: cut off (its header promises {frames} samples); {AGAIN}")

    def blocks(self, start_s: float = 0.0, end_s: float | None = None, channel: int | None = None) -> Iterator[Float32]:
        """Mono samples [n] from `start_s` to `end_s` (None: the end), at most BLOCK_FRAMES at a time.

        Channels are averaged (`to_mono`), or `channel`, from 0, is selected. Raises AudioError: damage, no channel.
        """
        if channel is not None and not 0 <= channel < self.channels:
            raise AudioError(f"{self.name}: there is no channel {channel}, it has {self.channels}; counted from 0")
        first = max(0, round(start_s * self.rate_hz))
        left = None if end_s is None else max(0, round(end_s * self.rate_hz) - first)
        if len(self._files) == 1:
            yield from self._stream(0, first, left, channel)
            return
        for number, file in enumerate(self._files):
            resampler = StreamResampler(int(file.samplerate), self.rate_hz)
            for block in self._resampled(number, resampler, channel):
                part = block[first : None if left is None else first + left]
                first = max(0, first - len(block))
                left = None if left is None else left - len(part)
                if len(part):
                    yield part
                if left == 0:
                    return

    def _resampled(self, number: int, resampler: StreamResampler, channel: int | None) -> Iterator[Float32]:
        for block in self._stream(number, 0, None, channel):
            yield resampler.feed(block)
        yield resampler.finish()

    def _stream(self, number: int, skip: int, left: int | None, channel: int | None) -> Iterator[Float32]:
        """Mono blocks of one part, at its own rate."""
        file, part = self._files[number], self._parts[number]
        promised, framed = int(file.frames), "MPEG" in file.subtype
        if skip and file.can_seek and promised < _UNKNOWN_LENGTH:
            try:
                file.seek(min(skip, promised))
            except soundfile.SoundFileError as error:
                raise AudioError(f"{self.name}: {_damage(error)}") from None
            found, skip = min(skip, promised), 0
        else:
            found = 0
        last = None if left is None else found + skip + left
        block_frames = max(1, min(BLOCK_FRAMES, 8 * BLOCK_FRAMES // file.channels))
        while last is None or found < last:
            count = min(block_frames, (promised if last is None else min(last, promised)) - found)
            block, damage = self._read(file, found, count)
            if framed and not damage and is_off_scale(block):
                block, damage = block[:0], f"damaged sound (its frames hold no audio); {AGAIN}"
            found += len(block)
            if len(block) > skip:
                yield self._mono(block[skip:], channel)
            skip = max(0, skip - len(block))
            if damage:
                self._report(damage)
            if damage or len(block) < block_frames:
                break
        ends_early = last is None and found < promised < _UNKNOWN_LENGTH and part.frames is None
        if ends_early and not self.fault and promised - found >= (_FRAMED if framed else 1):
            self._short(promised, found)

    def _read(self, file: Any, at: int, count: int) -> tuple[Float32, str]:
        """The next samples [n, channels] from `at` on, and the error after them, if any."""
        if count <= 0:
            return np.zeros((0, file.channels), np.float32), ""
        if isinstance(file, MediaDecoder):
            block = file.read(np.empty((count, file.channels), np.float32))
            return block, file.damage if len(block) < count else ""
        block = np.empty((count, file.channels), np.float32)
        try:
            return file.read(out=block), ""
        except soundfile.LibsndfileError as error:
            decoded = int(file.tell()) - at if file.can_seek else 0
            return block[:decoded], _damage(error)

    def _mono(self, block: Float32, channel: int | None) -> Float32:
        if self.coding in ("FLOAT", "DOUBLE"):
            if not np.isfinite(block).all():
                raise AudioError(f"{self.name}: contains samples that are NaN or infinite; create the file again")
            check_scale(block, self.name)
        if channel is None:
            return to_mono(block)
        if channel >= block.shape[1]:  # a joined file may have streams with fewer channels
            return to_mono(block)
        return np.ascontiguousarray(block[:, channel])

    def _decoder(self, part: Part) -> _Decoder:
        path, content = self._content.path, self._content.in_memory
        try:
            if part.pieces is None and path is not None:
                return _Decoder(os.fsencode(path))
            if (
                part.pieces is None and content is not None and self._deep
            ):  # else `check_flac` needs to know how far was read
                return _Decoder(io.BytesIO(content))
            return _Decoder(Spliced(self._content, part.pieces or ((0, self._content.size),)))
        except soundfile.SoundFileError:
            head = self._content.at(after_tags(self._content), _HEAD_BYTES)
            raise AudioError(f"{self.name}: {why_not(head)}") from None
        except TypeError:  # soundfile requires a rate for names in .raw
            raise AudioError(f"{self.name}: raw samples have no sample rate; convert the file to {READABLE}") from None

    def _report(self, fault: str) -> None:
        if not self._cut_ok:
            raise AudioError(f"{self.name}: {fault}")
        self.fault = self.fault or fault

    def _short(self, promised: int, found: int) -> None:
        self._report(f"cut off: its header promises {promised} samples, {found} are there; {AGAIN}")

    def close(self) -> None:
        """Close the file."""
        self._close_files()
        self._content.close()

    def _close_files(self) -> None:
        for file in self._files:
            file.close()
        self._files.clear()

    def __enter__(self) -> "Sound":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _damage(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"damaged sound (its header promises more than memory can hold); {AGAIN}"
    return f"damaged sound ({str(error).removeprefix('Error : ').rstrip('.')}); {AGAIN}"
