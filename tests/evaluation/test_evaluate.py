"""From probabilities to scores, with a network of ten lines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import ModelFileError
from deepspeech.evaluation.evaluate import Emitted, evaluate
from deepspeech.text.tokens import ENGLISH

OPTIONS = DecodeOptions(beam_width=8)


def sample(name: str, transcript: str) -> Sample:
    return Sample(f"{name}.wav", Path(f"{name}.wav"), transcript, 1)


def emission_of(text: str) -> Emission:
    """Probabilities that spell `text`: each character for two frames, then two of the blank."""
    labels = [label for character in text for label in [ENGLISH.encode(character)[0]] * 2 + [ENGLISH.blank] * 2]
    probabilities = np.full((len(labels), ENGLISH.classes), 0.001, np.float32)
    probabilities[np.arange(len(labels)), labels] = 1 - 0.001 * (ENGLISH.classes - 1)
    return Emission(probabilities, 0.02)


def emitted(samples: Sequence[Sample], texts: Sequence[str]) -> Iterator[Emitted]:
    for i, (one, text) in enumerate(zip(samples, texts, strict=True)):
        yield Emitted(one, emission_of(text), float(i))


@pytest.mark.parametrize("options", [OPTIONS, None], ids=["beam", "greedy"])
@pytest.mark.parametrize("chunk", [1, 2, 64])
def test_scores_come_in_the_order_of_the_samples(options: DecodeOptions | None, chunk: int) -> None:
    samples = [sample("a", "hello there"), sample("b", "good bye"), sample("c", "yes")]
    items = list(emitted(samples, ["hello hair", "good bye", ""]))
    scores = evaluate(reversed(items), samples, ENGLISH, options, "testing", chunk=chunk)
    assert [s.id for s in scores.samples] == ["a.wav", "b.wav", "c.wav"]
    assert [s.hypothesis for s in scores.samples] == ["hello hair", "good bye", ""]
    assert [s.reference for s in scores.samples] == ["hello there", "good bye", "yes"]
    assert [s.loss for s in scores.samples] == [0, 1, 2]
    assert [s.wer for s in scores.samples] == [0.5, 0, 1]
    assert scores.wer == 2 / 5


def test_error_rates_above_one_are_kept() -> None:
    one = [sample("a", "no")]
    assert evaluate(emitted(one, ["so many words"]), one, ENGLISH, OPTIONS, "testing").wer == 3


def test_a_recording_listed_with_two_transcripts_is_evaluated_by_both() -> None:
    first = sample("a", "one")
    samples = [first, replace(first, transcript="two")]
    scores = evaluate(emitted(samples, ["one", "one"]), samples, ENGLISH, OPTIONS, "testing")
    assert [(s.reference, s.wer) for s in scores.samples] == [("one", 0), ("two", 1)]


def test_the_same_sample_listed_twice_counts_twice() -> None:
    samples = [sample("a", "one")] * 2
    scores = evaluate(emitted(samples, ["two", "two"]), samples, ENGLISH, None, "testing")
    assert (len(scores.samples), scores.words, scores.wer) == (2, 2, 1)


def test_a_loss_that_is_not_known_stays_unknown() -> None:
    one = sample("a", "one")
    assert evaluate([Emitted(one, emission_of("one"))], [one], ENGLISH, OPTIONS, "testing").loss is None


def test_a_clip_without_frames_is_an_empty_text() -> None:
    one = sample("a", "one")
    nothing = Emission(np.zeros((0, ENGLISH.classes), np.float32), 0.02)
    for options in (OPTIONS, None):
        assert evaluate([Emitted(one, nothing)], [one], ENGLISH, options, "testing").samples[0].hypothesis == ""


def test_no_samples_no_errors() -> None:
    assert evaluate([], [], ENGLISH, OPTIONS, "testing").samples == ()


def test_emissions_are_taken_chunk_by_chunk() -> None:
    samples = [sample(str(i), "a") for i in range(6)]
    taken: list[int] = []

    def source() -> Iterator[Emitted]:
        for i, item in enumerate(emitted(samples, ["a"] * 6)):
            taken.append(i)
            if i == 4:
                raise RuntimeError("stop")
            yield item

    with pytest.raises(RuntimeError, match="stop"):
        evaluate(source(), samples, ENGLISH, OPTIONS, "testing", chunk=2)
    assert taken == [0, 1, 2, 3, 4]


def test_a_network_of_other_classes_is_refused() -> None:
    one = sample("a", "one")
    foreign = Emission(np.full((3, 5), 0.2, np.float32), 0.02)
    for options in (OPTIONS, None):
        with pytest.raises(ModelFileError, match="5 classes"):
            evaluate([Emitted(one, foreign)], [one], ENGLISH, options, "testing")
