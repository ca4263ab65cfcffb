"""The beam search against sums over all alignments, against itself in chunks, and on odd input."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepspeech.decoder.beam import BeamDecoder, decode, decode_batch, greedy
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ConfigError, ModelFileError
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes
from tests.fakes import exact

AB = Characters(["a", "b", " "])
OPTIONS = exact()


def probabilities(frames: int, classes: int, seed: int, sharpness: float = 3.0) -> NDArray[np.float32]:
    """Random class probabilities that look like a network's: the sharper, the surer."""
    scores = np.random.default_rng(seed).normal(size=(frames, classes)) * sharpness
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


def spoken(text: str, alphabet: TokenSet, frames_per_label: int = 4) -> NDArray[np.float32]:
    """Probabilities of a network that is sure of `text`: each label once, then blanks."""
    ids = alphabet.encode(text)
    array = np.full((len(ids) * frames_per_label, alphabet.classes), 1e-4, np.float32)
    array[:, alphabet.blank] = 0.9
    for position, label in enumerate(ids):
        array[position * frames_per_label, [label, alphabet.blank]] = 0.9, 1e-4
    return array


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sharpness", [0.5, 3.0])
def test_equals_the_sum_over_all_alignments(seed: int, sharpness: float) -> None:
    array = probabilities(5, AB.classes, seed, sharpness)
    sums: dict[str, float] = defaultdict(float)
    for path in product(range(AB.classes), repeat=len(array)):
        text = AB.decode(label for label, _ in groupby(path) if label != AB.blank)
        sums[text] += float(np.prod(array[np.arange(len(array)), path].astype(np.float64)))
    found = decode(Emission(array, 0.02), AB, exact(beam_width=2000), candidates=2000)
    assert {transcript.text for transcript in found} == set(sums)
    for transcript in found:
        assert transcript.confidence == pytest.approx(np.log(sums[transcript.text]), abs=1e-4)
    confidences = [transcript.confidence for transcript in found]
    assert confidences == sorted(confidences, reverse=True)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 60), max_size=8),
    st.integers(0, 10_000),
    st.sampled_from([1, 2, 30]),
    st.sampled_from([1.0, 0.9]),
)
def test_chunks_of_any_size_equal_the_whole(cuts: list[int], seed: int, width: int, cutoff: float) -> None:
    array = probabilities(60, ENGLISH.classes, seed)
    options = exact(beam_width=width, cutoff_prob=cutoff)
    decoder = BeamDecoder(ENGLISH, options, 0.02)
    for chunk in np.split(array, sorted(cuts)):
        decoder.feed(chunk)
        decoder.candidates(3)  # looking does not change what follows
    assert decoder.frames == len(array)
    assert decoder.candidates(5) == decode(Emission(array, 0.02), ENGLISH, options, candidates=5)


def test_text_tokens_and_words() -> None:
    transcript = decode(Emission(spoken("aab ba", AB), 0.02), AB, OPTIONS)[0]
    assert transcript.text == "aab ba"
    assert [token.frame for token in transcript.tokens] == [0, 4, 8, 12, 16, 20]
    assert [token.start_s for token in transcript.tokens] == pytest.approx([0, 0.08, 0.16, 0.24, 0.32, 0.4])
    first, second = transcript.words
    assert (first.text, first.start_s, first.end_s) == ("aab", 0.0, pytest.approx(0.24))
    assert (second.text, second.start_s, second.end_s) == ("ba", pytest.approx(0.32), pytest.approx(0.42))


def test_spaces_around_words_make_no_words() -> None:
    transcript = decode(Emission(spoken("  a  b ", AB), 0.02), AB, OPTIONS)[0]
    assert transcript.text == "  a  b "
    assert [word.text for word in transcript.words] == ["a", "b"]


def test_leading_silence_is_passed_over_but_counted() -> None:
    silence = np.tile(np.array([0.0005, 0, 0, 0.9995], np.float32), (7, 1))
    probabilities_TV = spoken("ab", AB)
    decoder = BeamDecoder(AB, OPTIONS, 0.02)
    decoder.feed(silence)
    assert decoder.candidates(10)[0].confidence == 0.0
    assert len(decoder.candidates(10)) == 1
    decoder.feed(probabilities_TV)
    late, early = decoder.best(), decode(Emission(probabilities_TV, 0.02), AB, OPTIONS)[0]
    assert late.confidence == early.confidence
    assert [token.frame for token in late.tokens] == [token.frame + 7 for token in early.tokens]


