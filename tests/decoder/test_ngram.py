"""Probabilities of words: against the definition of a back-off model, and against KenLM where its outputs are here."""

import gzip
import json
import random
from pathlib import Path

import pytest
from small_scorer import PROBING, REST_PROBING, Ngrams, language_model

from deepspeech._native import NgramModel

WORDS = ["one", "two", "three", "four-and-twenty", "日本"]
FILES = ["probing.klm", "trie.klm", "triea255.klm", "trieq8b8.klm", "trieq8b8a255.klm"]
FIXTURES = [f"fixtures/language_model/licences.o3.{name}" for name in FILES] + ["data/scorers/pruned_lm.scorer"]


def made_up(order: int, seed: int) -> Ngrams:
    """A random back-off model, every part of an n-gram in it too."""
    draw = random.Random(seed)
    grams: dict[tuple[str, ...], tuple[float, float]] = {}
    for word in ["<unk>", "<s>", "</s>", *WORDS]:
        grams[(word,)] = (-draw.uniform(0.1, 3), draw.choice([0.0, -draw.uniform(0.1, 1)]))
    for n in range(2, order + 1):
        shorter = [gram for gram in grams if len(gram) == n - 1]
        for gram in shorter:
            for word in WORDS:
                longer = (*gram, word)
                if longer[1:] in grams and gram[-1] not in ("<unk>", "</s>") and draw.random() < 0.4:
                    grams[longer] = (-draw.uniform(0.1, 3), draw.choice([0.0, -draw.uniform(0.1, 1)]))
    return grams


def expected(grams: Ngrams, order: int, history: tuple[str, ...], word: str) -> tuple[float, int]:
    """log10 of the probability of `word` after `history`, and the length of the n-gram that gave it."""
    history = history[len(history) - order + 1 :] if len(history) >= order else history
    gram = (*history, word)
    if gram in grams:
        return grams[gram][0], len(gram)
    probability, matched = expected(grams, order, history[1:], word)
    return probability + grams.get(history, (0.0, 0.0))[1], matched


@pytest.mark.parametrize("kind", [PROBING, REST_PROBING])
@pytest.mark.parametrize("order", [2, 3, 5])
def test_follows_the_definition(tmp_path: Path, order: int, kind: int) -> None:
    grams = made_up(order, seed=order)
    path = tmp_path / "made_up.klm"
    path.write_bytes(language_model(grams, order, kind))
    model = NgramModel(str(path))
    assert model.order == order
    draw = random.Random(1)
    for _ in range(100):
        words = draw.choices([*WORDS, "unheard"], k=draw.randint(1, 8))
        for begin in (False, True):
            history: tuple[str, ...] = ("<s>",) if begin else ()
            for (log10, matched, unknown), word in zip(model.score(words, begin, True), [*words, "</s>"], strict=True):
                known = word if (word,) in grams else "<unk>"
                assert unknown == (known == "<unk>")
                assert (pytest.approx(log10, abs=1e-5), matched) == expected(grams, order, history, known)
                history = (*history, known)


@pytest.mark.parametrize("name", FIXTURES)
def test_same_as_kenlm(shared: Path, name: str) -> None:
    scores = (shared / "fixtures" / "language_model" / "kenlm_scores.json.gz").read_bytes()
    goldens = json.loads(gzip.decompress(scores))
    model, golden = NgramModel(str(shared / name)), goldens[Path(name).name]
    assert model.order == golden["order"]
    for sentence in golden["sentences"]:
        words = sentence["text"].split()
        for ours, theirs in zip(model.score(words, True, True), sentence["words"], strict=True):
            assert (ours[0], ours[1], ours[2]) == (pytest.approx(theirs[0], abs=1e-6), theirs[1], theirs[2])
        for (begin, end), total in zip([(1, 1), (1, 0), (0, 1), (0, 0)], sentence["total"], strict=True):
            assert sum(score[0] for score in model.score(words, bool(begin), bool(end))) == pytest.approx(
                total, abs=1e-4
            )
