"""Confusion counts, tables and plots."""

from pathlib import Path

import pytest

from deepspeech.errors import DataError
from deepspeech.evaluation.confusion import confusion
from deepspeech.evaluation.confusion_picture import draw
from deepspeech.evaluation.score import score

SAMPLES = [score("1", "bad bed", "bed bed"), score("2", "bad", "bed"), score("3", "ab", "a"), score("4", "a", "a x")]


def test_what_was_taken_for_what_is_counted_most_frequent_first() -> None:
    characters = confusion(SAMPLES, "character")
    assert characters.pairs == {("a", "e"): 2, ("", " "): 1, ("", "x"): 1, ("b", ""): 1}
    assert next(iter(characters.pairs)) == ("a", "e")
    assert characters.reference_counts == {"b": 4, "a": 4, "d": 3, " ": 1, "e": 1}
    assert sum(characters.pairs.values()) == sum(sample.character_errors for sample in SAMPLES)
    words = confusion(SAMPLES, "word")
    assert words.pairs == {("bad", "bed"): 2, ("", "x"): 1, ("ab", "a"): 1}


def test_the_list_for_json_says_how_often_each_was_said() -> None:
    first, second, *_ = confusion(SAMPLES, "character").to_list()
    assert first == {"said": "a", "heard": "e", "times": 2, "of": 4}
    assert second == {"said": "", "heard": " ", "times": 1, "of": None}


def test_the_table_shows_what_cannot_be_seen() -> None:
    table = confusion(SAMPLES, "character").table()
    assert table.splitlines() == [
        "Characters: 5 errors, 13 in the references",
        "times  reference  hypothesis  of the reference",
        "    2  a          e           50.0%",
        "    1  (nothing)  space",
        "    1  (nothing)  x",
        "    1  b          (nothing)   25.0%",
    ]
    assert "and 3 rarer ones" in confusion(SAMPLES, "character").table(shown=1)
    assert confusion([score("1", "a", "a")], "word").table() == "Words: 0 errors, 1 in the references"
    assert "U+200D" in confusion([score("1", "\u200d", "a")], "character").table()


@pytest.mark.parametrize("samples", [SAMPLES, [score("1", "a", "a")], [score("1", "", "$世_")]])
def test_it_is_drawn(tmp_path: Path, samples: list) -> None:
    draw(confusion(samples, "character"), tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


def test_of_many_characters_those_with_most_errors_are_drawn(tmp_path: Path) -> None:
    many = "".join(chr(0x4E00 + number) for number in range(100))
    draw(confusion([score("1", many, ""), score("2", "aaa", "")], "character"), tmp_path / "c.svg")
    text = (tmp_path / "c.svg").read_text()
    assert "103 errors; 61 rarer characters not shown" in text
    assert ">a</text>" in text


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must end in \.png or \.svg"):
        draw(confusion(SAMPLES, "character"), tmp_path / "c.gif")
