"""French numbers and signs as words, for transcripts that write them as figures.

In: a sentence with figures. Out: the spoken form. Supports cardinal numbers below a thousand milliards.
"""

import re

_SMALL = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
)  # fmt: skip
_TENS = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante", 80: "quatre-vingt"}
_LARGE = ((10**9, "milliard"), (10**6, "million"))
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
    if number >= 1000:
        return _thousands(number)
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        words = "cent" if hundreds == 1 else f"{_SMALL[hundreds]} cent"
        return f"{words} {cardinal(rest)}" if rest else words + "s" * (hundreds > 1)
    if number < 20:
        return _SMALL[number]
    tens = number // 10 * 10 if number < 60 else number // 20 * 20
    rest = number - tens
    if not rest:
        return _TENS[tens] + "s" * (tens == 80)
    return f"{_TENS[tens]} et {_SMALL[rest]}" if rest in (1, 11) and tens < 80 else f"{_TENS[tens]}-{_SMALL[rest]}"


def _thousands(number: int) -> str:
    for size, name in _LARGE:
        if number >= size:
            count, rest = divmod(number, size)
            words = f"{cardinal(count)} {name}{'s' * (count > 1)}"
            return f"{words} {cardinal(rest)}" if rest else words
    count, rest = divmod(number, 1000)
    counted = cardinal(count)
    if count % 100 in (0, 80):
        counted = counted.removesuffix("s")  # deux cent mille, quatre-vingt mille
    words = "mille" if count == 1 else f"{counted} mille"
    return f"{words} {cardinal(rest)}" if rest else words


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
