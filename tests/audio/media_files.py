"""Media files that PyAV writes: video, and audio of codecs that only FFmpeg reads."""

import io

import numpy as np
import pytest

from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import resample

FORMATS = {  # suffix → container, audio codec, video codec, rate
    "m4a": ("ipod", "aac", "", 44100),
    "mp4": ("mp4", "aac", "mpeg4", 48000),
    "webm": ("webm", "libopus", "", 48000),
    "aac": ("adts", "aac", "", 16000),
    "mkv": ("matroska", "aac", "mpeg4", 44100),
    "avi": ("avi", "libmp3lame", "mpeg4", 44100),
    "mov": ("mov", "aac", "", 48000),
    "wma": ("asf", "wmav2", "", 44100),
}


def tone(rate_hz: int, duration_s: float = 1.0) -> Float32:
    return (0.3 * np.sin(2 * np.pi * 300 * np.arange(int(rate_hz * duration_s)) / rate_hz)).astype(np.float32)


def encoded(
    suffix: str, duration_s: float = 1.0, channels: int = 1, sound: bool = True, samples: Float32 | None = None
) -> bytes:
    """A file of a tone, or of samples at 16 kHz, and if its format has one a picture."""
    av = pytest.importorskip("av", reason="needs PyAV, the extra [media]")
    container, codec, video, rate_hz = FORMATS[suffix]
    target = io.BytesIO()
    with av.open(target, "w", format=container) as file:
        pictures = file.add_stream(video, rate=5) if video else None
        layout = "mono" if channels == 1 else "stereo"
        options = {"bit_rate": 64000, "layout": layout}
        stream = file.add_stream(codec, rate=rate_hz, **options) if sound else None
        if pictures:
            pictures.width = pictures.height = 32
            pictures.pix_fmt = "yuv420p"
            for _ in range(5):
                file.mux(pictures.encode(av.VideoFrame(32, 32, "yuv420p")))
            file.mux(pictures.encode(None))
        if stream:
            mono = tone(rate_hz, duration_s) if samples is None else resample(samples, 16000, rate_hz)
            frame = av.AudioFrame.from_ndarray(np.repeat(mono, channels)[None], format="flt", layout=layout)
            frame.sample_rate = rate_hz
            resampler = av.AudioResampler(stream.format, stream.layout, rate_hz, stream.frame_size or 1024)
            for one in [*resampler.resample(frame), *resampler.resample(None)]:
                file.mux(stream.encode(one))
            file.mux(stream.encode(None))
    return target.getvalue()
