"""Speller: text in the characters of an alphabet: Unicode form, case, apostrophes, white space, invisible characters.

In: text as people type it. Out: the same text in the alphabet's own characters wherever both look or sound alike.
Characters that remain outside the alphabet are never dropped here. Text that
the alphabet can spell is not changed.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from deepspeech.text.characters import is_invisible, is_space

APOSTROPHES = "'’ʼ"  # in order of preference: the first that the alphabet has is written
_LOOK_LIKE_APOSTROPHES = "'’ʼ‘`´′＇"  # inside a word
_AT_EDGES = "’ʼ＇"  # also at a word's edge, where the others are quotation marks
_ALPHABETIC = r"[^\W\d_]"
_OPENED, _CLOSED = re.compile(rf"(?<!\w)[‘’‚](?={_ALPHABETIC})"), re.compile(rf"(?<={_ALPHABETIC})’(?!\w)")
_LIKE_HYPHENS = "‐‑\u2212"
_JOINERS = "\u200c\u200d"  # ZWNJ and ZWJ: part of the spelling of Persian and of Indian languages
_NON_JOINER = "\u200c"
_DOT = "\u0307"
LOOKS = {"<wide>", "<narrow>", "<compat>", "<initial>", "<medial>", "<final>", "<isolated>"}
_ONE_LINE = str.maketrans("\n\r\t", "   ")
_SPACES = re.compile(r" {2,}")
_APOSTROPHE_LIKE = frozenset(_LOOK_LIKE_APOSTROPHES)


def tidy(text: str) -> str:
    """Text of any language with white space as spaces and without invisible characters, except joiners (ZWNJ, ZWJ)."""
    if text.isascii() and text.isprintable():
        return text
    foreign = {c for c in set(text) if c != " " and (is_space(c) or (is_invisible(c) and c not in _JOINERS))}
    return joined(text.translate({ord(c): " " if is_space(c) else "" for c in foreign})) if foreign else text


def dotted(text: str, characters: Collection[str]) -> str:
    """Capitals of i and ı in lower case where the alphabet `characters` has ı and not its capital; İ else as i."""
    if "ı" in characters and "I" not in characters:
        text = text.replace("I", "ı")
    return text if "İ" in characters else text.replace("İ", "i")


def lower(text: str, characters: Collection[str] = ()) -> str:
    """Lower case as the alphabet `characters` has it: with ı in it I becomes ı. İ becomes i, one dot."""
    text = dotted(text, characters).lower()
    return text if _DOT in characters and "ı" not in characters else text.replace("i" + _DOT, "i")


class Speller:
    """Spells text with the characters of one alphabet. Immutable; threads may share it."""

    def __init__(
        self, characters: Iterable[str], form: bool = True, case: bool = True, marks_are_spaces: bool = False
    ) -> None:
        """`characters`: labels of an alphabet; those of several code points never match, as in Characters.

        `form`: fit the Unicode form; `case`: fit the case; `marks_are_spaces`: punctuation, symbols and separators
        outside the alphabet become spaces.
        """
        self.known = frozenset(label for label in characters if len(label) == 1)
        self._spaced = self.known | set(" \n\r\t")
        has_marks = any(unicodedata.combining(label) for label in self.known)
        self._forms = () if not form else ("", "NFC") if has_marks else ("NFC",)
        self._form, self._case, self._marks_are_spaces = form, case, marks_are_spaces
        self._small = case and not any(label != label.lower() for label in self.known)
        # Letters that Unicode itself takes apart in NFC, such as U+0958, where an alphabet holds them.
        composed = ((unicodedata.normalize("NFC", label), label) for label in sorted(self.known))
        self._whole = [(parts, label) for parts, label in composed if form and parts != label]
        self._apostrophe = next((mark for mark in APOSTROPHES if mark in self.known), None)
        inside, at_edge = (_any_of(set(marks) - self.known) for marks in (_LOOK_LIKE_APOSTROPHES, _AT_EDGES))
        self._inside = re.compile(rf"(?<={_ALPHABETIC}){inside}(?={_ALPHABETIC})")
        self._at_edge = re.compile(rf"(?<={_ALPHABETIC}){at_edge}|{at_edge}(?={_ALPHABETIC})")
        arabic = any("ARABIC LETTER" in unicodedata.name(label, "") for label in self.known)
        self._non_joiner = " " if arabic and " " in self.known else ""

    def __call__(self, text: str) -> str:
        """Spell one line. Text already spelled with the alphabet stays as it is."""
        if self.known.issuperset(text):
            return text
        return joined(self.lines(text.translate(_ONE_LINE)))

    def lines(self, text: str) -> str:
        """Spell many lines at once; new runs of spaces are kept."""
        if self._spaced.issuperset(text):
            return text
        if len(self._forms) < 2:
            return self._spell(text, *self._forms)
        # The alphabet has both decomposed and composed characters: normalize each line by itself.
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        for form in self._forms:
            spelled = self._spell(line, form)
            if self._spaced.issuperset(spelled):
                break
        return spelled

    def _spell(self, text: str, form: str = "") -> str:
        text = unicodedata.normalize(form, text) if form else text  # type: ignore[arg-type]
        text = lower(text, self.known) if self._small else text
        for parts, label in self._whole:
            text = text.replace(parts, label)
        if self._apostrophe and not _APOSTROPHE_LIKE.isdisjoint(text):
            text = "\n".join(map(self._with_apostrophes, text.split("\n")))
        foreign = set(text) - self._spaced
        spelled = {ord(character): self._spelled(character) for character in foreign}
        return text.translate({code: other for code, other in spelled.items() if other is not None})

    def _with_apostrophes(self, line: str) -> str:
        own = self._apostrophe or ""
        line = self._inside.sub(own, line)
        # ‘Words’ between quotation marks are not words with apostrophes.
        opened = _OPENED.search(line)
        return line if opened and _CLOSED.search(line, opened.end()) else self._at_edge.sub(own, line)

    def _spelled(self, character: str) -> str | None:
        """The spelling of an unknown character with known ones; None if there is none."""
        if is_invisible(character):
            return self._non_joiner if character == _NON_JOINER else ""
        if is_space(character):
            return " "
        for other in self._alike(character):
            parts = [part if part in self.known else self._spelled(part) for part in other]
            if other and None not in parts:
                return "".join(part for part in parts if part)
        return " " if self._marks_are_spaces and unicodedata.category(character)[0] in "PSZ" else None

    def _alike(self, character: str) -> Iterator[str]:
        """Alternative spellings of a character: decompositions and case variants."""
        tag, *codes = unicodedata.decomposition(character).split() or [""]
        if self._form and tag and not tag.startswith("<"):
            yield "".join(chr(int(code, 16)) for code in (tag, *codes))
        if tag in LOOKS and character.isalpha():
            yield "".join(chr(int(code, 16)) for code in codes)
        if character in _LIKE_HYPHENS and "-" in self.known:
            yield "-"
        if self._case:
            dotted = {"i": "İ", "ı": "I"} if "İ" in self.known else {}
            yield from (c for c in (lower(character), dotted.get(character, character.upper())) if c in self.known)


def _any_of(characters: set[str]) -> str:
    """A regular expression for any of `characters`; without any, one that never matches."""
    return f"[{re.escape(''.join(sorted(characters)))}]" if characters else "(?!)"


def joined(text: str) -> str:
    """The text with single spaces, none at the ends."""
    return _SPACES.sub(" ", text).strip(" ")
