"""Sentences of a corpus as transcripts to train on: cleaned, or refused.

The default rule is that of DeepSpeech 0.9.3 for English (`util/importers.py`). Another language brings its own
in a Python file with a function `validate_label(sentence)`: it returns the transcript, or None to refuse.
"""

import importlib.util
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from deepspeech.errors import TextError
from deepspeech.text.normalize import TYPED
from deepspeech.text.spelling import Speller, dotted, lower, tidy
from deepspeech.text.tokens import TokenSet

Validator: TypeAlias = Callable[[str], str | None]

_REFUSED = re.compile(r"[0-9(<\[\]&*{]")
_SPACES = str.maketrans("-_", "  ")
_DELETED = str.maketrans("", "", '.,;?!:"')


def validate_english(sentence: str) -> str | None:
    """Lower-case words without punctuation; None if it contains anything that is not read as written.

    Characters of other scripts stay; whether they can be trained is the alphabet's business.
    """
    if _REFUSED.search(sentence):
        return None
    spaced = re.sub(r" {2,}", " ", sentence.translate(_SPACES))
    return lower(spaced.translate(_DELETED).strip()) or None


def spelled(validate: Validator, alphabet: TokenSet | None) -> Validator:
    """`validate` for sentences as they come; its transcripts are spelled with the characters of `alphabet`.

    The rule reads the sentence with plain spaces, without invisible characters and, where there is an alphabet, with
    its apostrophe, typewriters' signs, and I and İ as the lower case that its ı tells apart.
    """
    if alphabet is None or alphabet.bytes_mode:
        return lambda sentence: validate(tidy(sentence))
    before, after = Speller(alphabet.character_set, case=False), Speller(alphabet.character_set)
    typed = str.maketrans({sign: plain for sign, plain in TYPED.items() if sign not in before.known})

    def rule(sentence: str) -> str | None:
        label = validate(dotted(before(sentence).translate(typed), before.known))
        return after(label) or None if label else label

    return rule


def load_validator(path: str | Path | None) -> Validator:
    """The `validate_label` of a Python file, checked; without a file the English rule. Raises TextError."""
    if path is None:
        return validate_english
    path = Path(path).absolute()
    if not path.is_file():
        raise TextError(f"{path}: there is no such file; name a Python file with a function validate_label")
    spec = importlib.util.spec_from_file_location(f"validate_label_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise TextError(f"{path}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.append(folder)  # the file may import modules next to it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TextError(f"{path}: cannot be loaded ({type(error).__name__}: {error})") from error
    validator = getattr(module, "validate_label", None)
    if not callable(validator):
        raise TextError(f"{path}: has no function validate_label; add one that returns the transcript or None")
    return _checked(validator, path)


def to_ascii(sentence: str) -> str:
    """`sentence` without accents and without all that is not ASCII: stripped, NFKD, ASCII."""
    return unicodedata.normalize("NFKD", sentence.strip()).encode("ascii", "ignore").decode("ascii")


def _checked(validator: Callable[[str], object], path: Path) -> Validator:
    """`validator`, held to its promise."""

    def validate(sentence: str) -> str | None:
        try:
            label = validator(sentence)
        except Exception as error:
            raise TextError(f"{path}: validate_label fails ({type(error).__name__}: {error}) on: {sentence}") from error
        if label is not None and not isinstance(label, str):
            raise TextError(f"{path}: validate_label returns {type(label).__name__}; it must return a text or None")
        return label or None

    return validate
