"""The normalizer: text as people type it → text as it is said, in the characters of one alphabet.

In: a TextConfig and, where it is known, the token set of the network. Out: a pure function of text, and what no token
can write. Imports, checks, language models, evaluation, alignment and training all treat text with it. Without any
setting it only spells text with the characters of the alphabet (`spelling.py`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from deepspeech.text.config import TextConfig, pair
from deepspeech.text.languages import DOTTED_I, base_code, language_of
from deepspeech.text.numbers import NumberSpeller
from deepspeech.text.spelling import APOSTROPHES, LOOKS, Speller, joined, lower, tidy
from deepspeech.text.tokens import TokenSet

Step = Callable[[str], str]

# Signs of typographers → those of typewriters, unless the alphabet has the former.
TYPED = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "…": "...", "–": "-", "—": "-", "‐": "-", "‑": "-"}
_LIGATURES = {"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae", "ß": "ss", "ẞ": "SS"}  # unless the alphabet has them
_TATWEEL = "\u0640"  # lengthens Arabic letters for looks
_JOINER = re.compile(r"(?<![\u0600-\u0dff\u1780-\u18af])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0dff\u1780-\u18af])")
_INSIDE = re.compile(r"(?<=[^\W\d_])[\u0300-\u036f]*['’ʼ‘`´′＇](?=[^\W\d_])")
_QUOTED = re.compile(r"(?<=[^\W\d_]['’ʼ])\s?[\"“„«]\s?(?=\w)")  # d’“Art” is d'art
_EDGES = re.compile(r"(?<![^\W_])(?<![\u0300-\u036f])['’ʼ-]|['’ʼ-](?![^\W_])")


def typewritten(text: str) -> str:
    """Apostrophes inside words as typewriters have them: l’homme as l'homme."""
    return _INSIDE.sub(lambda found: found.group()[:-1] + "'", text)


class Normalizer:
    """Text in one language for one token set. Immutable; threads may share it."""

    def __init__(self, config: TextConfig, tokens: TokenSet | None = None) -> None:
        """`tokens`: the network's, if known. Raises TextError for a map that cannot be read."""
        self.config = config.complete()
        self.tokens = tokens
        self._known = frozenset(() if tokens is None or tokens.bytes_mode else tokens.character_set)
        self.steps: tuple[tuple[str, Step], ...] = tuple(self._steps())

    def __call__(self, text: str) -> str:
        """Normalize one line."""
        for _, step in self.steps:
            text = step(text)
        return text

    def unwritable(self, text: str) -> list[str]:
        """The characters of a normalized text that the tokens lack; without tokens, those that are not said."""
        if self.tokens is not None:
            return self.tokens.missing(text)
        return [character for character in dict.fromkeys(text) if not self._said(character)]

    def _said(self, character: str) -> bool:
        kind = unicodedata.category(character)[0]
        spared = (self.config.chosen("punctuation") == "keep" and kind in "PS") or (
            not self.config.chosen("numbers") and kind == "N"
        )
        return spared or character in " '" or kind in "LM" or character in "\u200c\u200d"

    def _steps(self) -> list[tuple[str, Step]]:
        config, spell = self.config, Speller(self._known) if self._known else tidy
        if not config:
            return [("spelling", spell)]
        own = language_of(config.language)
        form, steps = config.chosen("form"), list[tuple[str, Step]]()
        steps.append(("white space and invisible characters", _visible))
        steps.append(("Unicode form and ligatures", self._formed))
        if config.words:
            steps.append(("words of the map", Replacements(dict(map(pair, config.words)))))
        if config.chosen("numbers"):
            steps.append(("abbreviations", Replacements(own.abbreviations)))
            steps.append(("numbers and signs", NumberSpeller(config.language)))
        if config.chosen("case") == "lower":
            dotless = "ı" if base_code(config.language) in DOTTED_I else ""
            steps.append(("capitals", lambda text: lower(text, dotless)))
        steps.append(("quotes and apostrophes", self._typed))
        if config.chosen("punctuation") == "space":
            steps.append(("punctuation", self._without_punctuation))
        if form != "keep":
            steps.append(("Unicode form and ligatures", lambda text: unicodedata.normalize(form, text)))
        steps.append(("white space and invisible characters", lambda text: joined(_visible(text))))
        return [*steps, ("the alphabet", spell)] if self._known else steps

    def _formed(self, text: str) -> str:
        """In Unicode form, with ligatures and letters of presentation as the letters that they stand for."""
        if text.isascii():
            return text
        form = self.config.chosen("form")
        text = unicodedata.normalize(form, text) if form != "keep" else text
        parts = {ord(one): other for one in set(text) - self._known if (other := self._parts(one)) is not None}
        return text.translate(parts) if parts else text

    def _parts(self, character: str) -> str | None:
        if character == _TATWEEL:
            return ""
        if (parts := _LIGATURES.get(character)) and self._known and self._known.issuperset(parts.lower()):
            return parts
        tag, *codes = unicodedata.decomposition(character).split() or [""]
        seen = tag in LOOKS and (character.isalnum() or tag == "<wide>")
        return unicodedata.normalize("NFC", "".join(chr(int(code, 16)) for code in codes)) if seen else None

    def _typed(self, text: str) -> str:
        """Apostrophes inside words as the alphabet's own, and typewriters' quotes and dashes."""
        own = next((mark for mark in APOSTROPHES if mark in self._known), "'")
        text = _INSIDE.sub(lambda found: found.group()[:-1] + own, _QUOTED.sub("", text))
        typed = {**TYPED, "—": " - "}
        if text.isascii():
            return text
        return text.translate({ord(sign): plain for sign, plain in typed.items() if sign not in self._known})

    def _without_punctuation(self, text: str) -> str:
        """Punctuation and signs outside the alphabet as spaces; apostrophes and hyphens stay inside words alone."""
        text = _EDGES.sub(" ", text)
        marks = {one for one in set(text) - self._known if unicodedata.category(one)[0] in "PSZ"}
        if not self._known or not self._known.isdisjoint(APOSTROPHES):
            marks -= set(APOSTROPHES)
        return joined(text.translate({ord(mark): " " for mark in marks}))


