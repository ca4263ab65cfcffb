"""ARPA files: what is written reads back the same; foreign files are understood or refused by line."""

import gzip
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models import arpa, content

from deepspeech.errors import LmError
from deepspeech.lm.arpa import read_arpa, write_arpa

SMALL = r"""
\data\
ngram 1=5
ngram 2=3
ngram 3=1

\1-grams:
-1.5	<unk>
0	<s>	-0.25
-0.75	</s>	0
-0.5	one	-0.125
-1.25e-1	日本	-0

\2-grams:
-0.25	<s> one	-0.5
-0.375	one 日本	-1
-2	日本 one

\3-grams:
-0.0625	<s> one 日本

\end\
"""


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "small.arpa"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_what_stands_there(tmp_path: Path) -> None:
    with read_arpa(file(tmp_path, SMALL)) as ngrams:
        assert (ngrams.order, ngrams.counts) == (3, (5, 3, 1))
        assert content(ngrams) == {
            ("<unk>",): (-1.5, 0), ("<s>",): (0, -0.25), ("</s>",): (-0.75, 0), ("one",): (-0.5, -0.125),
            ("日本",): (-0.125, 0), ("<s>", "one"): (-0.25, -0.5), ("one", "日本"): (-0.375, -1),
            ("日本", "one"): (-2, 0), ("<s>", "one", "日本"): (-0.0625, 0),
        }  # fmt: skip


@pytest.mark.parametrize("ending", ["arpa", "arpa.gz"])
def test_writes_what_it_read(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"new.{ending}"
    with read_arpa(file(tmp_path, SMALL)) as ngrams:
        write_arpa(ngrams, target)
        assert arpa(target) == content(ngrams)
    with read_arpa(target) as ngrams:
        write_arpa(ngrams, tmp_path / f"again.{ending}")
    assert target.read_bytes() == (tmp_path / f"again.{ending}").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"small.arpa", f"new.{ending}", f"again.{ending}"}


@pytest.mark.parametrize("name", ["licences.o3.arpa.gz", "an4_train.o3.fallback.arpa", "licences.o5.prune001.arpa.gz"])
def test_reads_and_writes_the_files_of_lmplz(shared: Path, tmp_path: Path, name: str) -> None:
    source = shared / "fixtures" / "language_model" / name
    if not source.is_file():
        pytest.skip(f"{name} is not here")
    with read_arpa(source) as ngrams:
        write_arpa(ngrams, tmp_path / "new.arpa")
    theirs, ours = arpa(source), arpa(tmp_path / "new.arpa")
    assert ours.keys() == theirs.keys()
    for gram, values in theirs.items():
        assert ours[gram] == pytest.approx(values, rel=1e-6), gram


def test_other_spellings_of_the_format(tmp_path: Path) -> None:
    """Spaces for tabs, Windows line ends, `<UNK>`, no end of the last line, no back-off of 0."""
    other = SMALL.replace("\t", " ").replace("<unk>", "<UNK>").replace("</s>\t0", "</s>").rstrip()
    with read_arpa(file(tmp_path, SMALL)) as one:
        expected = content(one)
    path = tmp_path / "other.arpa"
    path.write_bytes(other.replace("\n", "\r\n").encode())
    with read_arpa(path) as two:
        assert content(two) == expected


def test_a_missing_unknown_word_comes_to_it(tmp_path: Path) -> None:
    text = SMALL.replace("ngram 1=5", "ngram 1=4").replace("-1.5\t<unk>\n", "")
    with read_arpa(file(tmp_path, text)) as ngrams:
        assert ngrams.counts == (5, 3, 1)
        assert content(ngrams)[("<unk>",)] == (-100, 0)


def test_pruned_suffixes_come_back_with_what_backing_off_gives(tmp_path: Path) -> None:
    """As KenLM does for files of toolkits that drop a suffix and keep what it ends."""
    text = SMALL.replace("ngram 2=3", "ngram 2=1").replace("-0.375\tone 日本\t-1\n", "").replace("-2\t日本 one\n", "")
    text = text.replace("ngram 3=1", "ngram 3=2").replace("\n\\end\\", "-0.5\tone one 日本\n\n\\end\\")
    with read_arpa(file(tmp_path, text)) as ngrams:
        assert ngrams.counts == (5, 2, 2)
        assert content(ngrams)[("one", "日本")] == (-0.25, 0)


def test_suffixes_of_suffixes_come_back_too(tmp_path: Path) -> None:
    text = SMALL.replace("ngram 3=1", "ngram 3=1\nngram 4=1")
    text = text.replace("\n\\end\\", "\n\\4-grams:\n-0.5\tone one one one\n\n\\end\\")
    with read_arpa(file(tmp_path, text)) as ngrams:
        model = content(ngrams)
    assert model[("one", "one")] == (-0.625, 0)
    assert model[("one", "one", "one")] == (-0.625, 0)  # "one one" has no back-off


