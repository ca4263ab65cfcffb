"""French numbers and signs as words, for transcripts that write them as figures.

In: a sentence with figures. Out: the spoken form. Supports cardinal numbers below a thousand milliards.
"""

import re

from deepspeech.text import numbers

_LIMIT = 10**12
_NUMBER = re.compile(r"\d+(?:,\d+)?")
_THOUSANDS = re.compile(r"(?<=\d)[\s\u00a0\u202f](?=\d{3}(?!\d))")
_TIME = re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?\b")
_SIGNS = (
    ("m²", "mètres carrés"), ("B2B", "B to B"), ("B2C", "B to C"), ("%", " pour cent "), ("€", " euros "),
    ("+", " plus "), ("°", " degrés "), ("#", "hashtag "), ("@", " at "), ("/", " "),
)  # fmt: skip


def spell_out(sentence: str) -> str:
    """`sentence` with its figures and signs as words."""
    for sign, words in _SIGNS:
        sentence = sentence.replace(sign, words)
    sentence = _TIME.sub(_time, _THOUSANDS.sub("", sentence))
    return " ".join(_NUMBER.sub(_figures, sentence).split())


def cardinal(number: int) -> str:
    """A whole number from 0 in words, by the traditional spelling: 71 is soixante et onze, 80 quatre-vingts."""
    return numbers.named(str(number), "fr")


def _figures(match: re.Match[str]) -> str:
    whole, _, decimals = match.group().partition(",")
    if int(whole) >= _LIMIT:
        return match.group()
    if not decimals:
        return f" {cardinal(int(whole))} "
    zeros = ["zéro"] * (len(decimals) - len(decimals.lstrip("0")))
    rest = [cardinal(int(decimals))] if int(decimals) and int(decimals) < _LIMIT else []
    return f" {cardinal(int(whole))} virgule {' '.join(zeros + rest)} "


def _time(match: re.Match[str]) -> str:
    hours, minutes, seconds = match.groups()
    return f"{hours} heures {minutes} minutes {seconds} secondes" if seconds else f"{hours} heures {minutes}"
