"""The character set of transcripts: counts, a proposed alphabet, and advice on characters outside an alphabet.

In: transcripts, and for advice a TokenSet. Out: CharacterCount by character, a Proposal, sentences for a person.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deepspeech.text.characters import is_invisible, is_space, name
from deepspeech.text.tokens import Characters, TokenSet

# Typographic punctuation → its ASCII form, advised only if the alphabet has that form.
_TYPED = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "´": "'", "`": "'", "–": "-", "—": "-", "‐": "-", "‑": "-"})
_LINE_WIDTH = 100


@dataclass(frozen=True)
class CharacterCount:
    """Occurrences of one character in a set of transcripts."""

    times: int
    transcripts: int  # transcripts that contain it
    first: int  # index of the first transcript that contains it


def count_characters(transcripts: Iterable[str]) -> dict[str, CharacterCount]:
    """Count each character (code point) of the transcripts. Keys are in alphabet order (`sort_key`)."""
    times: Counter[str] = Counter()
    containing: Counter[str] = Counter()
    first: dict[str, int] = {}
    for number, transcript in enumerate(transcripts):
        times.update(transcript)
        characters = set(transcript)
        containing.update(characters)
        for character in characters - first.keys():
            first[character] = number
    return {
        character: CharacterCount(times[character], containing[character], first[character])
        for character in sorted(times, key=sort_key)
    }


def sort_key(character: str) -> tuple[int, str, bool, str]:
    """Sort key of alphabets: the space, alphabetic characters (é next to e), combining marks, digits, the rest."""
    kind = unicodedata.category(character)[0]
    group = 0 if character == " " else {"L": 1, "M": 2, "N": 3}.get(kind, 4)
    return group, unicodedata.normalize("NFD", character.casefold()), character.isupper(), character


def usable(character: str) -> bool:
    """Whether a character can be a label of alphabet.txt: a visible character or the plain space."""
    return character == " " or not (
        is_space(character) or is_invisible(character) or unicodedata.category(character) == "Cs"
    )


def advice(character: str, alphabet: TokenSet) -> str:
    """Suggest a fix for a transcript character that is not in `alphabet`."""
    if character in "\r\n":
        return "delete the line end inside the transcript"
    if is_space(character):
        return "replace it with a space"
    if is_invisible(character) or unicodedata.category(character) == "Cs":
        return "delete it: it cannot be seen"
    if _composes(character, alphabet):
        return "compose characters and marks: normalize the transcripts to NFC"
    apart = unicodedata.normalize("NFD", character)
    if apart != character and not alphabet.missing(apart):
        return "decompose characters and marks: normalize the transcripts to NFD"
    for other in (
        unicodedata.normalize("NFKC", character),
        character.lower(),
        character.upper(),
        character.translate(_TYPED),
    ):
        if other != character and not alphabet.missing(other):
            return f"write {other}"
    return _advice_on_the_rest(character, alphabet)


def _composes(mark: str, alphabet: TokenSet) -> bool:
    """Whether a combining mark is part of a composed character of the alphabet."""
    parts = (unicodedata.normalize("NFD", label) for label in alphabet.character_set if len(label) == 1)
    return unicodedata.category(mark).startswith("M") and any(mark in part[1:] for part in parts)


def _advice_on_the_rest(character: str, alphabet: TokenSet) -> str:
    kind = unicodedata.category(character)[0]
    if kind == "M":
        return "add the accented character to the alphabet, or delete the accent"
    if kind == "N":
        return "write numbers as words"
    if kind in "PS":
        return "delete it, or add it to the alphabet if it is spoken"
    bare = unicodedata.normalize("NFD", character.lower())[0]
    if bare != character and not alphabet.missing(bare):
        return f"add it to the alphabet, or write {bare}"
    return "add it to the alphabet, or skip these clips"


def alphabet_faults(alphabet: TokenSet) -> list[str]:
    """Problems of an alphabet itself, one sentence each."""
    if not isinstance(alphabet, Characters):
        return []
    faults = []
    for label, times in Counter(alphabet.labels).items():
        if len(label) > 1:
            composed = unicodedata.normalize("NFC", label)
            remedy = f"write it as one ({composed}, NFC)" if len(composed) == 1 else "one character a line"
            if len(label.strip()) == 1:
                remedy = "delete the spaces around it"
            faults.append(f"the line {label!r} has {len(label)} characters and never matches; {remedy}")
        if times > 1:
            faults.append(f"{name(label) if len(label) == 1 else repr(label)} is listed {times} times; keep one")
    return faults


@dataclass(frozen=True)
class Proposal:
    """A proposed alphabet and the statistics behind it."""

    alphabet: Characters
    counts: Mapping[str, CharacterCount]  # of every character in the transcripts, after NFC
    rare: Sequence[str]  # in the alphabet, but in too few transcripts to train well
    left_out: Sequence[str]  # not in the alphabet: rarer than `at_least`, or not usable as a label
    transcripts: int
    composed: int  # transcripts that are not in NFC

    def to_text(self, source: str) -> str:
        """The alphabet.txt: comments with `source` and counts, then the labels. Characters.from_text reads it."""
        plural = "s" * (self.transcripts != 1)
        comments = [
            f"{len(self.alphabet.labels)} characters of {self.transcripts} transcript{plural}: {source}",
            "Label id = position: do not edit after a model is trained. Transcripts that contain each:",
        ]
        line = ""
        for character in self.alphabet.labels:
            item = f"{'space' if character == ' ' else character} {self.counts[character].transcripts}"
            if len(line) + len(item) > _LINE_WIDTH:
                comments.append(line.rstrip())
                line = ""
            line += item + "  "
        comments.append(line.rstrip())
        return "".join(f"# {' '.join(comment.splitlines())}\n" for comment in comments) + self.alphabet.to_text()


def propose(transcripts: Sequence[str], rare: int | None = None, at_least: int = 1) -> Proposal:
    """Propose the alphabet of `transcripts` after NFC, without characters found in fewer than `at_least` of them.

    Characters in fewer than `rare` transcripts are listed as rare; the default is 10 or 2 % of the transcripts,
    whichever is less. Raises TextError where no character is left.
    """
    composed = [unicodedata.normalize("NFC", transcript) for transcript in transcripts]
    counts = count_characters(composed)
    limit = min(10, len(composed) // 50) if rare is None else rare
    kept = [character for character, count in counts.items() if usable(character) and count.transcripts >= at_least]
    return Proposal(
        alphabet=Characters(kept),
        counts=counts,
        rare=[character for character in kept if counts[character].transcripts < limit],
        left_out=[character for character in counts if character not in set(kept)],
        transcripts=len(composed),
        composed=sum(one != other for one, other in zip(composed, transcripts, strict=True)),
    )
