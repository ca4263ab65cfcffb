"""KenLM binaries: equal to those of KenLM's own tool, and true to the definition of back-off models."""

import errno
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech._native import NgramModel, bin_means
from deepspeech.errors import LmError
from deepspeech.lm.binary import BinaryOptions, write_binary
from deepspeech.lm.describe import TYPES
from tests.lm.small_models import WORDS, Grams, MemoryNgrams, arpa, expected, made_up

WHOLE = [
    BinaryOptions(quantize_bits=0, array_bits=0),
    BinaryOptions(quantize_bits=0, array_bits=255),
    BinaryOptions(quantize_bits=0, array_bits=2),
    BinaryOptions("probing"),
]
ROUNDED = [BinaryOptions(quantize_bits=8, array_bits=0), BinaryOptions(quantize_bits=8, array_bits=255)]
FIXTURES = {
    "probing": BinaryOptions("probing"),
    "trie": WHOLE[0],
    "triea255": WHOLE[1],
    "trieq8b8": ROUNDED[0],
    "trieq8b8a255": ROUNDED[1],
}


def write(path: Path, grams: Grams, order: int, options: BinaryOptions) -> NgramModel:
    write_binary(MemoryNgrams(grams, order), path, options)
    return NgramModel(str(path))


@pytest.mark.parametrize("name", FIXTURES)
def test_equals_the_file_of_kenlm(shared: Path, tmp_path: Path, name: str) -> None:
    folder, options = shared / "fixtures" / "language_model", FIXTURES[name]
    grams, order = arpa(folder / "licences.o3.arpa.gz")
    ngrams = MemoryNgrams(grams, order, as_listed=options.kind == "probing", chunk_rows=1000)
    write_binary(ngrams, tmp_path / name, options)
    assert (tmp_path / name).read_bytes() == (folder / f"licences.o3.{name}.klm").read_bytes()


def same_as_defined(model: NgramModel, grams: Grams, order: int, seed: int, tolerance: float) -> None:
    draw = random.Random(seed)
    vocabulary = [gram[0] for gram in grams if len(gram) == 1]
    for _ in range(40):
        words = draw.choices([*vocabulary, "unheard"], k=draw.randint(1, 8))
        words = [word for word in words if word not in ("<s>", "</s>")]
        for begin in (False, True):
            history: tuple[str, ...] = ("<s>",) if begin else ()
            for (log10, matched, unknown), word in zip(model.score(words, begin, True), [*words, "</s>"], strict=True):
                known = word if (word,) in grams else "<unk>"
                assert unknown == (known == "<unk>")
                assert (pytest.approx(log10, abs=tolerance), matched) == expected(grams, order, history, known)
                history = (*history, known)


@pytest.mark.parametrize("options", WHOLE, ids=str)
@pytest.mark.parametrize("order", range(2, 9))
def test_follows_the_definition(tmp_path: Path, order: int, options: BinaryOptions) -> None:
    grams = made_up(order, seed=order, density=0.4 if order < 6 else 0.25)
    model = write(tmp_path / "made_up.klm", grams, order, options)
    assert (model.order, model.type, model.has_strings) == (order, options.type, False)
    assert model.counts == [sum(len(gram) == n for gram in grams) for n in range(1, order + 1)]
    assert model.end == (tmp_path / "made_up.klm").stat().st_size
    same_as_defined(model, grams, order, order, 1e-5)


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(0, 10_000), st.floats(0.05, 0.9), st.integers(0, 6))
def test_every_pointer_split_finds_the_same(
    tmp_path_factory: pytest.TempPathFactory, order: int, seed: int, density: float, bits: int
) -> None:
    grams = made_up(order, seed, density if order < 5 else min(density, 0.4))
    path = tmp_path_factory.mktemp("split") / "made_up.klm"
    same_as_defined(
        write(path, grams, order, BinaryOptions(quantize_bits=0, array_bits=bits)), grams, order, seed, 1e-5
    )


@pytest.mark.parametrize("options", ROUNDED, ids=str)
@pytest.mark.parametrize("order", [2, 4])
def test_rounding_few_values_loses_nothing(tmp_path: Path, order: int, options: BinaryOptions) -> None:
    grams = made_up(order, seed=3, density=0.2)
    assert max(sum(len(gram) == n for gram in grams) for n in range(2, order + 1)) < 100
    model = write(tmp_path / "made_up.klm", grams, order, options)
    assert model.bits == (8, 8)
    same_as_defined(model, grams, order, 1, 1e-5)


def test_fewer_bits_round_more(tmp_path: Path) -> None:
    grams, errors = made_up(3, seed=5, density=0.7), []
    for bits in (2, 4, 8):
        model = write(tmp_path / "rounded.klm", grams, 3, BinaryOptions(quantize_bits=bits))
        scores = [model.score(["<unk>", *gram], False, False)[-1][0] for gram in grams if len(gram) == 3]
        exact = [weights[0] for gram, weights in grams.items() if len(gram) == 3]
        errors.append(float(np.abs(np.subtract(scores, exact)).mean()))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


