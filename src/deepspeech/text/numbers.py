"""Numbers, dates, times, amounts and signs as words of a language; num2words names the numbers.

In: a sentence with figures. Out: what a reader says. Figures that cannot be read stay, and are told as characters that
cannot be written.
"""

import re
from functools import cache
from importlib import import_module
from typing import Any

from deepspeech.errors import MissingPartError
from deepspeech.text.languages import base_code, language_of
from deepspeech.text.spelling import joined

_OTHER_CODES = {"kk": "kz", "nb": "no", "nn": "no"}  # num2words' own
_LONGEST_NAME = 15  # digits; longer figures, and those that begin with 0, are read digit by digit
_CENTURIES = range(1100, 2000)
_GAPS = " \u00a0\u202f\u2009'’"
_TIMES = re.compile(r"(?<=\d)\s?[xX*](?=\s?\d)")
_MINUS = re.compile(r"(?<![\w)\].,–-])[-–\u2212](?=\d)")


@cache
def _library() -> Any:
    try:
        return import_module("num2words")
    except ImportError:
        raise MissingPartError(
            "numbers are spelled out by num2words, which is not installed here: pip install num2words, or leave "
            "them as they are with --no-numbers (text.numbers = false)"
        ) from None


def named(digits: str, code: str, kind: str = "cardinal") -> str:
    """What num2words says for a number in a language; `kind`: cardinal, ordinal or year.

    Empty where it does not know the language, or how to say it. Raises MissingPartError without num2words.
    """
    library, base = _library(), base_code(code)
    codes = (code.replace("-", "_"), _OTHER_CODES.get(base, base))
    known = next((one for one in codes if one in library.CONVERTER_CLASSES), None)
    if known is None:
        return ""
    try:
        words = library.num2words(int(digits) if digits.isdigit() else digits, lang=known, to=kind)
    except (NotImplementedError, ValueError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError):
        return ""
    return str(words).strip()


