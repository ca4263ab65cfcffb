"""Estimation: against lmplz's own files, against the definition, and what must hold of any model."""

import gzip
import io
import math
import random
import sys
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kneser_ney import backing_off
from kneser_ney import estimate as defined
from models import arpa, content

from deepspeech._native import word_hashes
from deepspeech.errors import LmError
from deepspeech.lm.arpa import write_arpa
from deepspeech.lm.discounts import FALLBACK, discounts
from deepspeech.lm.estimate import EstimateOptions, estimate
from deepspeech.lm.model import LanguageModel
from deepspeech.lm.normalize import Normalization
from deepspeech.lm.store import MEGABYTE

LMPLZ = [
    ("licences.txt", "licences.o3.arpa.gz", EstimateOptions(order=3)),
    ("licences.txt", "licences.o5.prune001.arpa.gz", EstimateOptions(order=5, prune=(0, 0, 1))),
    ("an4_train.txt", "an4_train.o3.fallback.arpa", EstimateOptions(order=3, discount_fallback=FALLBACK)),
    (
        "an4_train.txt",
        "an4_train.o4.prune012.fallback.arpa",
        EstimateOptions(order=4, prune=(0, 1, 2), discount_fallback=FALLBACK),
    ),
]
WORDS = ["a", "b", "c", "dé", "日本"]
sentences_of_few_words = st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=30).filter(any)


def text_of(path: Path, sentences: list[list[str]]) -> Path:
    path.write_text("".join(" ".join(sentence) + "\n" for sentence in sentences), encoding="utf-8")
    return path


