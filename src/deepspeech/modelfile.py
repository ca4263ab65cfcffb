"""ModelCard: what an exported network says about itself, kept as strings in the model file's metadata.

The last entry of that metadata seals the file: it is the SHA-256 of all bytes before it. A weight that a bad disk or
download changed would not be noticed otherwise, only heard.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError, ModelFileError, TextError
from deepspeech.features.config import FeatureConfig
from deepspeech.text.alphabet import Alphabet, ByteAlphabet

FORMAT = 1
_KEY = "deepspeech"
# ModelProto.metadata_props (field 14, 85 bytes): key (field 1, 17 bytes), value (field 2, 64 bytes).
_SEAL = b"\x72\x55\x0a\x11deepspeech.sha256\x12\x40"
_DIGEST_CHARACTERS = 64
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelCard:
    """Everything recognition must know beside the weights, and who made them."""

    alphabet: Alphabet
    features: FeatureConfig
    context_frames: int
    hidden: int
    lstm_layers: int
    beam_width: int = 500
    precision: str = "float32"
    name: str = ""
    version: str = ""
    author: str = ""
    contact: str = ""
    language: str = ""
    licence: str = ""
    description: str = ""
    made_with: str = ""

    def to_metadata(self) -> dict[str, str]:
        """Key-value pairs for the file."""
        page = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("alphabet", "features")
        }
        page["alphabet"] = "bytes" if self.alphabet.bytes_mode else list(self.alphabet.labels)
        page["features"] = asdict(self.features)
        page["format"] = FORMAT
        return {_KEY: json.dumps(page, ensure_ascii=False)}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "ModelCard":
        """The card in a file's key-value pairs. Raises ModelFileError where there is none or it is damaged."""
        if _KEY not in metadata:
            raise ModelFileError(
                "not a model of this package (it carries no deepspeech card); export one with `deepspeech export`"
            )
        try:
            page: dict[str, Any] = json.loads(metadata[_KEY])
            written = page.pop("format")
            if written > FORMAT:
                raise ModelFileError(f"written by a newer version (format {written}); update deepspeech")
            labels = page.pop("alphabet")
            alphabet = ByteAlphabet() if labels == "bytes" else Alphabet(labels)
            return cls(alphabet=alphabet, features=FeatureConfig(**page.pop("features")), **page)
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError, TextError) as error:
            raise ModelFileError(f"the model's card is damaged ({error!r}); export the model again") from None


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
    digest, left = hashlib.sha256(), Path(path).stat().st_size - len(seal)
    with open(path, "rb") as file:
        while block := file.read(min(left, _BLOCK_BYTES)):
            digest.update(block)
            left -= len(block)
    if digest.hexdigest().encode() != seal[len(_SEAL) :]:
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
