"""The checksum of a model file: the SHA-256 of all bytes before it, stored at the end as one more ONNX metadata entry.

It detects weights that a bad disk or download changed: such a file still parses, and only its transcripts get worse.
"""

import hashlib
import os
from pathlib import Path

from deepspeech.errors import ModelFileError
from deepspeech.files import sha256_of

# ModelProto.metadata_props (field 14, 85 bytes): key (field 1, 17 bytes), value (field 2, 64 bytes).
_ENTRY = b"\x72\x55\x0a\x11deepspeech.sha256\x12\x40"
_DIGEST_CHARACTERS = 64


def add_checksum(model: bytes) -> bytes:
    """A serialized ONNX model with its checksum appended; protobuf parsers read it as one more metadata entry."""
    return model + _ENTRY + hashlib.sha256(model).hexdigest().encode()


def has_checksum(path: str | Path) -> bool:
    """Whether a file ends with a checksum, right or wrong."""
    return bool(_stored(Path(path)))


def verify_checksum(path: str | Path) -> None:
    """Raise ModelFileError where a model file does not match its checksum. A file without one passes."""
    stored = _stored(Path(path))
    if not stored:
        return
    with open(path, "rb") as file:
        found = sha256_of(file, Path(path).stat().st_size - len(stored)).hex()
    if found.encode() != stored[len(_ENTRY) :]:
        raise ModelFileError(f"{path}: damaged (its bytes are not those that were exported); copy or download it again")


def _stored(path: Path) -> bytes:
    """The checksum entry at the end of the file; empty where there is none."""
    length = len(_ENTRY) + _DIGEST_CHARACTERS
    if not path.is_file() or path.stat().st_size < length:
        return b""
    with path.open("rb") as file:
        file.seek(-length, os.SEEK_END)
        last = file.read()
    return last if last.startswith(_ENTRY) else b""
