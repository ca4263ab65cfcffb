"""Record from the microphone in chunks, with sounddevice if installed, else with ALSA's `arecord`."""

import queue
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np

from deepspeech.audio.pcm import Int16, read_pcm
from deepspeech.errors import AudioError, MissingPartError
from deepspeech.installing import install_hint

try:
    import sounddevice
except (ImportError, OSError):  # OSError: the PortAudio library is missing
    sounddevice = None

CHUNK_MS = 100
HINT = (
    f"no way to a microphone here: {install_hint('mic')}, with the system's PortAudio (libportaudio2), "
    "or install arecord (alsa-utils)"
)


def chunks(rate_hz: int, device: str | None = None) -> Iterator[Int16]:
    """Yield mono samples [N] as they are recorded, endlessly. Raises MissingPartError or AudioError."""
    if sounddevice is not None:
        return _from_sounddevice(rate_hz, device)
    arecord = shutil.which("arecord")
    if arecord is None:
        raise MissingPartError(HINT)
    return _from_arecord(arecord, rate_hz, device)


def _from_sounddevice(rate_hz: int, device: str | None) -> Iterator[Int16]:
    blocks: queue.SimpleQueue[Int16] = queue.SimpleQueue()

    def take(block: Any, frames: int, time: object, status: object) -> None:
        blocks.put(np.array(block[:, 0]))

    chosen = int(device) if device and device.isdigit() else device
    try:
        with sounddevice.InputStream(rate_hz, rate_hz * CHUNK_MS // 1000, chosen, 1, "int16", callback=take):
            while True:
                yield blocks.get()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"microphone: {error}; `python -m sounddevice` lists the devices") from None


def _from_arecord(arecord: str, rate_hz: int, device: str | None) -> Iterator[Int16]:
    command = [arecord, "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate_hz)]
    command += ["-D", device] if device else []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        try:
            yield from read_pcm(recorder.stdout, rate_hz * CHUNK_MS // 1000)
        finally:
            recorder.terminate()
    if recorder.returncode > 0:
        raise AudioError(f"microphone: arecord ended with code {recorder.returncode}; `arecord -L` lists the devices")
