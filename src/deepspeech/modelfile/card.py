"""ModelCard: metadata of an exported model, stored as strings in the ONNX metadata."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from deepspeech.errors import ConfigError, ModelFileError, TextError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.front_end import FrontEnd
from deepspeech.features.normalization import Normalization
from deepspeech.features.registry import new_front_end, read_front_end
from deepspeech.modelfile.old_cards import lifted, lowered
from deepspeech.renamed import current, saved
from deepspeech.text.config import TextConfig
from deepspeech.text.token_files import token_set
from deepspeech.text.tokens import TokenSet
from deepspeech.untrusted import check_description, parse_json, reason

FORMAT = 3
_KEY = "deepspeech"
_TEXT = "deepspeech.text"  # an entry of its own, which earlier versions ignore; only where text has settings
_PARTS = ("tokens", "features", "normalization", "model", "chunk", "text")  # what is written as tables


@dataclass(frozen=True)
class ModelCard:
    """Everything inference needs besides the weights, and authorship."""

    tokens: TokenSet
    features: FrontEndConfig
    model: Mapping[str, Any]  # the network's `kind` and shape, for people and for engines that know the kind
    chunk: ChunkSpec
    beam_width: int = 500
    precision: str = "float32"
    name: str = ""
    version: str = ""
    author: str = ""
    contact: str = ""
    language: str = ""
    license: str = ""
    description: str = ""
    made_with: str = ""
    normalization: Normalization | None = None  # of the features, where it is not the network's
    text: TextConfig = field(default_factory=TextConfig)  # how the transcripts that it was trained on were normalized

    @property
    def front_end(self) -> FrontEnd:
        return new_front_end(self.features, self.normalization)

    @property
    def alphabet(self) -> TokenSet:
        """Deprecated name of `tokens`."""
        warnings.warn("ModelCard.alphabet is deprecated; use ModelCard.tokens", DeprecationWarning, stacklevel=2)
        return self.tokens

    @property
    def licence(self) -> str:
        """Deprecated name of `license`."""
        warnings.warn("ModelCard.licence is deprecated; use ModelCard.license", DeprecationWarning, stacklevel=2)
        return self.license

    @property
    def streams(self) -> bool:
        """Whether the network supports streaming; a bidirectional one does not."""
        return self.chunk.hop > 0

    @property
    def frame_s(self) -> float:
        """Seconds per output frame."""
        return self.chunk.stride * self.features.step_s

    def to_metadata(self) -> dict[str, str]:
        """Key-value pairs for the file."""
        entries = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _PARTS}
        entries["format"] = FORMAT
        entries["model"] = dict(self.model)
        entries["tokens"] = self.tokens.to_dict()
        entries["features"] = {"kind": self.features.kind, **self.front_end.to_dict()}
        entries["chunk"] = self.chunk.to_dict()
        text = {_TEXT: json.dumps(self.text.to_dict(), ensure_ascii=False)} if self.text else {}
        return {_KEY: json.dumps(saved("card", lowered(entries)), ensure_ascii=False), **text}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> "ModelCard":
        """The card in a file's key-value pairs. Raises ModelFileError where there is none or it is damaged."""
        if _KEY not in metadata:
            raise ModelFileError(
                "not a model of this package (it carries no deepspeech card); export one with `deepspeech export`"
            )
        try:
            entries: dict[str, Any] = parse_json(metadata[_KEY])
            check_description(entries)
            if entries["format"] > FORMAT:
                raise ModelFileError(f"written by a newer version (format {entries['format']}); update deepspeech")
            entries = current("card", lifted(entries), warn=False)
            del entries["format"]
            front_end = read_front_end(entries.pop("features"))
            return cls(
                tokens=token_set(entries.pop("tokens")),
                features=front_end.config,
                normalization=front_end.normalization,
                model=_model(**entries.pop("model")),
                chunk=ChunkSpec.from_dict(entries.pop("chunk")),
                text=TextConfig.from_dict(parse_json(metadata.get(_TEXT, "{}"))),
                **entries,
            )
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError, TextError) as error:
            raise ModelFileError(f"the model's card is damaged ({reason(error)}); export the model again") from None


def _model(kind: str, **shape: Any) -> dict[str, Any]:
    return {"kind": kind, **shape}
