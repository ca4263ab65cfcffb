"""Word confidence: the probability, by the network alone, of the word's characters in its frames."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech._native import word_probabilities
from deepspeech.decoder.beam import BeamDecoder, decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.transcript import Transcript
from deepspeech.text.tokens import ENGLISH, Characters

AB = Characters([" ", "a", "b"])
SPACE, BLANK = 0, 3


def random_rows(frames: int, seed: int, sharp: float = 1.0) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(frames, AB.classes)) * sharp
    rows = np.exp(scores)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def by_enumeration(rows: np.ndarray, word: list[int]) -> float:
    """The sum over every path that reads as `word`, spaces around it allowed."""
    total = 0.0
    for path in product(range(AB.classes), repeat=len(rows)):
        joined = [a for n, a in enumerate(path) if (n == 0 or a != path[n - 1]) and a != BLANK]
        if [a for a in joined if a != SPACE] == word and " " not in AB.decode(joined).strip():
            total += float(np.prod([rows[t, a] for t, a in enumerate(path)], dtype=np.float64))
    return total


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6), frames=st.integers(1, 5), word=st.lists(st.sampled_from([1, 2]), min_size=1, max_size=3)
)
def test_it_is_the_sum_over_all_alignments(seed: int, frames: int, word: list[int]) -> None:
    rows = random_rows(frames, seed)
    (found,) = word_probabilities(rows, word, [min(n, frames - 1) for n in range(len(word))], SPACE, 99)
    assert found == pytest.approx(by_enumeration(rows, word), rel=1e-4, abs=1e-9)


def test_each_word_is_scored_by_its_own_frames() -> None:
    rows = np.full((12, 4), 0.01, np.float32)
    for frame, label in {1: 1, 4: SPACE, 7: 2}.items():
        rows[frame, label] = 0.97
    rows[7] = [0.0, 0.4, 0.6, 0.0]
    rows[[0, 2, 3, 5, 6, 8, 9, 10, 11], BLANK] = 0.97
    found = decode(Emission(rows, 0.02), AB, DecodeOptions())[0]
    assert found.text == "a b"
    sure, unsure = (word.confidence for word in found.words)
    assert sure is not None
    assert unsure is not None
    assert sure > 0.8
    assert unsure == pytest.approx(0.6, abs=0.1)


def test_silence_far_from_a_word_says_nothing_about_it() -> None:
    rows = np.full((400, 4), 0.02, np.float32)
    rows[:, BLANK] = 0.94
    rows[200] = [0.01, 0.97, 0.01, 0.01]
    near, far = (word_probabilities(rows, [1], [200], SPACE, margin)[0] for margin in (10, 400))
    assert near > 0.4
    assert far < 0.01


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), frames=st.integers(0, 60), sharp=st.floats(0.5, 6.0), cut=st.integers(0, 60))
def test_every_word_has_a_probability_however_it_was_fed(seed: int, frames: int, sharp: float, cut: int) -> None:
    rows = random_rows(frames, seed, sharp)
    decoder = BeamDecoder(AB, DecodeOptions(beam_width=20), 0.02)
    decoder.feed(rows[:cut])
    decoder.best()
    decoder.feed(rows[cut:])
    for found in decoder.candidates(5):
        assert len(found.words) == len(found.word_confidences)
        assert all(0 <= word.confidence <= 1 for word in found.words if word.confidence is not None)
    assert decoder.best() == decode(Emission(rows, 0.02), AB, DecodeOptions(beam_width=20))[0]


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), sharp=st.floats(0.5, 6.0))
def test_committed_words_stay(seed: int, sharp: float) -> None:
    rows = random_rows(120, seed, sharp)
    decoder, shown = BeamDecoder(AB, DecodeOptions(beam_width=8), 0.02), ""
    for start in range(0, 120, 7):
        decoder.feed(rows[start : start + 7])
        committed = decoder.committed_prefix
        assert committed.startswith(shown)
        assert all(found.text.startswith(committed) for found in decoder.candidates(8))
        shown = committed


@pytest.mark.parametrize(("labels", "frames"), [([3], [0]), ([9], [0]), ([1], [5]), ([1, 2], [3, 1]), ([1], [])])
def test_what_does_not_fit_is_refused(labels: list[int], frames: list[int]) -> None:
    with pytest.raises(ValueError, match=r"label|frame"):
        word_probabilities(random_rows(5, 1), labels, frames, SPACE, 10)


def test_a_part_of_a_transcript_keeps_its_words_confidences() -> None:
    rows = random_rows(80, 3, 5.0)
    whole = decode(Emission(rows, 0.02), AB, DecodeOptions())[0]
    spaces = [token.frame for token in whole.tokens if token.text == " "]
    part = whole.trimmed(spaces[-1])
    assert isinstance(part, Transcript)
    assert part.words == whole.words[: len(part.words)]
    assert whole.text.strip().startswith(part.text)


def test_it_tells_wrong_words_from_right_ones(shared: Path) -> None:
    """On probabilities of a real network: characters swapped into its transcript get lower confidence."""

    right, wrong = [], []
    for path in sorted((shared / "fixtures" / "decoder" / "inputs").glob("real_*.npy")):
        rows = np.load(path).astype(np.float32)
        decoder = BeamDecoder(ENGLISH, DecodeOptions(), 0.02)
        decoder.feed(rows)
        labels, frames, _ = decoder._search.best(1)[0]
        right += word_probabilities(rows, labels, frames, 0, 10)
        swapped = [label % 26 + 1 if label else 0 for label in labels]
        wrong += word_probabilities(rows, swapped, frames, 0, 10)
    assert np.median(right) > 0.3
    assert np.max(wrong) < 0.1


def by_forward_variables(rows: np.ndarray, word: np.ndarray) -> float:
    """The same over every state of the trellis, frame by frame."""
    states = np.full(2 * len(word) + 1, BLANK)
    states[1::2] = word
    skips = np.zeros(len(states), bool)
    skips[3::2] = word[1:] != word[:-1]
    forward, log_scale = np.zeros(len(states)), 0.0
    forward[0] = 1.0
    for row in rows.astype(np.float64):
        arriving = forward + np.concatenate([[0.0], forward[:-1]]) + skips * np.concatenate([[0.0, 0.0], forward[:-2]])
        forward = arriving * row[states]
        forward[[0, -1]] = arriving[[0, -1]] * (row[BLANK] + row[SPACE])
        log_scale += np.log(forward.sum())
        forward /= forward.sum()
    return float((forward[-1] + forward[-2]) * np.exp(log_scale))


def test_a_text_without_spaces_is_one_long_word() -> None:
    """So long that a full trellis of it would take minutes and the band around the alignment a moment."""
    labels = np.random.default_rng(3).integers(1, 3, 30_000)
    rows = np.full((2 * len(labels), AB.classes), 1e-7, np.float32)
    rows[::2, BLANK] = rows[np.arange(len(labels)) * 2 + 1, labels] = 0.99999
    label_frames = np.arange(len(labels)) * 2 + 1
    (found,) = word_probabilities(rows[:3000], labels[:1500].tolist(), label_frames[:1500].tolist(), SPACE, 10)
    assert found == pytest.approx(by_forward_variables(rows[:3000], labels[:1500]), rel=1e-9)
    (whole,) = word_probabilities(rows, labels.tolist(), label_frames.tolist(), SPACE, 10)
    assert whole == pytest.approx(found**20, rel=1e-3)
