"""Errors that no model could avoid are told: characters outside its alphabet, references without a word."""

from pathlib import Path

from deepspeech.datasets.sample import Sample
from deepspeech.evaluation.evaluate import evaluate
from deepspeech.evaluation.references import unavoidable_errors
from deepspeech.text.tokens import ENGLISH, Utf8Bytes


def samples(*transcripts: str) -> list[Sample]:
    return [Sample(f"{n}.wav", Path(f"{n}.wav"), transcript, 0) for n, transcript in enumerate(transcripts)]


def test_characters_that_the_model_cannot_write_are_counted_and_can_be_seen() -> None:
    (line,) = unavoidable_errors(samples("It's Ten.", "Ten", "cafe\u0301\u00ad", "ten"), ENGLISH)
    assert line.startswith("3 of 4 references hold characters outside the model's alphabet")
    assert "'T' (U+0054) in 2" in line
    assert "combining acute accent (U+0301) in 1" in line
    assert "soft hyphen (U+00AD) in 1" in line
    assert line.isprintable()


def test_empty_references_are_reported() -> None:
    (line,) = unavoidable_errors(samples("ten", " "), ENGLISH)
    assert line.startswith("1 of 2 references holds no word")
    (line,) = unavoidable_errors(samples("", ""), ENGLISH)
    assert "not rates" in line
    assert evaluate([], [], ENGLISH, None, "nothing").wer == 0


def test_nothing_is_reported_where_nothing_is_wrong() -> None:
    assert list(unavoidable_errors(samples("ten", "it's"), ENGLISH)) == []
    assert list(unavoidable_errors(samples("İ é"), Utf8Bytes())) == []
