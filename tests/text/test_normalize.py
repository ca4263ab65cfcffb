"""The normalizer: text as people type it becomes text as it is said, once and for all, in every language."""

import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import ConfigError, MissingPartError, TextError
from deepspeech.text.characters import is_invisible, is_space
from deepspeech.text.config import TextConfig
from deepspeech.text.normalize import Normalizer, Replacements
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes

LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl", "tr", "ar", "vi", "pl", "sw")
JOINERS = "\u200c\u200d"
TYPED = st.text(
    st.sampled_from(
        "aeIİıßẞœŒﬁéE\u0301\u0327'’“”«»-–—…  \u00a0\u00ad\u200b\u200d\ufeff0159.,:;/%€$&=x+°hM.etc١م\u0640ﻻ؟ễ３！\n\t"
    )
) | st.text(max_size=30)  # fmt: skip


def said(language: str, text: str, alphabet: str = "") -> str:
    return Normalizer(TextConfig(language=language), Characters(alphabet) if alphabet else None)(text)


@given(st.sampled_from(LANGUAGES), TYPED)
def test_what_is_normal_stays(language: str, text: str) -> None:
    normalize = Normalizer(TextConfig(language=language))
    assert normalize(normalize(text)) == normalize(text)


@given(st.sampled_from(LANGUAGES), TYPED)
def test_nothing_invisible_is_left_and_all_is_composed(language: str, text: str) -> None:
    made = said(language, text)
    assert not [c for c in made if (is_invisible(c) and c not in JOINERS) or (is_space(c) and c != " ")]
    assert made == unicodedata.normalize("NFC", made)
    assert made == " ".join(made.split(" ")) == made.strip()


@given(st.sampled_from(LANGUAGES), TYPED)
def test_a_known_alphabet_changes_only_what_it_can_write_otherwise(language: str, text: str) -> None:
    normalize = Normalizer(TextConfig(language=language), Characters(" 'abcdefghijklmnopqrstuvwxyzéèêçà"))
    assert normalize(normalize(text)) == normalize(text)


@given(st.text())
def test_without_settings_text_is_only_tidied(text: str) -> None:
    normalize = Normalizer(TextConfig())
    assert [c for c in normalize(text) if c != " "] == [
        c for c in text if not (is_space(c) or (is_invisible(c) and c not in JOINERS))
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "L’homme, « œuvre » d’“Art”… l'été", "l'homme œuvre d'art l'été"),
        ("fr", "M. Dupont & Mme Durand", "monsieur dupont et madame durand"),
        ("fr", "1 centime (0,01 €), 2 $, 5,20 €", "un centime un centime deux dollars cinq euros vingt"),
        ("fr", "Le 1er mai 2024", "le premier mai deux mille vingt quatre"),
        ("fr", "à 14h30, puis 8 h", "à quatorze heures trente puis huit heures"),
        ("fr", "Voici M. Oui", "voici monsieur oui"),
        ("fr", "La lettre M.", "la lettre m"),
        ("fr", "12/03/1999, 21e, 1ère", "douze mars mille neuf cent quatre vingt dix neuf vingt et unième première"),
        ("fr", "1\u202f000\u00a0000,05 et 80 %", "un million virgule zéro cinq et quatre vingts pour cent"),
        ("fr", "6x7=42 ; 007 ; -5 ; F-22", "six fois sept égale quarante deux zéro zéro sept moins cinq f vingt deux"),
        ("fr", "10 m. plus loin", "dix mètres plus loin"),
        ("en", "Mr. Smith's $5.20 & 3rd 'quoted' word", "mister smith's five dollars twenty and third quoted word"),
        ("en", "In 1984, on 2024-03-12", "in nineteen eighty four on march twelfth two thousand and twenty four"),
        ("en", "05/04/2020", "zero five zero four two thousand and twenty"),
        ("en", "30/04/2020", "april thirtieth two thousand and twenty"),
        ("de", "Straße, z. B. 12.03.2024", "straße zum beispiel zwölfter märz zweitausendvierundzwanzig"),
        ("de", "um 14:30 Uhr", "um vierzehn uhr dreißig"),
        ("de", "STRASSE ẞ 1.500,5", "strasse ß eintausendfünfhundert komma fünf"),
        ("tr", "IĞDIR, İstanbul Işık 15", "ığdır istanbul ışık onbeş"),
        ("ar", "مـــرحبا ﻻ ﺑ", "مرحبا لا ب"),
        ("vi", "Tie\u0302\u0301ng Vie\u0323\u0302t", "tiếng việt"),
        ("fa", "می\u200cخواهم", "می\u200cخواهم"),
        ("pl", "3,5", "trzy przecinek pięć"),
        ("sw", "Watu 15!", "watu 15"),
    ],
)  # fmt: skip
def test_languages(language: str, text: str, expected: str) -> None:
    assert said(language, text) == expected


