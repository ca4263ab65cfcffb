"""ModelCard: what an exported network says about itself, kept as strings in the model file's metadata."""

import json
from dataclasses import dataclass, fields
from typing import Any

from deepspeech.errors import ConfigError, ModelFileError, TextError
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.registry import read_config
from deepspeech.text.alphabet import Alphabet, ByteAlphabet
from deepspeech.untrusted import check_description, parse_json

FORMAT = 2
_SINCE_2 = {"recurrent": "lstm", "bidirectional": False, "stride": 1}  # a card that says nothing else is of format 1
_KEY = "deepspeech"


@dataclass(frozen=True)
class ModelCard:
    """Everything recognition must know beside the weights, and who made them."""

    alphabet: Alphabet
    features: FrontEndConfig
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
    recurrent: str = "lstm"  # or "relu"
    bidirectional: bool = False
    stride: int = 1

    @property
    def streams(self) -> bool:
        """Whether the network can hear sound while it comes in: one that listens from the end too must have it all."""
        return not self.bidirectional

    @property
    def frame_s(self) -> float:
        """Seconds from one frame of probabilities to the next."""
        return self.stride * self.features.step_s

    def to_metadata(self) -> dict[str, str]:
        """Key-value pairs for the file."""
        page = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("alphabet", "features")
        }
        page["alphabet"] = "bytes" if self.alphabet.bytes_mode else list(self.alphabet.labels)
        page["features"] = self.features.to_dict()
        page["format"] = FORMAT if any(page[name] != value for name, value in _SINCE_2.items()) else 1
        if page["format"] == 1:  # which versions before this one read too
            page = {name: value for name, value in page.items() if name not in _SINCE_2}
        return {_KEY: json.dumps(page, ensure_ascii=False)}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "ModelCard":
        """The card in a file's key-value pairs. Raises ModelFileError where there is none or it is damaged."""
        if _KEY not in metadata:
            raise ModelFileError(
                "not a model of this package (it carries no deepspeech card); export one with `deepspeech export`"
            )
        try:
            page: dict[str, Any] = parse_json(metadata[_KEY])
            check_description(page)
            written = page.pop("format")
            if written > FORMAT:
                raise ModelFileError(f"written by a newer version (format {written}); update deepspeech")
            labels = page.pop("alphabet")
            alphabet = ByteAlphabet() if labels == "bytes" else Alphabet(labels)
            return cls(alphabet=alphabet, features=read_config(page.pop("features")), **page)
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError, TextError) as error:
            raise ModelFileError(f"the model's card is damaged ({error!r}); export the model again") from None