def made_up(words: int, seed: int, different: int = 200) -> list[list[str]]:
    """Sentences whose words come about as often as Zipf says."""
    draw = random.Random(seed)
    lexicon = [f"w{number}" for number in range(different)]
    weights = list(accumulate(1 / number for number in range(1, different + 1)))
    return [draw.choices(lexicon, cum_weights=weights, k=draw.randint(0, 15)) for _ in range(words // 7)]


@pytest.mark.parametrize(("text", "golden", "options"), LMPLZ, ids=[golden for _, golden, _ in LMPLZ])
def test_same_as_lmplz(shared: Path, text: str, golden: str, options: EstimateOptions) -> None:
    folder = shared / "fixtures" / "language_model"
    if not (folder / golden).is_file():
        pytest.skip(f"{golden} is not here")
    theirs = arpa(folder / golden)
    with estimate([folder / text], options) as ngrams:
        ours = content(ngrams)
    assert ours.keys() == theirs.keys()
    for gram, values in theirs.items():
        assert ours[gram] == pytest.approx(values, abs=1e-5), gram


@settings(max_examples=40)
@given(sentences_of_few_words, st.integers(2, 4), st.lists(st.integers(0, 3), max_size=2).map(sorted))
def test_follows_the_definition(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[str]], order: int, prune: list[int]
) -> None:
    text = text_of(tmp_path_factory.mktemp("lm") / "text", sentences)
    prune = [0, *prune][:order]
    with estimate([text], EstimateOptions(order, tuple(prune), discount_fallback=FALLBACK)) as ngrams:
        ours = content(ngrams)
    theirs = defined(sentences, order, prune)
    assert ours.keys() == theirs.keys()
    for gram, values in theirs.items():
        assert ours[gram] == pytest.approx(values, abs=1e-5), gram


@pytest.mark.parametrize("prune", [(), (0, 1), (1, 2), (0, 0, 1)])
@pytest.mark.parametrize("order", [2, 3, 6])
def test_probabilities_after_any_context_sum_to_one(tmp_path: Path, order: int, prune: tuple[int, ...]) -> None:
    sentences = made_up(2000, seed=order)
    prune = prune[:order]
    text = text_of(tmp_path / "text", sentences)
    with estimate([text], EstimateOptions(order, prune, discount_fallback=FALLBACK)) as ngrams:
        model = content(ngrams)
    words = [gram[0] for gram in model if len(gram) == 1 and gram != ("<s>",)]
    contexts = sorted(gram for gram in model if len(gram) < order and gram[-1] not in ("</s>", "<unk>"))
    for context in [(), *random.Random(1).sample(contexts, 40)]:
        assert math.fsum(backing_off(model, context, word) for word in words) == pytest.approx(1, abs=1e-5), context


@pytest.mark.parametrize(
    ("order", "prune", "golden"), [(3, (), "licences.o3.arpa.gz"), (5, (0, 0, 1), "licences.o5.prune001.arpa.gz")]
)
def test_a_text_not_seen_is_as_probable_as_by_lmplz(
    shared: Path, tmp_path: Path, order: int, prune: tuple[int, ...], golden: str
) -> None:
    folder = shared / "fixtures" / "language_model"
    unseen = (folder / "an4_train.txt").read_text(encoding="utf-8").lower()
    with estimate([folder / "licences.txt"], EstimateOptions(order, prune)) as ngrams:
        write_arpa(ngrams, tmp_path / "ours.arpa")
    ours, theirs = LanguageModel.open(tmp_path / "ours.arpa"), LanguageModel.open(folder / golden)
    assert ours.perplexity(unseen) == pytest.approx(theirs.perplexity(unseen), rel=1e-3)


def test_a_discount_of_nothing_is_none() -> None:
    counts = [3, 3, 6, 1]  # y = 1/3, so the second discount would be 2 - 3 · 1/3 · 6/3
    with pytest.raises(LmError, match=r"the discount of 2-grams of adjusted count 2 would be 0\.00"):
        discounts(2, counts, None)
    assert discounts(2, counts, FALLBACK) == FALLBACK


def test_a_larger_text_with_pruned_words_and_estimated_discounts(tmp_path: Path) -> None:
    sentences = made_up(20_000, seed=3, different=5000)
    text = text_of(tmp_path / "text", sentences)
    with estimate([text], EstimateOptions(3, (2, 2, 3))) as ngrams:
        ours = content(ngrams, chunk_rows=1000)
    theirs = defined(sentences, 3, (2, 2, 3))
    assert ours.keys() == theirs.keys()
    assert max(abs(ours[gram][i] - theirs[gram][i]) for gram in theirs for i in (0, 1)) < 1e-5


def test_rows_come_in_the_order_of_tries(tmp_path: Path) -> None:
    text = text_of(tmp_path / "text", made_up(5000, seed=4))
    with estimate([text], EstimateOptions(3, most_frequent=50)) as ngrams:
        words = [word for some in ngrams.words() for word in some]
        hashes = word_hashes(words)
        assert words[0] == "<unk>"
        assert (hashes[2:] > hashes[1:-1]).all()
        for n in range(1, 4):
            ids = [tuple(gram[::-1]) for piece, _, _ in ngrams.rows(n, 100) for gram in piece.tolist()]
            assert ids == sorted(set(ids))
            assert len(ids) == ngrams.counts[n - 1]


def test_a_limited_vocabulary_keeps_values(tmp_path: Path) -> None:
    sentences = [*made_up(5000, seed=5), ["<tag>", "w1"]]
    text = text_of(tmp_path / "text", sentences)
    with estimate([text], EstimateOptions(3)) as ngrams:
        whole = content(ngrams)
    with estimate([text], EstimateOptions(3, most_frequent=30)) as ngrams:
        limited = content(ngrams)
    frequent = {"<unk>", "<s>", "</s>", "<tag>", *(f"w{number}" for number in range(30))}
    assert {gram[0] for gram in limited if len(gram) == 1} <= {gram[0] for gram in whole if len(gram) == 1}
    kept = {gram[0] for gram in limited if len(gram) == 1}
    assert len(kept) == 30 + 4
    assert len(kept & frequent) > 25  # drawn by chance, so not to the word the thirty likeliest
    assert limited == {gram: values for gram, values in whole.items() if kept.issuperset(gram)}


def test_words_that_are_equally_frequent_stay_in_order_of_appearance(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("z y x z y x w\n")
    with estimate([text], EstimateOptions(2, most_frequent=2, discount_fallback=FALLBACK)) as ngrams:
        assert {word for some in ngrams.words() for word in some} == {"<unk>", "<s>", "</s>", "z", "y"}


def test_little_memory_gives_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that are thought too large for the memory lie in a file and are sorted in parts."""
    text = text_of(tmp_path / "text", made_up(50_000, seed=6, different=20_000))
    models = []
    for row_bytes in (1, 20_000):
        monkeypatch.setattr("deepspeech.lm.store.ROW_BYTES", row_bytes)
        monkeypatch.setattr("deepspeech.lm.store.SORTING_BYTES", row_bytes)
        with estimate([text], EstimateOptions(4, memory_bytes=250 * MEGABYTE, temporary=tmp_path)) as ngrams:
            models.append([[column.tolist() for column in rows] for rows in ngrams.rows(4, 1 << 30)])
            assert any(tmp_path.glob("deepspeech-lm-*/database")) == (row_bytes > 1)
        assert not any(tmp_path.glob("deepspeech-lm-*"))
    assert models[0] == models[1]


def test_files_and_standard_input_in_all_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "a b\r\n\n  b\ta a\0b"
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    with gzip.open(tmp_path / "text.gz", "wb") as file:
        file.write(lines.encode())
    sentences = [["a", "b"], [], ["b", "a", "a", "b"]]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    options = EstimateOptions(2, discount_fallback=FALLBACK)
    with estimate([tmp_path / "bom", tmp_path / "text.gz", "-"], options) as ngrams:
        ours = content(ngrams)
        assert ngrams.report[0] == "18 words, 2 different ones, in 9 sentences"
    theirs = defined(sentences * 3, 2)
    assert ours.keys() == theirs.keys()
    assert all(ours[gram] == pytest.approx(theirs[gram], abs=1e-6) for gram in theirs)


@pytest.mark.parametrize("marker", ["<s>", "</s>", "<unk>", "<UNK>"])
def test_markers_are_refused_by_line_or_count_as_space(tmp_path: Path, marker: str) -> None:
    text = tmp_path / "text"
    text.write_text(f"a b\n\na {marker} b\n")
    with pytest.raises(LmError, match=rf"text: line 3 holds '{marker}'"):
        estimate([text], EstimateOptions(2, discount_fallback=FALLBACK))
    with estimate([text], EstimateOptions(2, discount_fallback=FALLBACK, markers_are_space=True)) as ngrams:
        ours = content(ngrams)
    assert ours.keys() == defined([["a", "b"], [], ["a", "b"]], 2).keys()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "no words"),
        (b"\n \n\t\n", "no words"),
        (b"good\nbad \xff word\n", "line 2 is no UTF-8"),
        (b"a " * 40_000_000, "longer than 64 MB"),
        (b"small\n", "discount-fallback"),
    ],
    ids=["empty", "blank", "latin", "endless", "small"],
)
def test_unusable_text(tmp_path: Path, content: bytes, cause: str) -> None:
    text = tmp_path / "text"
    text.write_bytes(content)
    with pytest.raises(LmError, match=cause) as error:
        estimate([text], EstimateOptions(2, temporary=tmp_path))
    assert "\n" not in str(error.value)
    assert not any(tmp_path.glob("deepspeech-lm-*"))


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"words\n" * 1000)[:-20])
    for name, cause in [("cut.gz", "damaged"), ("absent", "No such file")]:
        with pytest.raises(LmError, match=cause):
            estimate([tmp_path / name], EstimateOptions(2))


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"order": 1}, "order is 1"),
        ({"order": 7}, "order is 7"),
        ({"most_frequent": 0}, "most_frequent is 0"),
        ({"memory_bytes": 1000}, "memory limit is too low for a text of this size; allow at least 2.. MB"),
        ({"order": 3, "prune": (0, 2, 1)}, "decreases"),
        ({"order": 3, "prune": (-1,)}, "negative"),
        ({"order": 3, "prune": (0, 0, 0, 1)}, "more thresholds"),
        ({"temporary": Path("/absent")}, "temporary folder"),
    ],
)
def test_impossible_wishes(tmp_path: Path, options: dict[str, object], cause: str) -> None:
    text = text_of(tmp_path / "text", [["a"]])
    with pytest.raises(LmError, match=cause):
        estimate([text], EstimateOptions(**options))  # type: ignore[arg-type]


def test_normalised_text_is_counted(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("Été — e\u0301te\u0301!\nÉté 3\nfin\n", encoding="utf-8")
    normalization = Normalization(nfc=True, lower_case=True, alphabet=frozenset("été nfi"))
    with estimate([text], EstimateOptions(2, discount_fallback=FALLBACK, normalization=normalization)) as ngrams:
        assert {word for some in ngrams.words() for word in some} == {"<unk>", "<s>", "</s>", "été", "fin"}
        assert ngrams.report[1].startswith("1 lines skipped")