@pytest.mark.parametrize("options", [*WHOLE, *ROUNDED], ids=str)
def test_pieces_of_any_size_give_the_same_file(tmp_path: Path, options: BinaryOptions) -> None:
    grams, files = made_up(4, 6), []
    for rows in (1, 2, 1000):
        write_binary(MemoryNgrams(grams, 4, chunk_rows=rows), tmp_path / "made_up.klm", options)
        files.append((tmp_path / "made_up.klm").read_bytes())
    assert files[0] == files[1] == files[2]


def test_bins_are_means_of_equal_parts() -> None:
    values = np.array([1, 2, 3, 4, 6], np.float32)
    assert bin_means(values, 2) == [1.5, pytest.approx(13 / 3)]
    assert bin_means(values, 5) == values.tolist()
    assert bin_means(values[:2], 4) == [-np.inf, 1, 1, 2]
    assert bin_means(values[:0], 3) == [-np.inf] * 3


def test_types_have_kenlms_numbers() -> None:
    names = [TYPES[options.type] for options in (*FIXTURES.values(),)]
    assert names == ["probing", "trie", "array trie", "quantised trie", "quantised array trie"]


class Broken(MemoryNgrams):
    """A model whose rows are not what they should be."""

    def __init__(self, change: str) -> None:
        super().__init__(made_up(3, seed=2), 3, chunk_rows=10_000)
        self._change = change

    def words(self):
        for chunk in super().words():
            if self._change == "words":
                yield chunk[::-1]
            elif self._change == "few words":
                yield chunk[:-1]
            elif self._change == "many words":
                yield [*chunk, *chunk]
            else:
                yield chunk

    def rows(self, n: int, chunk_rows: int = 0):
        for ids, probabilities, backoffs in super().rows(n):
            if self._change == "sorting":
                ids = ids[::-1].copy()
            elif self._change == "twice" and n > 1:
                ids[1] = ids[0]
            elif self._change == "ids":
                ids[-1, 0] = 1000
            elif self._change == "nan":
                probabilities[0] = np.nan
            elif self._change == "positive":
                probabilities[0] = 0.5
            elif self._change == "infinite":
                backoffs[0] = np.inf
            elif self._change == "few":
                ids, probabilities, backoffs = ids[1:], probabilities[1:], backoffs[1:]
            elif self._change == "many":
                ids = np.concatenate([ids, ids])
                probabilities, backoffs = np.tile(probabilities, 2), np.tile(backoffs, 2)
            yield ids, probabilities, backoffs


CAUSES = {
    "words": "do not ascend by their hashes",
    "few words": "fewer words",
    "many words": "more words",
    "sorting": "not sorted",
    "twice": "not sorted|last words",
    "ids": "words that it does not name|not sorted",
    "nan": "no logarithms",
    "positive": "no logarithms",
    "infinite": "no logarithms",
    "few": "but counts|not sorted",
    "many": "more",
}


@pytest.mark.parametrize("change", CAUSES)
def test_what_is_no_model_is_refused_and_leaves_nothing(tmp_path: Path, change: str) -> None:
    with pytest.raises(LmError, match=CAUSES[change]):
        write_binary(Broken(change), tmp_path / "broken.klm", WHOLE[0])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [WHOLE[0], WHOLE[3]], ids=str)
@pytest.mark.parametrize(("missing", "cause"), [(("one", "two"), "first words"), (("two", "three"), "last words")])
def test_contexts_and_suffixes_must_be_there(
    tmp_path: Path, options: BinaryOptions, missing: tuple[str, ...], cause: str
) -> None:
    grams = {(word,): (-1.0, -0.5) for word in ["<unk>", "<s>", "</s>", *WORDS]}
    grams |= {("one", "two"): (-1.0, -0.5), ("two", "three"): (-1.0, -0.5), ("one", "two", "three"): (-1.0, 0.0)}
    del grams[missing]
    with pytest.raises(LmError, match=f"3-grams whose {cause} are not among its 2-grams"):
        write(tmp_path / "broken.klm", grams, 3, options)


def test_an_order_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(LmError, match="order 1; orders 2 to 8"):
        write_binary(MemoryNgrams({("<unk>",): (-1.0, 0.0)}, 1), tmp_path / "one.klm", WHOLE[0])


def test_a_full_disk_is_one_line_and_leaves_what_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "my.klm").write_text("before")
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(LmError, match=r"my\.klm: cannot be written \(No space left on device\)"):
        write(tmp_path / "my.klm", made_up(3, 1), 3, WHOLE[0])
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"kind": "tree"}, "trie or probing"),
        ({"quantize_bits": 1}, "2 to 25"),
        ({"quantize_bits": 26}, "2 to 25"),
        ({"array_bits": 256}, "0 to 255"),
        ({"probing_multiplier": 0.9}, "1 to 1000"),
    ],
)
def test_options_that_cannot_be(options: dict, cause: str) -> None:
    with pytest.raises(LmError, match=cause):
        BinaryOptions(**options)
