"""Deprecated: use `tokens`."""

from deepspeech.renamed import renamed
from deepspeech.text.tokens import ENGLISH as ENGLISH

__getattr__ = renamed(
    __name__, {"Alphabet": "deepspeech.text.tokens:Characters", "ByteAlphabet": "deepspeech.text.tokens:Utf8Bytes"}
)
