"""The letters of transcripts: how often each occurs, the alphabet that they make, what to do about one outside it."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deepspeech.text.characters import is_invisible, is_space, name
from deepspeech.text.tokens import Characters, TokenSet

# How typographers' signs are typed; a sign to the right that the alphabet lacks is no advice.
_TYPED = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "´": "'", "`": "'", "–": "-", "—": "-", "‐": "-", "‑": "-"})
_LINE_WIDTH = 100


@dataclass(frozen=True)
class LetterCount:
    """How often a letter stands in some transcripts."""

    times: int
    transcripts: int  # that have it
    first: int  # number of the first transcript that has it, from 0


def count_letters(transcripts: Iterable[str]) -> dict[str, LetterCount]:
    """Each letter (code point) of the transcripts, in the order of the alphabet that they make."""
    times: Counter[str] = Counter()
    having: Counter[str] = Counter()
    first: dict[str, int] = {}
    for number, transcript in enumerate(transcripts):
        times.update(transcript)
        letters = set(transcript)
        having.update(letters)
        for letter in letters - first.keys():
            first[letter] = number
    return {letter: LetterCount(times[letter], having[letter], first[letter]) for letter in sorted(times, key=place)}


def place(letter: str) -> tuple[int, str, bool, str]:
    """Where a letter stands in an alphabet: the space, letters (é beside e), marks, figures, the rest."""
    kind = unicodedata.category(letter)[0]
    group = 0 if letter == " " else {"L": 1, "M": 2, "N": 3}.get(kind, 4)
    return group, unicodedata.normalize("NFD", letter.casefold()), letter.isupper(), letter


def usable(letter: str) -> bool:
    """Whether a letter can be a line of alphabet.txt that means something: seen, or the one space."""
    return letter == " " or not (is_space(letter) or is_invisible(letter) or unicodedata.category(letter) == "Cs")


def advice(letter: str, alphabet: TokenSet) -> str:
    """What to do about a letter that `alphabet` lacks."""
    if letter in "\r\n":
        return "delete the line end inside the transcript"
    if is_space(letter):
        return "make it a space"
    if is_invisible(letter) or unicodedata.category(letter) == "Cs":
        return "delete it: it cannot be seen"
    if _composes(letter, alphabet):
        return "compose letters and marks: normalise the transcripts to NFC"
    apart = unicodedata.normalize("NFD", letter)
    if apart != letter and not alphabet.missing(apart):
        return "take letters and marks apart: normalise the transcripts to NFD"
    for other in (unicodedata.normalize("NFKC", letter), letter.lower(), letter.upper(), letter.translate(_TYPED)):
        if other != letter and not alphabet.missing(other):
            return f"write {other}"
    return _advice_on_the_rest(letter, alphabet)


def _composes(mark: str, alphabet: TokenSet) -> bool:
    """Whether a combining mark is part of some letter of the alphabet."""
    parts = (unicodedata.normalize("NFD", label) for label in alphabet.letters if len(label) == 1)
    return unicodedata.category(mark).startswith("M") and any(mark in part[1:] for part in parts)


def _advice_on_the_rest(letter: str, alphabet: TokenSet) -> str:
    kind = unicodedata.category(letter)[0]
    if kind == "M":
        return "add the letter with its accent to the alphabet, or delete the accent"
    if kind == "N":
        return "write numbers as words"
    if kind in "PS":
        return "delete it, or add it to the alphabet if it is spoken"
    bare = unicodedata.normalize("NFD", letter.lower())[0]
    if bare != letter and not alphabet.missing(bare):
        return f"add it to the alphabet, or write {bare}"
    return "add it to the alphabet, or leave these clips out"


def alphabet_faults(alphabet: TokenSet) -> list[str]:
    """What is wrong with an alphabet itself, a sentence each."""
    if not isinstance(alphabet, Characters):
        return []
    told = []
    for label, times in Counter(alphabet.labels).items():
        if len(label) > 1:
            composed = unicodedata.normalize("NFC", label)
            remedy = f"write it as one ({composed}, NFC)" if len(composed) == 1 else "one letter a line"
            if len(label.strip()) == 1:
                remedy = "delete the spaces around it"
            told.append(f"the line {label!r} holds {len(label)} letters and never matches; {remedy}")
        if times > 1:
            told.append(f"{name(label) if len(label) == 1 else repr(label)} stands {times} times; leave one")
    return told


@dataclass(frozen=True)
class Proposal:
    """An alphabet for some transcripts, and what was thought about it."""

    alphabet: Characters
    counts: Mapping[str, LetterCount]  # of all letters met, of the transcripts in NFC
    rare: Sequence[str]  # in the alphabet, but in too few transcripts to be learnt well
    left_out: Sequence[str]  # not in the alphabet: rarer than asked for, or not usable as a letter
    transcripts: int
    composed: int  # transcripts that are not in NFC

    def to_text(self, source: str) -> str:
        """The alphabet.txt: comments that name `source` and count, then the letters. Characters.from_text reads it."""
        plural = "s" * (self.transcripts != 1)
        comments = [
            f"{len(self.alphabet.labels)} letters of {self.transcripts} transcript{plural}: {source}",
            "The place of a letter is its number: once a model is trained, change nothing. Transcripts that have each:",
        ]
        line = ""
        for letter in self.alphabet.labels:
            item = f"{'space' if letter == ' ' else letter} {self.counts[letter].transcripts}"
            if len(line) + len(item) > _LINE_WIDTH:
                comments.append(line.rstrip())
                line = ""
            line += item + "  "
        comments.append(line.rstrip())
        return "".join(f"# {' '.join(comment.splitlines())}\n" for comment in comments) + self.alphabet.to_text()


def propose(transcripts: Sequence[str], rare: int | None = None, at_least: int = 1) -> Proposal:
    """The alphabet of `transcripts`, in NFC, without letters that fewer than `at_least` transcripts have.

    Rare are those that fewer than `rare` transcripts have; by default 10, or 2 % of the transcripts where that is
    less. Raises TextError where no letter is left.
    """
    composed = [unicodedata.normalize("NFC", transcript) for transcript in transcripts]
    counts = count_letters(composed)
    limit = min(10, len(composed) // 50) if rare is None else rare
    kept = [letter for letter, count in counts.items() if usable(letter) and count.transcripts >= at_least]
    return Proposal(
        alphabet=Characters(kept),
        counts=counts,
        rare=[letter for letter in kept if counts[letter].transcripts < limit],
        left_out=[letter for letter in counts if letter not in set(kept)],
        transcripts=len(composed),
        composed=sum(one != other for one, other in zip(composed, transcripts, strict=True)),
    )
