"""G.711 against libsndfile's decoder, all 256 codes."""

import io

import numpy as np
import pytest
import soundfile

from deepspeech.audio.g711 import decode_alaw, decode_ulaw


@pytest.mark.parametrize(("subtype", "decode"), [("ULAW", decode_ulaw), ("ALAW", decode_alaw)])
def test_every_code(subtype: str, decode: object) -> None:
    codes = bytes(range(256))
    file = io.BytesIO(codes)
    expected, _ = soundfile.read(
        file, dtype="int16", format="RAW", subtype=subtype, samplerate=8000, channels=1, endian="LITTLE"
    )
    assert np.array_equal(decode(codes), expected)  # type: ignore[operator]
