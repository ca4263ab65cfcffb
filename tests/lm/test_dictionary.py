"""Dictionaries: they accept their words and no others, and none is smaller."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.lm.dictionary import Dictionary, build_dictionary, describe_skipped
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes
from tests.decoder.small_scorer import language_model
from tests.lm.small_models import made_up

CHARACTERS = Characters([" ", "a", "b", "é", "日"])
MODEL = language_model(made_up(2, 1), 2)


def read(dictionary_of, bytes_mode: bool = False, path: Path | None = None) -> tuple[Dictionary, _native.Scorer]:
    head = MODEL + struct.pack("<4si?dd", b"EIRT", 6, bytes_mode, 0.5, 0.5)
    dictionary = dictionary_of(len(head))
    path.write_bytes(head + dictionary.content)
    return dictionary, _native.Scorer(str(path))


def accepted(scorer: _native.Scorer) -> set[tuple[int, ...]]:
    """Every word of a dictionary without circles."""
    found, open_paths = set(), [((), scorer.start)]
    while open_paths:
        labels, state = open_paths.pop()
        for label, target in scorer.arcs(state):
            if target == scorer.start:
                found.add((*labels, label))
            else:
                open_paths.append(((*labels, label), target))
    return found


def smallest(words: set[tuple[int, ...]]) -> int:
    """States of the minimal automaton: different sets of endings that follow some beginning."""
    prefixes = {word[:length] for word in words for length in range(len(word) + 1)}
    return len({frozenset(word[len(p) :] for word in words if word[: len(p)] == p) for p in prefixes})


@given(st.sets(st.text("abé日", min_size=1, max_size=6), min_size=1, max_size=40), st.integers(0, 40))
def test_accepts_its_words_and_is_minimal(
    tmp_path_factory: pytest.TempPathFactory, words: set[str], shift: int
) -> None:
    path = tmp_path_factory.mktemp("dictionary") / "some.scorer"
    dictionary, scorer = read(lambda offset: build_dictionary(words, CHARACTERS, offset), path=path)
    entries = {tuple(CHARACTERS.encode(word + " ")) for word in words}
    assert accepted(scorer) == entries
    assert dictionary.words == scorer.words == len(words)
    assert dictionary.states == scorer.states == smallest(entries)
    assert dictionary.arcs == scorer.arc_count


def test_states_and_arcs_begin_at_multiples_of_16() -> None:
    for offset in range(17):
        content = build_dictionary(["a", "ab"], CHARACTERS, offset).content
        states_at = -(-(offset + 65) // 16) * 16 - offset
        finals = struct.iter_unpack("<fIIII", content[states_at : states_at + 4 * 20])
        assert [final for final, *_ in finals] == [float("inf")] * 3 + [0.0]
        assert (len(content) + offset) % 16 == 0


def test_units_of_bytes(tmp_path: Path) -> None:
    units = ["a", "é", "日", "本"]
    dictionary, scorer = read(
        lambda offset: build_dictionary(units, Utf8Bytes(), offset), True, tmp_path / "bytes.scorer"
    )
    assert accepted(scorer) == {tuple(byte - 1 for byte in unit.encode()) for unit in units}
    assert dictionary.states == smallest(accepted(scorer))


def test_words_that_cannot_be_spelled_are_left_out_and_counted() -> None:
    dictionary = build_dictionary(["<s>", "ab", "ax", "<unk>", "ñx", "ab", "", "</s>"], CHARACTERS, 0)
    assert (dictionary.words, dictionary.skipped) == (1, ("ax", "ñx"))
    assert (
        describe_skipped(dictionary, CHARACTERS)
        == "2 words have characters outside the alphabet ('x' (U+0078) in 2, 'ñ' (U+00F1) in 1)"
    )
    assert describe_skipped(build_dictionary(["ab"], CHARACTERS, 0), CHARACTERS) == ""


def test_no_word_at_all_is_refused() -> None:
    with pytest.raises(
        LmError, match=r"no word .*1 words have characters outside the alphabet \('x' \(U\+0078\) in 1\)"
    ):
        build_dictionary(["x"], CHARACTERS, 0)
    with pytest.raises(LmError, match="the word list is empty"):
        build_dictionary(["<s>"], CHARACTERS, 0)
    with pytest.raises(LmError, match="no space"):
        build_dictionary(["a"], Characters(["a", "b"]), 0)


def test_of_equal_labels_the_later_counts(tmp_path: Path) -> None:
    twice = Characters(["a", " ", "a"])
    _, scorer = read(lambda offset: build_dictionary(["a"], twice, offset), path=tmp_path / "some.scorer")
    assert accepted(scorer) == {(2, 1)}


def test_the_old_packagers_sizes(shared: Path) -> None:
    words = (shared / "data" / "scorers" / "vocab.pruned.txt").read_text().split()
    dictionary = build_dictionary(words, ENGLISH, 266112 + 25)
    assert (dictionary.words, dictionary.states, dictionary.arcs) == (3540, 3451, 6488)
    assert 266112 + 25 + len(dictionary.content) == (shared / "data" / "scorers" / "pruned_lm.scorer").stat().st_size


def test_a_circle_has_no_number_of_words(tmp_path: Path) -> None:
    def with_circle(offset: int) -> Dictionary:
        dictionary = build_dictionary(["aa", "ab"], CHARACTERS, offset)
        content = bytearray(dictionary.content)
        at = content.rindex(struct.pack("<iif", 2, 2, 0.0))  # the last arc of the character a: back to its own state
        content[at + 12 : at + 16] = struct.pack("<i", 1)
        return Dictionary(bytes(content), 2, 4, 4, ())

    _, scorer = read(with_circle, path=tmp_path / "circle.scorer")
    assert scorer.words == 0
