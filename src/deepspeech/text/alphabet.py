"""Names that `text/tokens.py` had before: Alphabet is Characters, ByteAlphabet is Utf8Bytes."""

import warnings
from typing import Any

from deepspeech.text import tokens

ENGLISH = tokens.ENGLISH
_NAMES = {"Alphabet": "Characters", "ByteAlphabet": "Utf8Bytes"}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'deepspeech.text.alphabet' has no attribute '{name}'")
    new = _NAMES[name]
    warnings.warn(f"{name} is now deepspeech.text.tokens.{new}", DeprecationWarning, stacklevel=2)
    return getattr(tokens, new)