def test_a_time_moves_to_the_surer_frame() -> None:
    array = np.array([[0.3, 0, 0, 0.7], [0.9, 0, 0, 0.1], [0.0, 0, 0, 1]], np.float32)
    assert decode(Emission(array, 0.02), AB, OPTIONS)[0].tokens[0].frame == 1
    assert decode(Emission(array[[1, 0, 2]], 0.02), AB, OPTIONS)[0].tokens[0].frame == 0


def test_cutoff_keeps_the_most_probable_classes() -> None:
    array = np.array([[0.5, 0.2, 0.0, 0.3]], np.float32)

    def texts(**cutoff: float) -> set[str]:
        options = exact(**cutoff)  # type: ignore[arg-type]
        return {t.text for t in decode(Emission(array, 0.02), AB, options, candidates=9)}

    assert texts() == {"a", "", "b", " "}
    assert texts(cutoff_top_n=1) == {"a", "", "b", " "}
    assert texts(cutoff_prob=0.75) == {"a", ""}
    assert texts(cutoff_prob=0.99, cutoff_top_n=1) == {"a"}


def test_a_frame_that_fits_nothing_is_passed_over() -> None:
    array = np.array([[0.9, 0, 0, 0.1], [0, 0.9, 0, 0.1], [0.9, 0, 0, 0.1]], np.float32)
    options = exact(beam_width=1, cutoff_prob=0.5, cutoff_top_n=1)
    assert decode(Emission(array, 0.02), AB, options)[0].text == "aba"


def test_bytes_mode_joins_bytes_to_characters() -> None:
    alphabet = Utf8Bytes()
    array = spoken("aé 日b", alphabet)
    transcript = decode(Emission(array, 0.02), alphabet, OPTIONS)[0]
    assert transcript.text == "aé 日b"
    assert [token.text for token in transcript.tokens] == ["a", "é", " ", "日", "b"]
    assert [token.frame for token in transcript.tokens] == [0, 4, 12, 16, 28]
    assert [word.text for word in transcript.words] == ["aé", "日b"]
    broken = np.delete(array, slice(20, 24), axis=0)  # without the second byte of 日
    transcript = decode(Emission(broken, 0.02), alphabet, OPTIONS)[0]
    assert transcript.text == alphabet.decode(label - 1 for label in "aé ".encode() + b"\xe6\xa5b")
    assert "".join(token.text for token in transcript.tokens) == transcript.text


@pytest.mark.parametrize("frames", [0, 1])
def test_shortest_clips(frames: int) -> None:
    array = probabilities(frames, ENGLISH.classes, seed=1)
    found = decode(Emission(array, 0.02), ENGLISH, OPTIONS, candidates=100)
    assert len(found) == (ENGLISH.classes if frames else 1)
    assert len(greedy(Emission(array, 0.02), ENGLISH).text) <= frames


def test_greedy_reads_the_best_class_of_each_frame() -> None:
    path = [AB.blank, 0, 0, AB.blank, 0, 1, 1, 2, AB.blank]
    array = np.full((len(path), AB.classes), 0.1, np.float32)
    array[np.arange(len(path)), path] = 0.7
    transcript = greedy(Emission(array, 0.5), AB)
    assert transcript.text == "aab "
    assert [(token.frame, token.start_s) for token in transcript.tokens] == [
        (1, 0.5),
        (4, 2.0),
        (5, 2.5),
        (7, 3.5),
    ]
    assert transcript.confidence == pytest.approx(len(path) * np.log(0.7), abs=1e-5)


def test_batch_equals_one_by_one() -> None:
    emissions = [Emission(probabilities(20 + i, ENGLISH.classes, seed=i), 0.02) for i in range(9)]
    one_by_one = [decode(emission, ENGLISH, OPTIONS, candidates=2) for emission in emissions]
    assert decode_batch(emissions, ENGLISH, OPTIONS, candidates=2, threads=3) == one_by_one
    assert decode_batch([], ENGLISH, OPTIONS) == []


