"""Video, and audio of other codecs (m4a, mp4, webm, aac …), decoded by FFmpeg through PyAV, the extra `[media]`.

In: bytes that `foreign.py` knows as such a file. Out: a decoder with the face of soundfile's that `Sound` uses. The
demuxer is named, so that a file cannot have FFmpeg open others; the first audio stream that FFmpeg prefers is read.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from deepspeech.audio.layout import AGAIN
from deepspeech.audio.pcm import Float32
from deepspeech.errors import AudioError
from deepspeech.installing import install_hint

NEEDED = install_hint("media")
UNKNOWN_LENGTH = 1 << 62  # as libsndfile says it
_EXACT, _TOLERANCE_S = "mov", 0.5  # the container that states its duration, but for what encoders add
_DEMUXERS = {
    b"\x1aE\xdf\xa3": "matroska",
    b"0&\xb2u": "asf",
    b"#!AMR": "amr",
    b"FLV": "flv",
    b"\0\0\x01\xba": "mpeg",
    b"MAC ": "ape",
    b"wvpk": "wv",
    b"TTA1": "tta",
    b"\x0bw": "ac3",
    b"\xff\xf1": "aac",
    b"\xff\xf9": "aac",
}
_MAGIC_BYTES = sorted({len(magic) for magic in _DEMUXERS})


@cache
def pyav() -> Any:
    """PyAV, or None where it is not installed. Imported when first needed: it takes a tenth of a second and 15 MB."""
    try:
        import av
    except ImportError:
        return None
    return av


def readable() -> bool:
    """Whether PyAV is installed."""
    return pyav() is not None


def demuxer_of(head: bytes) -> str:
    """FFmpeg's name of the container of a file with these first bytes; "" for others."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:1] == b"G" and head[188:189] == b"G":
        return "mpegts"
    return next((name for length in _MAGIC_BYTES if (name := _DEMUXERS.get(head[:length]))), "")


class MediaDecoder:
    """The audio of a media file, from its start. Raises AudioError, without a name in front."""

    extra_info, can_seek, frames = "", False, UNKNOWN_LENGTH  # containers only estimate it

    def __init__(self, file: Any, demuxer: str, kind: str) -> None:
        """`file`: an open binary file, seekable; `kind`: its format in errors, such as "an M4A file"."""
        self.format, self._demuxer = demuxer.upper(), demuxer
        self._container: Any = None
        self._found, self._damage = 0, ""
        try:
            self._container = pyav().open(file, format=demuxer, metadata_errors="replace")
            stream = next(iter(self._container.streams.audio), None)
            if stream is None:
                raise AudioError("a video without sound; name a file with sound")
            self.subtype = str(stream.codec_context.name).upper()
            self._promised_s = float(stream.duration * stream.time_base) if stream.duration else 0.0
            self._blocks = self._decoded(stream)
            self._rest = next(self._blocks, np.zeros((0, 1), np.float32))
            if not self.samplerate:
                raise ValueError("it holds no sound")
        except (pyav().FFmpegError, ValueError, MemoryError) as error:
            self.close()
            reason = f"damaged, or of a codec that cannot be read here ({_line(error)})"
            raise AudioError(f"is {kind}, {reason}; {AGAIN}") from None
        except BaseException:
            self.close()
            raise

    def _decoded(self, stream: Any) -> Iterator[Float32]:
        """Samples [n, channels], at the rate of the first frame: some codecs double what their header says."""
        resampler = None
        self.samplerate = self.channels = 0
        for frame in self._container.decode(stream):
            if resampler is None:
                self.samplerate, self.channels = frame.sample_rate, len(frame.layout.channels)
                resampler = pyav().AudioResampler("flt", frame.layout, frame.sample_rate)
            yield from (_samples(one, self.channels) for one in resampler.resample(frame))
        if resampler is not None:
            yield from (_samples(one, self.channels) for one in resampler.resample(None))

    def read(self, out: Float32) -> Float32:
        """Fill `out` [n, channels] as far as there is sound; returns that part. Then `damage` says why it ended."""
        filled = 0
        while filled < len(out) and self._fill():
            block, self._rest = np.split(self._rest, [len(out) - filled])
            out[filled : filled + len(block)] = block
            filled += len(block)
        self._found += filled
        return out[:filled]

    def _fill(self) -> bool:
        """Whether there are more samples in `_rest`, decoding some if need be."""
        try:
            while not len(self._rest):
                block = next(self._blocks, None)
                if block is None:
                    return False
                self._rest = block
        except (pyav().FFmpegError, ValueError, MemoryError) as error:
            self._damage = f"damaged sound ({_line(error)}); {AGAIN}"
            return False
        return True

    @property
    def damage(self) -> str:
        """Why there is less sound than the file promises, after its end was read; "" where there is not."""
        found_s = self._found / max(1, self.samplerate)
        if not self._damage and self._demuxer == _EXACT and found_s < self._promised_s - _TOLERANCE_S:
            return f"cut off: its header promises {self._promised_s:.1f} s, {found_s:.1f} are there; {AGAIN}"
        return self._damage

    def close(self) -> None:
        """Close the container."""
        if self._container is not None:
            self._container.close()


def _samples(frame: Any, channels: int) -> Float32:
    samples: Float32 = frame.to_ndarray().reshape(-1, channels)
    return samples


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
