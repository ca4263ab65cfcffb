"""The card inside a model file: it comes back as it was, and damage is said."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import ModelFileError
from deepspeech.features.config import FeatureConfig
from deepspeech.modelfile.card import FORMAT, ModelCard
from deepspeech.text.alphabet import ENGLISH, Alphabet, ByteAlphabet

CARD = ModelCard(
    alphabet=ENGLISH, features=FeatureConfig(end="pad"), context_frames=9, hidden=512, lstm_layers=2,
    beam_width=64, precision="int8", name="première", version="1.2", author="Ünal", contact="a@b", language="fr",
    licence="MPL-2.0", description='two\nlines and "quotes"', made_with="deepspeech 1",
    recurrent="relu", bidirectional=True, stride=2,
)  # fmt: skip


def changed(change: dict[str, Any]) -> dict[str, str]:
    page = json.loads(CARD.to_metadata()["deepspeech"])
    return {"deepspeech": json.dumps(page | change)}


def fault(metadata: dict[str, str]) -> str:
    with pytest.raises(ModelFileError) as caught:
        ModelCard.from_metadata(metadata)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_field_is_set_here_so_that_the_round_trip_proves_it() -> None:
    least = ModelCard(ENGLISH, FeatureConfig(), 0, 1, 1)
    assert not [
        f.name for f in fields(CARD) if f.name != "alphabet" and getattr(CARD, f.name) == getattr(least, f.name)
    ]


@pytest.mark.parametrize(
    "alphabet", [ENGLISH, ByteAlphabet(), Alphabet(["ß", "日", "́", "#", '"', "\\", "😀"]), Alphabet(list("bytes"))]
)
def test_a_card_comes_back(alphabet: Alphabet) -> None:
    card = replace(CARD, alphabet=alphabet)
    again = ModelCard.from_metadata(card.to_metadata())
    assert again == card
    assert again.alphabet.bytes_mode == alphabet.bytes_mode


def test_cards_of_networks_that_older_versions_know_are_written_as_they_were() -> None:
    old = replace(CARD, recurrent="lstm", bidirectional=False, stride=1)
    page = json.loads(old.to_metadata()["deepspeech"])
    assert page["format"] == 1
    assert not {"recurrent", "bidirectional", "stride"} & set(page)
    assert ModelCard.from_metadata(old.to_metadata()) == old
    for change in ({"recurrent": "relu"}, {"stride": 2}, {"bidirectional": True}):
        page = json.loads(replace(old, **change).to_metadata()["deepspeech"])  # type: ignore[arg-type]
        assert page["format"] == 2


text = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
letter = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\x1b\x9b")


@given(text, text, st.lists(letter, min_size=1, max_size=6, unique=True))
def test_any_text_comes_back(name: str, description: str, labels: list[str]) -> None:
    card = replace(CARD, name=name, description=description, alphabet=Alphabet(labels))
    assert ModelCard.from_metadata(card.to_metadata()) == card


def test_other_entries_of_a_file_do_not_disturb() -> None:
    assert ModelCard.from_metadata({"other": "x", **CARD.to_metadata()}) == CARD


def test_metadata_is_text_for_the_file() -> None:
    metadata = CARD.to_metadata()
    assert list(metadata) == ["deepspeech"]
    assert "première" in metadata["deepspeech"]


def test_a_foreign_model_is_said() -> None:
    assert "carries no deepspeech card" in fault({})
    assert "carries no deepspeech card" in fault({"producer": "other"})


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", '"text"', "{}", '{"format": "x"}', '{"format": null}'])
def test_a_card_that_is_no_card_is_damaged(content: str) -> None:
    assert "card is damaged" in fault({"deepspeech": content})


@pytest.mark.parametrize(
    "change",
    [
        {"alphabet": []},
        {"alphabet": None},
        {"features": {}, "alphabet": 3},
        {"features": {"end": "wrap"}},
        {"features": {"window": 3}},
        {"features": {"sample_rate_hz": "fast"}},
        {"features": None},
        {"colour": "blue"},
        {"alphabet": ["a", "\x1b[31m"]},
        {"alphabet": ["a\0"]},
        {"alphabet": ["a", ""]},
        {"alphabet": ["a", 1]},
        {"beam_width": "500"},
        {"beam_width": 10**400},
        {"beam_width": 0},
        {"hidden": 10**9},
        {"hidden": True},
        {"lstm_layers": 2.5},
        {"context_frames": -1},
        {"stride": 0},
        {"features": {"mel_bands": 10**12}},
        {"features": {"low_hz": float("nan")}},
        {"features": {"window_ms": 1e300}},
        {"name": ["x"]},
        {"format": -1},
    ],
)
def test_a_damaged_part_is_damage(change: dict[str, Any]) -> None:
    assert "card is damaged" in fault(changed(change))


@pytest.mark.parametrize("name", ["alphabet", "features", "hidden", "context_frames", "format"])
def test_a_missing_part_is_damage(name: str) -> None:
    page = json.loads(CARD.to_metadata()["deepspeech"])
    del page[name]
    assert "card is damaged" in fault({"deepspeech": json.dumps(page)})


def test_a_card_of_any_depth_is_one_line() -> None:
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + "[" * 100_000 + "]" * 100_000 + "}"})
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + "[" * 500 + "]" * 500 + "}"})
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + '{"a":' * 100_000})


def test_half_a_surrogate_pair_is_damage() -> None:
    page = CARD.to_metadata()["deepspeech"]
    assert "card is damaged" in fault({"deepspeech": page.replace('"fr"', '"\\ud800"')})


def test_a_newer_format_is_said() -> None:
    assert f"newer version (format {FORMAT + 1}); update deepspeech" in fault(changed({"format": FORMAT + 1}))