class Replacements:
    """Replaces written words and signs by spoken ones. An entry with a capital matches as written, others in any
    case; a word matches only as a whole."""

    def __init__(self, spoken: Mapping[str, str]) -> None:
        self._spoken = {_key(written): words for written, words in spoken.items()}
        exact = [written for written in spoken if written != written.lower()]
        self._exact, self._any = _any_of(exact), _any_of([written for written in spoken if written not in exact])

    def __call__(self, text: str) -> str:
        """The text with its entries replaced."""
        for pattern in (self._exact, self._any):
            if pattern:
                text = pattern.sub(self._words, text)
        return text

    def _words(self, found: re.Match[str]) -> str:
        written = found.group()
        initial = len(written) == 2 and written[1] == "."  # M. is a title before a name alone
        if initial and not found.string[found.end() :].lstrip()[:1].isupper():
            return written
        return self._spoken.get(_key(written), self._spoken.get(_key(written.lower()), written))


def _key(written: str) -> str:
    return unicodedata.normalize("NFC", "".join(written.split()))


def _any_of(written: list[str]) -> re.Pattern[str] | None:
    """What matches any of the entries, the longest first; words as a whole."""
    if not written:
        return None
    flags = re.IGNORECASE if all(one == one.lower() for one in written) else 0
    parts = []
    for one in sorted((unicodedata.normalize("NFC", one) for one in written), key=lambda one: (-len(one), one)):
        begin, end = r"(?<!\w)" * one[0].isalnum(), r"(?!\w)" * one[-1].isalnum()
        parts.append(begin + re.escape(one).replace(r"\ ", r"\s?") + end)
    return re.compile("|".join(parts), flags)


def _visible(text: str) -> str:
    """White space as single spaces, no invisible characters; joiners (ZWNJ, ZWJ) where a script spells with them."""
    text = tidy(text)
    return text if text.isascii() else _JOINER.sub("", text)
