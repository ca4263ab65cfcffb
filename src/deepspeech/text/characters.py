"""Single characters: white space, invisible ones, scripts without spaces, and names that show a character."""

import re
import unicodedata

EXAMPLE_WIDTH = 60

# Thai and Lao, Burmese, Khmer, Han with its punctuation and kana, and their compatibility and full-width forms.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"
)


def name(character: str) -> str:
    """A character so that it can be seen: 'é' (U+00E9), combining acute accent (U+0301), space."""
    if character == " ":
        return "space"
    if character.isprintable() and not unicodedata.category(character).startswith("M"):
        return f"'{character}' (U+{ord(character):04X})"
    known = {"\t": "tab", "\n": "line feed", "\r": "carriage return"}.get(character)
    return f"{known or unicodedata.name(character, 'control character').lower()} (U+{ord(character):04X})"


def is_space(character: str) -> bool:
    """White space of any kind and control characters (a form feed, NEL): between words all mean a space."""
    return character.isspace() or unicodedata.category(character) in ("Cc", "Zs", "Zl", "Zp")


def is_invisible(character: str) -> bool:
    """Format characters and variation selectors: soft hyphen, direction marks, zero-width space, joiners, BOM."""
    code = ord(character)
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or code == 0x034F
    return selector or unicodedata.category(character) == "Cf"


def is_unspaced(character: str) -> bool:
    """Whether its script has no spaces between words, as Chinese, Japanese and Thai; False for an empty text."""
    return _UNSPACED.match(character) is not None


def shortened(text: str) -> str:
    """An example for a message: at most EXAMPLE_WIDTH characters of `text`."""
    return text if len(text) <= EXAMPLE_WIDTH else text[: EXAMPLE_WIDTH - 1] + "…"
