"""TokenSets as model cards and checkpoints keep them: the one list of their kinds."""

from collections.abc import Mapping
from typing import Any

from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import Characters, TokenSet, Utf8Bytes

_KINDS = {kind.kind: kind for kind in (Characters, Utf8Bytes, Subwords)}


def token_set(entries: Mapping[str, Any]) -> TokenSet:
    """The set that `to_dict` described. Raises TextError, KeyError or TypeError if invalid."""
    settings = dict(entries)
    kind: Any = _KINDS[settings.pop("kind")]
    tokens: TokenSet = kind(**settings)
    return tokens


def read_alphabet(value: Any) -> TokenSet:
    """The set as a checkpoint's run.json keeps it: a list of characters, "bytes", or a table as on a model card."""
    if isinstance(value, Mapping):
        return token_set(value)
    return Utf8Bytes() if value == "bytes" else Characters(value)


def write_alphabet(tokens: TokenSet) -> Any:
    """The entry of a token set in run.json, in the format of earlier versions where possible."""
    entries = tokens.to_dict()
    return {"characters": entries.get("labels"), "bytes": "bytes"}.get(tokens.kind, entries)
