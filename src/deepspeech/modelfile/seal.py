"""The seal at the end of a model file: the SHA-256 of all bytes before it, as one more metadata entry of ONNX.

A weight that a bad disk or download changed leaves the file readable; it would not be noticed otherwise, only heard.
"""

import hashlib
import os
from pathlib import Path

from deepspeech.errors import ModelFileError
from deepspeech.files import sha256_of

# ModelProto.metadata_props (field 14, 85 bytes): key (field 1, 17 bytes), value (field 2, 64 bytes).
_SEAL = b"\x72\x55\x0a\x11deepspeech.sha256\x12\x40"
_DIGEST_CHARACTERS = 64


def sealed(model: bytes) -> bytes:
    """A serialised ONNX model with its seal; readers of protocol buffers take it for one more metadata entry."""
    return model + _SEAL + hashlib.sha256(model).hexdigest().encode()


def is_sealed(path: str | Path) -> bool:
    """Whether a file ends as model files do, whole or damaged."""
    return bool(_seal(Path(path)))


def check_seal(path: str | Path) -> None:
    """Raise ModelFileError where a model file's bytes are not those that were sealed. One without a seal passes."""
    seal = _seal(Path(path))
    if not seal:
        return
    with open(path, "rb") as file:
        found = sha256_of(file, Path(path).stat().st_size - len(seal)).hex()
    if found.encode() != seal[len(_SEAL) :]:
        raise ModelFileError(f"{path}: damaged (its bytes are not those that were exported); copy or download it again")


def _seal(path: Path) -> bytes:
    """The last bytes of the file, where they are a seal."""
    length = len(_SEAL) + _DIGEST_CHARACTERS
    if not path.is_file() or path.stat().st_size < length:
        return b""
    with path.open("rb") as file:
        file.seek(-length, os.SEEK_END)
        last = file.read()
    return last if last.startswith(_SEAL) else b""