def test_ligatures_and_the_apostrophe_are_those_of_the_alphabet() -> None:
    letters = " abcdefghijklmnopqrstuvwxyz"
    assert said("fr", "L’œuvre", letters + "'œ") == "l'œuvre"
    assert said("fr", "L'œuvre", letters + "’") == "l’oeuvre"
    assert said("fr", "L’œuvre", letters) == "l oeuvre"
    assert said("de", "Straße", letters) == "strasse"
    assert said("en", "Well-known -- or not", letters + "-") == "well-known or not"
    assert said("fr", "ÉTÉ", letters.upper() + "É") == "ÉTÉ"


def test_what_cannot_be_written_is_named() -> None:
    normalize = Normalizer(TextConfig(language="fr"), ENGLISH)
    assert normalize.unwritable(normalize("L’été à 5 €")) == ["à", "é"]
    bare = Normalizer(TextConfig(language="sw"))
    assert bare.unwritable(bare("Watu 15 ½ l'a")) == ["1", "5", "½"]
    assert Normalizer(TextConfig(language="fr"), Utf8Bytes())("L’Été") == "l'été"


def test_each_setting_alone() -> None:
    text = "  L’E\u0301te\u0301,\u200b 5"
    assert Normalizer(TextConfig(case="lower"))(text) == "l'e\u0301te\u0301, 5"
    assert Normalizer(TextConfig(form="NFC"))(text) == "L'Été, 5"
    assert Normalizer(TextConfig(language="fr", numbers=False))(text) == "l'été 5"
    assert Normalizer(TextConfig(language="fr", case="keep", punctuation="keep"))(text) == "L'Été, cinq"
    assert Normalizer(TextConfig(words=("5=five",)))("5 and 55") == "five and 55"


def test_a_map_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "map.tsv"
    path.write_text("# mine\nM.\tmaître\n\nK7\tcassette\ngb\tgigaoctets\n", encoding="utf-8")
    config = TextConfig(language="fr", map=str(path))
    assert Normalizer(config)("M. Noir a une K7 de 5 Gb") == "maître noir a une cassette de cinq gigaoctets"
    whole = config.complete()
    path.unlink()
    assert Normalizer(whole)("K7") == "cassette"
    assert TextConfig.from_dict(whole.to_dict()) == whole
    with pytest.raises(TextError, match="cannot be read"):
        Normalizer(config)


def test_replacements_match_whole_words_and_case_by_their_own() -> None:
    replace = Replacements({"Mt.": "mount", "etc.": "and so on", "p. ex.": "par exemple"})
    assert replace("Mt. X, mt. y, ETC., fetc. p.ex.") == "mount X, mt. y, and so on, fetc. par exemple"


def test_wrong_settings_are_one_line() -> None:
    for wrong in ({"case": "upper"}, {"form": "nfc"}, {"numbers": True}, {"words": ("x",)}):
        with pytest.raises(ConfigError):
            TextConfig(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="update deepspeech"):
        TextConfig.from_dict({"later": 1})


def test_the_library_is_needed_for_numbers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepspeech.text import numbers

    numbers._library.cache_clear()
    monkeypatch.setitem(sys.modules, "num2words", None)
    normalize = Normalizer(TextConfig(language="fr"))
    assert normalize("L’été") == "l'été"
    with pytest.raises(MissingPartError, match="pip install num2words"):
        normalize("5")
    assert Normalizer(TextConfig(language="fr", numbers=False))("5") == "5"
    numbers._library.cache_clear()
