"""The card inside a model file: it comes back as it was, and damage is said."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.errors import ModelFileError
from deepspeech.features.chunks import ChunkSpec
from deepspeech.features.config import LogMelConfig, MfccConfig
from deepspeech.features.normalization import Normalization
from deepspeech.modelfile.card import FORMAT, ModelCard
from deepspeech.text.config import TextConfig
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes

CARD = ModelCard(
    tokens=ENGLISH, features=MfccConfig(end="pad"), model={"kind": "conv", "width": 512},
    chunk=ChunkSpec(32, 32, right=3, stride=4),
    beam_width=64, precision="int8", name="première", version="1.2", author="Ünal", contact="a@b", language="fr",
    license="MPL-2.0", description='two\nlines and "quotes"', made_with="deepspeech 1",
    normalization=Normalization((0.5,) * 26, (2.0,) * 26),
    text=TextConfig("fr", case="keep", numbers=False, words=("M.\tmaître",)),
)  # fmt: skip


def changed(change: dict[str, Any]) -> dict[str, str]:
    page = json.loads(CARD.to_metadata()["deepspeech"])
    return {"deepspeech": json.dumps(page | change)}


def fault(metadata: dict[str, str]) -> str:
    with pytest.raises(ModelFileError) as caught:
        ModelCard.from_metadata(metadata)
    assert "\n" not in str(caught.value)
    assert "Error" not in str(caught.value)  # a kind of exception is no word for people
    assert "__" not in str(caught.value)
    return str(caught.value)


def deepspeech(**shape: Any) -> ModelCard:
    """The same of a network that earlier versions know."""
    config = DeepSpeechConfig(hidden=512, **shape)
    return replace(CARD, model=config.described(), chunk=config.chunk, normalization=None)


CARDS = [
    CARD, deepspeech(), deepspeech(recurrent="relu"), deepspeech(stride=2, context_frames=3),
    deepspeech(recurrent="relu", bidirectional=True),
]  # fmt: skip


def test_every_field_is_set_here_so_that_the_round_trip_proves_it() -> None:
    least = ModelCard(ENGLISH, MfccConfig(), {}, ChunkSpec(1, 1))
    assert not [f.name for f in fields(CARD) if f.name != "tokens" and getattr(CARD, f.name) == getattr(least, f.name)]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "tokens",
    [
        ENGLISH,
        Utf8Bytes(),
        Characters(["ß", "日", "́", "#", '"', "\\", "😀"]),
        Characters(list("bytes")),
        Subwords(["▁", "é", "▁日"]),
        Subwords(["b", "▁a"], [-0.1, -2.5]),
        Subwords(["b", "▁a"], [-0.0, -1.0], "bpe"),
    ],
)
def test_a_card_comes_back(tokens: TokenSet, card: ModelCard) -> None:
    card = replace(card, tokens=tokens)
    again = ModelCard.from_metadata(card.to_metadata())
    assert again == card
    assert again.tokens.bytes_mode == tokens.bytes_mode


def test_cards_of_networks_that_older_versions_know_are_written_as_they_were() -> None:
    page = json.loads(deepspeech().to_metadata()["deepspeech"])
    assert list(page) == [
        "context_frames", "hidden", "lstm_layers", "beam_width", "precision", "name", "version", "author", "contact",
        "language", "licence", "description", "made_with", "alphabet", "features", "format",
    ]  # fmt: skip
    assert (page["format"], page["hidden"], "kind" in page["features"]) == (1, 512, False)
    page = json.loads(deepspeech(recurrent="relu", bidirectional=True).to_metadata()["deepspeech"])
    assert (page["format"], page["recurrent"], page["bidirectional"], page["stride"]) == (2, "relu", True, 1)
    newer_features = replace(deepspeech(), features=LogMelConfig())
    for newer in (CARD, newer_features, replace(deepspeech(), chunk=ChunkSpec(50, 32, 9, 9))):
        page = json.loads(newer.to_metadata()["deepspeech"])
        assert page["format"] == 3
        known = ("frames", "hop", "left", "right", "stride")  # to versions in which a chunk has one size
        assert page["chunk"] == {name: getattr(newer.chunk, name) for name in known}
        assert ModelCard.from_metadata(newer.to_metadata()) == newer


def test_the_license_is_in_the_file_under_the_name_that_every_version_reads() -> None:
    page = json.loads(CARD.to_metadata()["deepspeech"])
    assert (page["licence"], "license" in page) == ("MPL-2.0", False)
    assert ModelCard.from_metadata(CARD.to_metadata()).license == "MPL-2.0"
    with pytest.warns(DeprecationWarning, match="use ModelCard.license"):
        assert CARD.licence == "MPL-2.0"


def test_the_old_name_of_the_tokens_warns() -> None:
    with pytest.warns(DeprecationWarning, match=r"use ModelCard\.tokens"):
        assert CARD.alphabet is CARD.tokens


def test_sizes_of_chunks_come_back() -> None:
    card = replace(deepspeech(), chunk=ChunkSpec(50, 32, 9, 9, hops=(16, 64)))
    assert json.loads(card.to_metadata()["deepspeech"])["chunk"]["hops"] == [16, 64]
    assert ModelCard.from_metadata(card.to_metadata()) == card


text = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
character = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\x1b\x9b")


@given(text, text, st.lists(character, min_size=1, max_size=6, unique=True))
def test_any_text_comes_back(name: str, description: str, labels: list[str]) -> None:
    card = replace(CARD, name=name, description=description, tokens=Characters(labels))
    assert ModelCard.from_metadata(card.to_metadata()) == card


def test_other_entries_of_a_file_do_not_disturb() -> None:
    assert ModelCard.from_metadata({"other": "x", **CARD.to_metadata()}) == CARD


def test_metadata_is_text_for_the_file() -> None:
    metadata = CARD.to_metadata()
    assert list(metadata) == ["deepspeech", "deepspeech.text"]  # the second where text has settings, and only there
    assert list(replace(CARD, text=TextConfig()).to_metadata()) == ["deepspeech"]
    assert "première" in metadata["deepspeech"]


def test_a_foreign_model_is_reported() -> None:
    assert "carries no deepspeech card" in fault({})
    assert "carries no deepspeech card" in fault({"producer": "other"})


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", '"text"', "{}", '{"format": "x"}', '{"format": null}'])
def test_a_card_that_is_no_card_is_damaged(content: str) -> None:
    assert "card is damaged" in fault({"deepspeech": content})


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": {"kind": "characters", "labels": []}},
        {"tokens": {"kind": "characters"}},
        {"tokens": {"kind": "syllables"}},
        {"tokens": {"kind": "subwords"}},
        {"tokens": {"kind": "subwords", "pieces": 3}},
        {"tokens": {"kind": "subwords", "pieces": ["a", None]}},
        {"tokens": {"kind": "subwords", "pieces": ["a", "\x1b[31m"]}},
        {"tokens": {"kind": "subwords", "pieces": [str(n) for n in range(70_000)]}},
        {"tokens": {"kind": "subwords", "pieces": ["a"], "scores": ["high"]}},
        {"tokens": {"kind": "subwords", "pieces": ["a"], "scores": [float("nan")]}},
        {"tokens": {"kind": "subwords", "pieces": ["a"], "scores": 3}},
        {"tokens": {"kind": "subwords", "pieces": ["a"], "method": []}},
        {"features": {}, "tokens": 3},
        {"features": {"kind": "mfcc", "end": "wrap"}},
        {"features": {"kind": "mfcc", "window": 3}},
        {"features": {"kind": "mfcc", "sample_rate_hz": "fast"}},
        {"features": {"kind": "scent"}},
        {"features": None},
        {"model": {}},
        {"model": 3},
        {"chunk": {"frames": 0, "hop": 1}},
        {"chunk": {"frames": 8, "hop": 3, "stride": 2}},
        {"chunk": {"frames": 8, "hop": "all"}},
        {"chunk": {"frames": 8, "hop": 8, "right": -1}},
        {"colour": "blue"},
        {"tokens": {"kind": "characters", "labels": ["a", "\x1b[31m"]}},
        {"tokens": {"kind": "characters", "labels": ["a\0"]}},
        {"tokens": {"kind": "characters", "labels": ["a", ""]}},
        {"tokens": {"kind": "characters", "labels": ["a", 1]}},
        {"beam_width": "500"},
        {"beam_width": 10**400},
        {"beam_width": 0},
        {"chunk": {"frames": 10**12, "hop": 8}},
        {"features": {"kind": "mfcc", "mel_bands": 10**12}},
        {"features": {"kind": "mfcc", "low_hz": float("nan")}},
        {"features": {"kind": "mfcc", "window_ms": 1e300}},
        {"name": ["x"]},
        {"format": -1},
    ],
)
def test_a_damaged_part_is_damage(change: dict[str, Any]) -> None:
    assert "card is damaged" in fault(changed(change))


@pytest.mark.parametrize(
    "change",
    [
        {"alphabet": []},
        {"alphabet": None},
        {"features": {}, "alphabet": 3},
        {"features": {"end": "wrap"}},
        {"features": {"window": 3}},
        {"features": None},
        {"colour": "blue"},
        {"alphabet": ["a", "\x1b[31m"]},
        {"alphabet": ["a", ""]},
        {"alphabet": ["a", 1]},
        {"hidden": 10**9},
        {"hidden": True},
        {"lstm_layers": 2.5},
        {"context_frames": -1},
        {"context_frames": "9"},
        {"stride": 0},
        {"features": {"mel_bands": 10**12}},
        {"format": -1},
    ],
)
def test_a_damaged_part_of_an_older_card_is_damage(change: dict[str, Any]) -> None:
    page = json.loads(deepspeech(stride=2).to_metadata()["deepspeech"])
    assert "card is damaged" in fault({"deepspeech": json.dumps(page | change)})


@pytest.mark.parametrize("card", [CARD, deepspeech(), deepspeech(stride=2)])
@pytest.mark.parametrize(
    "name", ["alphabet", "features", "hidden", "context_frames", "format", "tokens", "model", "chunk"]
)
def test_a_missing_part_is_damage(card: ModelCard, name: str) -> None:
    page = json.loads(card.to_metadata()["deepspeech"])
    if name not in page:
        pytest.skip("of another format")
    del page[name]
    assert "card is damaged" in fault({"deepspeech": json.dumps(page)})


def test_a_card_of_any_depth_is_one_line() -> None:
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + "[" * 100_000 + "]" * 100_000 + "}"})
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + "[" * 500 + "]" * 500 + "}"})
    assert "card is damaged" in fault({"deepspeech": '{"format": ' + '{"a":' * 100_000})


def test_half_a_surrogate_pair_is_damage() -> None:
    page = CARD.to_metadata()["deepspeech"]
    assert "card is damaged" in fault({"deepspeech": page.replace('"fr"', '"\\ud800"')})


def test_a_newer_format_is_reported() -> None:
    assert f"newer version (format {FORMAT + 1}); update deepspeech" in fault(changed({"format": FORMAT + 1}))
