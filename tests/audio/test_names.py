"""Every suffix that says sound is of a format that opens."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.audio.formats import read_audio
from deepspeech.audio.names import SOUND_SUFFIXES, is_sound

FORMATS = {
    ".oga": "OGG", ".opus": "OGG", ".aif": "AIFF", ".aifc": "AIFF", ".snd": "AU", ".bwf": "WAV", ".sph": "NIST",
}  # fmt: skip


@pytest.mark.parametrize("suffix", SOUND_SUFFIXES)
def test_what_is_called_sound_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    kind = FORMATS.get(suffix, suffix[1:].upper())
    soundfile.write(path, np.full(1600, 0.1), 16000, format=kind, subtype="OPUS" if suffix == ".opus" else None)
    assert is_sound(path)
    assert len(read_audio(path)[0]) == 1600
