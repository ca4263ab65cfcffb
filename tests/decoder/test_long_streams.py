"""A search that goes on for hours: what it gives equals what it would with every row kept, and memory stays small."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech._native import BeamSearch, word_probabilities
from deepspeech.decoder import word_confidence
from deepspeech.decoder.beam import BeamDecoder
from deepspeech.text.tokens import Characters, Utf8Bytes
from tests.fakes import exact

AB = Characters([" ", "a", "b"])
SPACE, BLANK = 0, 3


def random_rows(frames: int, seed: int, sharp: float, classes: int = AB.classes) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(frames, classes)) * sharp
    rows = np.exp(scores)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def talk(words: int, seed: int = 0, sure: float = 0.9) -> np.ndarray:
    """Rows of words of one to four characters, three frames each: the character, then blanks."""
    random = np.random.default_rng(seed)
    labels = [n for _ in range(words) for n in (*random.integers(1, 3, random.integers(1, 5)), SPACE)]
    rows = np.full((3 * len(labels), AB.classes), (1 - 0.9999) / 3, np.float32)
    rows[:, BLANK] = 0.9999
    rows[::3] = (1 - sure) / 3
    rows[np.arange(len(labels)) * 3, labels] = sure
    return rows


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    sharp=st.floats(1.0, 6.0),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    commit_after=st.sampled_from([None, 5, 40]),
    check=st.sampled_from([1, 20, 90]),
    first_frame=st.sampled_from([0, 1000]),
)
def test_letting_go_of_rows_changes_nothing(
    seed: int, sharp: float, cuts: list[int], commit_after: int | None, check: int, first_frame: int
) -> None:
    rows, options = random_rows(400, seed, sharp), exact(beam_width=8)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(word_confidence, "CHECK_FRAMES", check)
        decoder = BeamDecoder(AB, options, 0.02, first_frame=first_frame)
        plain = BeamSearch(AB.classes, 8, options.cutoff_prob, options.cutoff_top_n)
        for piece in np.split(rows, sorted(cuts)):
            decoder.feed(piece)
            plain.feed(piece)
            if commit_after is not None:
                decoder.commit(decoder.frames + first_frame - commit_after)
                labels, frames, _ = plain.best(1)[0]
                ended = [
                    n for n, label in enumerate(labels) if label == SPACE and frames[n] < plain.frames - commit_after
                ]
                plain.commit(labels[: ended[-1] + 1] if ended else [])
            fed = rows[: decoder.frames]
            for found, (labels, frames, score) in zip(decoder.candidates(8), plain.best(8), strict=True):
                assert found.confidence == score
                assert found.text == AB.decode(labels)
                assert [token.frame - first_frame for token in found.tokens] == frames
                assert list(found.word_confidences) == word_probabilities(fed, labels, frames, SPACE, 10)
            best = decoder.best()
            assert decoder.text == best.text.strip(" ")
            assert decoder.committed_prefix == AB.decode(plain.committed_prefix()).rpartition(" ")[0]
            token_frames = [token.frame for token in best.tokens if token.text != " "]
            assert decoder.token_frames() == ((token_frames[0], token_frames[-1]) if token_frames else None)
            trimmed = best.trimmed()
            spaces = [token.frame for token in trimmed.tokens if token.text == " "]
            cut_at = spaces[-1] if spaces else trimmed.tokens[0].frame if trimmed.tokens else decoder.kept_from
            np.testing.assert_array_equal(decoder.since(cut_at), fed[cut_at - first_frame :])


def test_hours_of_talk_take_the_memory_of_their_text() -> None:
    """Two hours, 360,000 frames; the rows alone would be 5.8 MB, and three times that while they grow."""
    decoder, piece = BeamDecoder(AB, exact(beam_width=2), 0.02), talk(500)
    tracemalloc.start()
    while decoder.frames < 360_000:
        decoder.feed(piece)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2_000_000  # the text, and a number for each word
    assert peak < held + 1_000_000
    best = decoder.best()
    assert len(best.words) == len(best.word_confidences) >= 30_000
    assert min(best.word_confidences) > 0.3


def test_hours_of_silence_take_none() -> None:
    decoder = BeamDecoder(AB, exact(beam_width=16), 0.02)
    quiet = np.tile(np.array([0.001, 0.001, 0.001, 0.997], np.float32), (5000, 1))
    decoder.feed(talk(3, sure=0.8))
    before = decoder.best()
    assert 0.3 < before.word_confidences[-1] < 0.99
    tracemalloc.start()
    for _ in range(30):
        decoder.feed(quiet)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1_200_000  # of 2.4 MB that were fed
    after = decoder.best()
    assert after.text.strip() == before.text.strip()
    assert after.word_confidences == pytest.approx(before.word_confidences, abs=0.05)
    assert all(0 <= sure <= 1 for found in decoder.candidates(16) for sure in found.word_confidences)


def test_a_text_without_spaces_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_confidence, "UNDECIDED_S", 30.0)
    alphabet = Utf8Bytes()
    labels = list(alphabet.encode("日本語")) * 60
    rows = np.full((2 * len(labels), alphabet.classes), 1e-6, np.float32)
    rows[::2, alphabet.blank] = rows[np.arange(len(labels)) * 2 + 1, labels] = 0.999
    decoder = BeamDecoder(alphabet, exact(beam_width=4), 0.02)
    for _ in range(6):
        decoder.feed(rows)
    assert decoder.text == "日本語" * 360
    assert len(decoder.since(decoder.kept_from)) < 2 * 1500 + 2 * len(rows)
    assert decoder.best().word_confidences == (0.0,)


def test_a_reading_of_sound_long_gone_has_no_confidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_confidence, "UNDECIDED_S", 10.0)
    monkeypatch.setattr(word_confidence, "CHECK_FRAMES", 100)
    decoder = BeamDecoder(AB, exact(beam_width=4), 0.02)
    doubt = np.full((3, 4), 0.05 / 3, np.float32)
    doubt[:, BLANK] = 0.95
    doubt[1] = [0.01, 0.6, 0.38, 0.01]
    decoder.feed(doubt)
    sure = decoder.best().word_confidences
    for _ in range(6):
        decoder.feed(np.tile(np.array([1e-9, 1e-9, 1e-9, 1.0], np.float32), (500, 1)))
    first, second = decoder.candidates(2)
    assert (first.text, second.text) == ("a", "b")
    assert first.word_confidences == pytest.approx(sure, rel=1e-3)
    assert second.word_confidences == (0.0,)