class NumberSpeller:
    """Spells figures and signs in one language. Immutable; threads may share it."""

    def __init__(self, code: str) -> None:
        self._code, self._own = code, language_of(code)
        own, decimal = self._own, re.escape(self._own.decimal)
        grouped = "".join(sorted({*_GAPS, "." if own.decimal == "," else ","}))
        number = rf"(?:\d{{1,3}}(?:[{re.escape(grouped)}]\d{{3}})+(?!\d)|\d+)"
        money = "|".join(re.escape(sign) for sign in sorted(own.currency, key=len, reverse=True)) or "(?!)"
        units = "|".join(re.escape(unit) for unit in sorted(own.units, key=len, reverse=True)) or "(?!)"
        amount = rf"{number}(?:{decimal}\d+)?"
        hours = r"\b([01]?\d|2[0-4])"
        after_time = "|".join({*own.hour} - {""}) or "(?!)"
        self._grouped = re.compile(f"[{re.escape(grouped)}]")
        self._signs = sorted(own.signs.items(), key=lambda one: -len(one[0]))
        self._steps = (
            (re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b"), lambda m: self._date(m, m[3], m[2], m[1])),
            (re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"), lambda m: self._written_date(m)),
            (re.compile(rf"{hours}\s?[:h]\s?([0-5]\d)\b(?:\s(?:{after_time})\b)?"), lambda m: self._time(m[1], m[2])),
            (re.compile(rf"{hours}\s?h\b"), lambda m: self._time(m[1], "00") if own.hour[0] else m[0]),
            (re.compile(rf"({amount})\s?({money})(?!\w)|({money})\s?({amount})"), lambda m: self._amount(m)),
            (re.compile(rf"\b(\d+)(?:{own.ordinal or '(?!)'})(?!\w)"), lambda m: self._ordinal(m)),
            (re.compile(rf"({amount})\s?({units})(?!\w)"), lambda m: self._measure(m[1], own.units[m[2]])),
            (re.compile(amount), lambda m: self.number(m[0])),
        )  # fmt: skip

    def __call__(self, text: str) -> str:
        """The text with figures and signs as words."""
        if any(character.isdigit() for character in text):
            if times := self._own.signs.get("×"):
                text = _TIMES.sub(f" {times} ", text)
            if self._own.minus:
                text = _MINUS.sub(f" {self._own.minus} ", text)
            for pattern, spell in self._steps:
                text = pattern.sub(lambda found, spell=spell: f" {spell(found)} ", text)  # type: ignore[misc]
        for sign, words in self._signs:
            text = text.replace(sign, f" {words} ")
        for sign, names in self._own.currency.items():
            text = text.replace(sign, f" {names[1]} ")
        return joined(text)

    def number(self, figures: str, before_noun: bool = False) -> str:
        """A number with its marks, such as 1 000,5 in French; as it is where the language is not known."""
        plain = self._grouped.sub("", figures)
        whole, _, decimals = plain.partition(self._own.decimal)
        if not decimals:
            if whole == "1" and before_noun and self._own.one:
                return self._own.one
            return self._whole(whole, year=not before_noun and plain == figures)
        if not self._own.comma:
            return self._named(f"{whole}.{decimals}") or figures
        zeros = len(decimals) - len(decimals.lstrip("0"))
        words = [self._whole(whole), self._own.comma, *[self._whole("0")] * zeros]
        return " ".join([*words, self._whole(decimals[zeros:])] if decimals[zeros:] else words)

    def _whole(self, digits: str, year: bool = False) -> str:
        one_by_one = len(digits) > _LONGEST_NAME or (len(digits) > 1 and digits[0] == "0")
        if one_by_one:
            return " ".join(self._named(digit) or digit for digit in digits)
        year = year and self._own.year and len(digits) == 4 and int(digits) in _CENTURIES
        return self._named(digits, "year" if year else "cardinal") or digits

    def _named(self, digits: str, kind: str = "cardinal") -> str:
        return named(digits, self._code, kind)

    def _ordinal(self, found: re.Match[str]) -> str:
        words = self._named(found[1], "ordinal")
        if not words:
            return found[0]
        if self._code.startswith("fr") and found[1] == "1" and found[0][1:] in ("re", "ère", "ere"):
            return "première"
        return words[:-1] + "a" if found[0].endswith("ª") and words.endswith("o") else words

    def _written_date(self, found: re.Match[str]) -> str:
        """A date with the day first; where months come first, only one whose day cannot be a month."""
        day, month, year = found[1], found[2], found[3]
        if self._own.date.startswith("{month}"):
            if int(day) <= 12 and int(month) <= 12 and day != month:
                return found[0]
            if int(month) > 12:
                day, month = month, day
        return self._date(found, day, month, year)

    def _date(self, found: re.Match[str], day: str, month: str, year: str) -> str:
        if not self._own.date or not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
            return found[0]
        spoken_day = self._whole(str(int(day)))
        if self._own.first == "1":
            spoken_day = self._named(str(int(day)), "ordinal") or spoken_day
        elif int(day) == 1 and self._own.first:
            spoken_day = self._own.first
        name = self._own.months[int(month) - 1]
        return self._own.date.format(day=spoken_day, month=name, year=self._whole(str(int(year)), True))

    def _time(self, hours: str, minutes: str) -> str:
        hours = str(int(hours))
        one, several = self._own.hour
        feminine = self._code.startswith("fr") and hours in ("1", "21")
        spoken = (
            (self._whole(hours) + "e" * feminine) if not (hours == "1" and self._own.one and one) else self._own.one
        )
        words = [spoken, one if hours in ("0", "1") else several]
        return " ".join(filter(None, [*words, self._whole(str(int(minutes))) if int(minutes) else ""]))

    def _amount(self, found: re.Match[str]) -> str:
        figures, sign = (found[1], found[2]) if found[1] else (found[4], found[3])
        one, several, cent, cents = self._own.currency[sign]
        whole, _, decimals = self._grouped.sub("", figures).partition(self._own.decimal)
        if len(decimals) != 2:
            return self._measure(figures, (one, several))
        hundredths = self._measure(str(int(decimals)), (cent, cents))
        if not int(whole):
            return hundredths
        amount = self._measure(whole, (one, several))
        return f"{amount} {self._whole(str(int(decimals)))}" if int(decimals) else amount

    def _measure(self, figures: str, names: tuple[str, str]) -> str:
        single = figures == "1" or (self._code.startswith("fr") and re.match(r"[01](?!\d)", figures) is not None)
        return f"{self.number(figures, True)} {names[0] if single else names[1]}"
