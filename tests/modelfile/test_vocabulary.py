"""Vocabulary files: SentencePiece models, lists, and files that are neither."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import ModelFileError, TextError
from deepspeech.modelfile.vocabulary import parse_list, parse_model, read_vocabulary

GOLDEN = Path(__file__).parents[1] / "golden" / "subwords"
MODEL = (GOLDEN / "unigram.model").read_bytes()


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def piece(text: str, kind: int = 1) -> bytes:
    return field(1, field(1, text.encode()) + b"\x15\0\0\x80\xbf" + bytes([3 << 3, kind]))


def test_a_model_and_its_list_agree() -> None:
    for kind in ("unigram", "bpe"):
        model, listed = (read_vocabulary(GOLDEN / f"{kind}.{suffix}") for suffix in ("model", "vocab"))
        assert model.labels == listed.labels
        assert model.scores == pytest.approx(listed.scores, abs=1e-4)


def test_only_pieces_of_text_get_a_class() -> None:
    types = {"<unk>": 2, "<s>": 3, "<laugh>": 4, "▁old": 5, "<0x41>": 6, "▁a": 1}
    assert parse_model(b"".join(piece(text, kind) for text, kind in types.items())).labels == ("<laugh>", "▁a")
    assert parse_list("<blank>\n<unk>\n▁a\n<s>\n</s>\nb\n").labels == ("▁a", "b")


def test_lists_say_how_words_are_cut() -> None:
    assert (parse_list("▁a\nb\n").scores, parse_list("▁a\nb\n").method) == ((), "unigram")
    assert parse_list("▁a\t-1.5\nb\t-2\n").method == "unigram"
    assert parse_list("<unk>\t0\n▁a\t0\nb\t-1\n").method == "bpe"


def test_lists_come_from_any_editor(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes("▁a\r\nb\r\n".encode("utf-8-sig"))
    assert read_vocabulary(tmp_path / "list.txt").labels == ("▁a", "b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no piece with a character"),
        ("▁\n".encode(), "no piece with a character"),
        (b"a\nb\t1\n", "line 2: some pieces have a score"),
        (b"a\tx\n", "line 1: 'x' is no score"),
        (b"a\tinf\n", "line 1: 'inf' is no score"),
        (b"a 1\nb 2\n", "'a 1' holds white space"),
        (b"\x1b[2J\nb\n", "is no piece"),
        (b"\xff\xfea", "neither a SentencePiece model nor a list"),
        (b"\x89PNG\xff\n", "neither a SentencePiece model nor a list"),
        (MODEL[:300], "cut off or damaged"),
        (piece("a") + field(2, bytes([3 << 3, 3])), "whole words"),
        (piece("<unk>", 2), "no piece with a character"),
        (field(1, field(1, b"\xff") + b"\x15\0\0\0\0"), "neither a SentencePiece model"),
    ],
)
def test_what_is_no_vocabulary_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(TextError, match=message) as caught:
        read_vocabulary(tmp_path / "file")
    assert str(caught.value).startswith(f"{tmp_path / 'file'}: ")
    assert "\n" not in str(caught.value)


def test_too_many_pieces_are_named_so() -> None:
    many = b"".join(piece(f"p{number}") for number in range(70_000))
    with pytest.raises(TextError, match="more than 65536 pieces, the limit"):
        parse_model(many)
    with pytest.raises(TextError, match="has 70000 pieces; it needs 1 to 65536"):
        parse_list("\n".join(f"p{number}" for number in range(70_000)))


def test_pipes_folders_and_nothing_are_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(TextError, match="cannot read the vocabulary"):
            read_vocabulary(path)


@given(st.integers(0, len(MODEL) - 1), st.binary(max_size=4), st.integers(0, 40))
def test_damage_is_one_error_or_another_vocabulary(place: int, other: bytes, cut: int) -> None:
    damaged = MODEL[:place] + other + MODEL[place + len(other) : len(MODEL) - cut]
    try:
        tokens = parse_model(damaged)
    except (ModelFileError, TextError, UnicodeDecodeError):
        return
    assert tokens.classes == len(tokens.labels) + 1
