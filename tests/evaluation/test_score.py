"""Error rates: distances, sums over a set, order of reports."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.evaluation.score import Scores, ranked, score
from deepspeech.text.distance import character_errors, word_errors


def steps(a: list[str], b: list[str]) -> int:
    """Levenshtein's distance by its definition (Wagner & Fischer 1974)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


words = st.lists(st.sampled_from(["a", "b", "ab", "é"]), max_size=6).map(" ".join)


@given(words, words)
def test_distances_are_levenshteins(reference: str, hypothesis: str) -> None:
    assert character_errors(reference, hypothesis) == (steps(list(reference), list(hypothesis)), len(reference))
    pieces = reference.split(), hypothesis.split()
    assert word_errors(reference, hypothesis) == (steps(*pieces), len(pieces[0]))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "wrong_words", "wrong_characters"),
    [
        ("one two three", "one two three", 0, 0),
        ("one two three", "one too three", 1, 1),
        ("one two three", "one three", 1, 4),
        ("one two three", "", 3, 13),
        ("one", "won two", 2, 5),
        ("ein weißer hai", "ein weisser hai", 1, 2),
        ("日本語", "日本", 1, 1),
        ("two  spaces", "two spaces", 0, 1),
    ],
)
def test_a_sample_is_scored(reference: str, hypothesis: str, wrong_words: int, wrong_characters: int) -> None:
    scored = score("a.wav", reference, hypothesis, 2.5)
    assert (scored.word_errors, scored.words) == (wrong_words, len(reference.split()))
    assert (scored.character_errors, scored.characters) == (wrong_characters, len(reference))
    assert scored.wer == pytest.approx(wrong_words / len(reference.split()))
    assert scored.cer == pytest.approx(wrong_characters / len(reference))
    assert (scored.id, scored.reference, scored.hypothesis, scored.loss) == ("a.wav", reference, hypothesis, 2.5)


def test_rates_of_a_set_are_sums_by_sums_not_means_of_rates() -> None:
    scores = Scores((score("a", "one", "two", 1.0), score("b", "one two three", "one two three", 4.0)))
    assert scores.wer == 1 / 4
    assert scores.cer == 3 / 16
    assert scores.words == 4
    assert scores.loss == 2.5


def test_rates_are_not_clipped() -> None:
    sample = score("a", "no", "a lot of words that nobody said")
    assert sample.wer == 7
    scores = Scores((sample, score("b", "yes", "yes")))
    assert scores.wer == 3.5
    assert scores.cer > 1


def test_words_where_nothing_was_said_count_as_errors() -> None:
    sample = score("a", "", "two words")
    assert (sample.wer, sample.words) == (2, 0)
    assert Scores((sample, score("b", "yes", "yes"))).wer == 2


def test_an_empty_set_has_no_errors_and_no_loss() -> None:
    scores = Scores(())
    assert (scores.wer, scores.cer, scores.words, scores.loss) == (0, 0, 0, None)


def test_loss_is_of_the_samples_that_have_one() -> None:
    assert Scores((score("a", "x", "x"), score("b", "x", "x", 3.0))).loss == 3
    assert Scores((score("a", "x", "x"),)).loss is None


def test_best_first_and_of_equals_the_higher_loss_first() -> None:
    samples = [
        score("worst", "one", "a b", 1),
        score("right, sure", "one", "one", 1),
        score("half", "one two", "one", 9),
        score("right, unsure", "one", "one", 5),
        score("right, as unsure", "two", "two", 5),
    ]
    assert [s.id for s in ranked(samples)] == ["right, unsure", "right, as unsure", "right, sure", "half", "worst"]
    assert samples[0].id == "worst"  # the given list stays as it was


def test_samples_without_a_loss_can_be_ranked() -> None:
    assert [s.id for s in ranked([score("b", "one", "two"), score("a", "one", "one")])] == ["a", "b"]


def test_plain_values_for_json() -> None:
    scores = Scores((score("a", "one two", "one too", 2.0), score("b", "é", "é", 4.0)))
    assert scores.to_dict() == {"wer": 1 / 3, "cer": 1 / 8, "utterances": 2, "words": 3, "loss": 3.0}
    rows = json.loads(json.dumps(scores.to_dict(rows=True)))["samples"]
    assert rows[0] == {
        "id": "a", "reference": "one two", "hypothesis": "one too", "word_errors": 1, "words": 2, "letter_errors": 1,
        "letters": 7, "loss": 2.0, "wer": 0.5, "cer": 1 / 7,
    }  # fmt: skip
    assert "loss" not in Scores((score("a", "x", "x"),)).to_dict()


def test_the_rate_that_counts() -> None:
    samples = (score("a", "one two", "one too"), score("b", "three", "three"))
    assert (Scores(samples).rate, Scores(samples).rate_name) == (1 / 3, "WER")
    assert (Scores(samples, by_cer=True).rate, Scores(samples, by_cer=True).rate_name) == (1 / 12, "CER")
    a, b = score("a", "一二三四五六", "一二三四五七"), score("b", "一 二", "一 三")
    assert [s.id for s in ranked([a, b])] == ["b", "a"]
    assert [s.id for s in ranked([a, b], by_cer=True)] == ["a", "b"]