def test_threads_on_one_stream_take_turns() -> None:
    decoder, array = BeamDecoder(ENGLISH, OPTIONS, 0.02), probabilities(10, ENGLISH.classes, seed=0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: decoder.feed(array) if i % 2 else decoder.candidates(3), range(40)))
    assert decoder.frames == 200


def test_memory_of_a_long_stream_is_that_of_its_text() -> None:
    width, open_labels = 20, 1024 + 1024  # as in beam_commit.cc
    decoder = BeamDecoder(ENGLISH, exact(beam_width=width), 0.02)
    for seed in range(30):
        decoder.feed(probabilities(1024, ENGLISH.classes, seed, sharpness=4.0))
    text = decoder.best()
    assert len(text.tokens) > 10 * open_labels
    assert decoder._search.entries <= 2 * (len(text.tokens) + width * open_labels)


def test_scores_of_a_long_stream_stay_precise() -> None:
    unsure = np.tile(np.array([0.2, 0.2, 0.2, 0.4], np.float32), (1000, 1))
    decoder = BeamDecoder(AB, exact(beam_width=1), 0.02)
    for _ in range(60):
        decoder.feed(unsure)
    assert decoder.best().confidence == pytest.approx(60_000 * np.log(0.4), rel=1e-3)
    decoder.feed(spoken("ab", AB))
    assert decoder.best().text == "ab"


@pytest.mark.parametrize(
    ("array", "cause"),
    [
        (np.zeros((3, 5), np.float32), "5 classes"),
        (np.zeros(29, np.float32), "1 dimension"),
        (np.full((3, 4), np.nan, np.float32), "frame 0, class 0 is nan"),
        (np.array([[0.0, 0, 0, 1], [0, -2, 0, 1]], np.float32), "frame 1, class 1 is -2"),
        (np.array([[0.0, np.inf, 0, 1]], np.float32), "class 1 is inf"),
        ("words", "not an array"),
        ([[0.5, 0.5], [1.0]], "not an array"),
    ],
)
def test_output_that_is_no_probabilities_is_refused(array: NDArray[np.float32], cause: str) -> None:
    decoder = BeamDecoder(AB, OPTIONS, 0.02)
    with pytest.raises(ModelFileError, match=cause):
        decoder.feed(array)
    with pytest.raises(ModelFileError, match=cause):
        greedy(Emission(array, 0.02), AB)
    assert decoder.frames == 0


@pytest.mark.parametrize(
    "setting", [{"beam_width": 0}, {"cutoff_top_n": 0}, {"cutoff_prob": 0.0}, {"cutoff_prob": float("nan")}]
)
def test_impossible_options_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        exact(**setting)  # type: ignore[arg-type]


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(ConfigError, match="0 candidates"):
        BeamDecoder(AB, OPTIONS, 0.02).candidates(0)
    with pytest.raises(ConfigError, match="0 threads"):
        decode_batch([], AB, OPTIONS, threads=0)
    with pytest.raises(ConfigError, match="too wide"):
        BeamDecoder(AB, exact(beam_width=10**9), 0.02)


def rarely(text: str, alphabet: TokenSet, seed: int) -> NDArray[np.float32]:
    """`text`, of which a network is unsure."""
    doubt = probabilities(4 * len(alphabet.encode(text)), alphabet.classes, seed)
    return (0.7 * spoken(text, alphabet) + 0.3 * doubt).astype(np.float32)


@pytest.mark.parametrize("alphabet", [Characters(list("一二三四 ab")), Utf8Bytes()], ids=["characters", "bytes"])
@pytest.mark.parametrize("seed", range(5))
def test_characters_of_scripts_without_spaces_become_final(alphabet: TokenSet, seed: int) -> None:
    text = "一二三四二一ab三四一"
    rows, decoder, shown = rarely(text, alphabet, seed), BeamDecoder(alphabet, exact(beam_width=20), 0.02), ""
    for start in range(0, len(rows), 3):
        decoder.feed(rows[start : start + 3])
        decoder.commit(start - 12)
        committed = decoder.committed_prefix
        assert committed.startswith(shown)
        assert "\ufffd" not in committed
        assert not committed.endswith("a"), "words with spaces are committed whole"
        assert all(found.text.startswith(committed) for found in decoder.candidates(20))
        shown = committed
    assert len(shown) >= len(text) // 2