DAMAGED = {
    "no arpa at all": (lambda text: "hello\n", "line 1 should be .data"),
    "empty": (lambda text: "", "ends early"),
    "cut short": (lambda text: text[: text.index("\\3-grams")], "ends early, after line 18"),
    "wrong order of counts": (lambda text: text.replace("ngram 2=3", "ngram 3=3"), "line 4 should be 'ngram 2='"),
    "count is no number": (lambda text: text.replace("ngram 2=3", "ngram 2=3x"), "line 4 should be 'ngram 2='"),
    "one order": (lambda text: text.replace("ngram 2=3\nngram 3=1\n", ""), "header of 1 orders"),
    "probability is no number": (lambda text: text.replace("-0.25\t<s> one", "x\t<s> one"), "line 15 begins with 'x'"),
    "probability not finite": (lambda text: text.replace("-0.25\t<s> one", "-inf\t<s> one"), "line 15 begins with"),
    "probability above one": (lambda text: text.replace("-0.25\t<s> one", "0.25\t<s> one"), "line 15 .* above 0"),
    "back-off is no number": (lambda text: text.replace("one\t-0.5", "one\t?"), "line 15 ends with '.'"),
    "too many words": (lambda text: text.replace("one 日本\t-1", "one 日本 one one"), "line 16 .* has 5 parts"),
    "too few words": (lambda text: text.replace("one 日本\t-1", "one"), "line 16 .* has 2 parts"),
    "unknown word": (lambda text: text.replace("one 日本\t-1", "two 日本\t-1"), "line 16 holds 'two'"),
    "word twice": (lambda text: text.replace("日本\t-0", "one\t-0"), "line 12 holds 'one' for the second time"),
    "n-gram twice": (lambda text: text.replace("日本 one", "one 日本"), "holds an n-gram twice"),
    "too many": (lambda text: text.replace("ngram 2=3", "ngram 2=2"), "line 17 is one more 2-gram"),
    "too few": (lambda text: text.replace("ngram 2=3", "ngram 2=4"), "line 19 ends the 2-grams after 3 of the 4"),
    "back-off at the top": (lambda text: text.replace("<s> one 日本", "<s> one 日本\t-1"), "line 20 has a back-off"),
    "wrong section": (lambda text: text.replace("\\2-grams", "\\3-grams"), "line 14 should be .2-grams"),
    "no section": (lambda text: text.replace("\\2-grams:", ""), "line 15 is one more 1-gram|line 15 should"),
    "more after the end": (lambda text: text + "more\n", "line 23 comes after the end"),
    "no sentence marker": (lambda text: text.replace("</s>", "<x>"), "no '</s>'"),
    "empty section": (
        lambda text: text.replace("3=1", "3=0").replace("-0.0625\t<s> one 日本\n", ""),
        "has no 3-grams",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_reported_by_line(tmp_path: Path, damage: str) -> None:
    change, cause = DAMAGED[damage]
    path = file(tmp_path, change(SMALL))
    with pytest.raises(LmError, match=cause) as error:
        read_arpa(path, temporary=tmp_path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    assert not any(tmp_path.glob("deepspeech-lm-*"))


def test_characters_that_are_no_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.arpa"
    path.write_bytes(SMALL.replace("日本", "\xe9").encode("latin-1"))
    with pytest.raises(LmError, match="line 12 is no UTF-8"):
        read_arpa(path)


@settings(max_examples=100)
@given(st.data())
def test_no_damage_crashes(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = bytearray(SMALL.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.mktemp("arpa") / "damaged.arpa"
    path.write_bytes(whole)
    refused = f"{path}: "
    try:
        ngrams = read_arpa(path)
    except LmError as error:
        refused = str(error)
    else:
        with ngrams:
            assert all(p <= 0 and math.isfinite(backoff) for p, backoff in content(ngrams).values())
    assert refused.startswith(f"{path}: ")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with read_arpa(file(tmp_path, SMALL)) as ngrams, pytest.raises(LmError, match="cannot be written"):
        write_arpa(ngrams, tmp_path / "absent" / "new.arpa")


def test_scores_are_those_of_kenlm(shared: Path) -> None:
    """The n-grams of one of lmplz's files, backed off by hand, score sentences as KenLM itself does."""
    folder = shared / "fixtures" / "language_model"
    golden = json.loads(gzip.decompress((folder / "kenlm_scores.json.gz").read_bytes()))["licences.o3.probing.klm"]
    with read_arpa(folder / "licences.o3.arpa.gz") as ngrams:
        model = content(ngrams)

    def score(history: tuple[str, ...], word: str) -> float:
        if (*history, word) in model:
            return model[(*history, word)][0]
        return model.get(history, (0.0, 0.0))[1] + score(history[1:], word)

    for sentence in golden["sentences"][:50]:
        words = [word if (word,) in model else "<unk>" for word in sentence["text"].split()]
        history = ("<s>",)
        for word, (log10, _, _) in zip([*words, "</s>"], sentence["words"], strict=True):
            assert score(history, word) == pytest.approx(log10, abs=1e-4)
            history = (*history, word)[-2:]
