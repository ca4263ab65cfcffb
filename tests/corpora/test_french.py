"""French figures as words, against a list written by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.corpora.french import cardinal, spell_out


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zéro"), (16, "seize"), (17, "dix-sept"), (20, "vingt"), (21, "vingt et un"), (22, "vingt-deux"),
        (61, "soixante et un"), (69, "soixante-neuf"), (70, "soixante-dix"), (71, "soixante et onze"),
        (79, "soixante-dix-neuf"), (80, "quatre-vingts"), (81, "quatre-vingt-un"), (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"), (100, "cent"), (101, "cent un"), (200, "deux cents"), (201, "deux cent un"),
        (280, "deux cent quatre-vingts"), (1000, "mille"), (1001, "mille un"), (2000, "deux mille"),
        (1984, "mille neuf cent quatre-vingt-quatre"), (80_000, "quatre-vingt mille"), (200_000, "deux cent mille"),
        (93_000, "quatre-vingt-treize mille"), (103_000, "cent trois mille"), (3_000_000, "trois millions"),
        (1_000_000, "un million"), (200_000_000, "deux cents millions"), (1_000_000_001, "un milliard un"),
    ],
)  # fmt: skip
def test_whole_numbers(number: int, words: str) -> None:
    assert cardinal(number) == words


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Il y a 3 chats", "Il y a trois chats"),
        ("260 000 habitants", "deux cent soixante mille habitants"),
        ("1 250,05 €", "mille deux cent cinquante virgule zéro cinq euros"),
        ("80 % en 2019/2022", "quatre-vingts pour cent en deux mille dix-neuf deux mille vingt-deux"),
        ("à 10:30", "à dix heures trente"),
        ("1:02:03", "un heures deux minutes trois secondes"),
        ("3D et B2B", "trois D et B to B"),
        ("3,00", "trois virgule zéro zéro"),
        ("sans rien", "sans rien"),
        ("9999999999999 est trop", "9999999999999 est trop"),
    ],
)
def test_sentences(written: str, said: str) -> None:
    assert spell_out(written) == said


@given(st.integers(0, 10**12 - 1))
def test_no_two_numbers_are_reported_alike(number: int) -> None:
    """Read back word by word, the words give the number."""
    assert value(cardinal(number)) == number


def value(words: str) -> int:
    small = {cardinal(n): n for n in range(17)} | {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50}
    small |= {"soixante": 60, "vingts": 20}
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "et":
            continue
        if word in ("cent", "cents"):
            group = max(group, 1) * 100
        elif word == "mille":
            total, group = total + max(group, 1) * 1000, 0
        elif word.rstrip("s") in ("million", "milliard"):
            total, group = total + group * 10 ** (6 if "million" in word else 9), 0
        elif word in ("vingt", "vingts") and group % 100 == 4:
            group += 76  # quatre-vingt
        else:
            group += small[word]
    return total + group
