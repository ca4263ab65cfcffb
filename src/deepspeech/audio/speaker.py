"""Play on the loudspeaker, with sounddevice if installed, else with ALSA's `aplay`."""

import shutil
import subprocess

from deepspeech.audio.pcm import Float32, float_to_int16
from deepspeech.errors import AudioError, MissingPartError
from deepspeech.installing import install_hint

try:
    import sounddevice
except (ImportError, OSError):  # OSError: the PortAudio library is missing
    sounddevice = None

HINT = (
    f"no way to a loudspeaker here: {install_hint('mic')}, with the system's PortAudio (libportaudio2), "
    "or install aplay (alsa-utils); or write to a file with --output"
)


def play(samples: Float32, rate_hz: int, device: str | None = None) -> None:
    """Play mono `samples` [N] and return when playback has finished. Raises MissingPartError or AudioError."""
    if sounddevice is not None:
        chosen = int(device) if device and device.isdigit() else device
        try:
            sounddevice.play(samples, rate_hz, blocking=True, device=chosen)
        except (sounddevice.PortAudioError, ValueError) as error:
            raise AudioError(f"loudspeaker: {error}; `python -m sounddevice` lists the devices") from None
        return
    aplay = shutil.which("aplay")
    if aplay is None:
        raise MissingPartError(HINT)
    command = [aplay, "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(rate_hz)]
    command += ["-D", device] if device else []
    sound = float_to_int16(samples).astype("<i2", copy=False).tobytes()
    code = subprocess.run(command, input=sound, check=False).returncode
    if code:
        raise AudioError(f"loudspeaker: aplay ended with code {code}; `aplay -L` lists the devices")
