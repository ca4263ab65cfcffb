"""Dictionary (lexicon) of a scorer: the words that decoding may output, as a minimal FST over labels.

In: words and an alphabet. Out: the bytes of an OpenFst ConstFst. Built by `native/src/dictionary_writer.cc`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.text.characters import name
from deepspeech.text.tokens import TokenSet

MARKS = ("<s>", "</s>", "<unk>")  # special tokens of language models
_SHOWN = 5


@dataclass(frozen=True)
class Dictionary:
    """A serialized FST and statistics of it."""

    content: bytes
    words: int  # or characters in bytes mode
    states: int
    arcs: int
    skipped: tuple[str, ...]  # words with characters outside the alphabet


def build_dictionary(words: Iterable[str], alphabet: TokenSet, offset: int) -> Dictionary:
    """The dictionary of `words`, for byte `offset` of its file. Raises LmError if no word can be spelled."""
    words, space = list(words), alphabet.space
    if space is None:
        raise LmError("the alphabet has no space, which separates words; add a line with a space, or use bytes mode")
    characters = None if alphabet.bytes_mode else list(alphabet.labels)
    content, different, states, arcs, skipped = _native.write_dictionary(words, characters, space, offset)
    dictionary = Dictionary(content, different, states, arcs, tuple(skipped))
    if not dictionary.words:
        cause = describe_skipped(dictionary, alphabet) or "the word list is empty"
        raise LmError(f"no word can be spelled with the alphabet: {cause}")
    return dictionary


def describe_skipped(dictionary: Dictionary, alphabet: TokenSet) -> str:
    """Skipped words and why, in a few words; empty if none."""
    if not dictionary.skipped:
        return ""
    characters = Counter(character for word in dictionary.skipped for character in alphabet.missing(word))
    shown = ", ".join(f"{name(character)} in {count}" for character, count in characters.most_common(_SHOWN))
    more = f" and {len(characters) - _SHOWN} other characters" if len(characters) > _SHOWN else ""
    return f"{len(dictionary.skipped)} words have characters outside the alphabet ({shown}{more})"
