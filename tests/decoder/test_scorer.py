"""Searching with a scorer: against sums over all alignments times the language model, and on damaged files."""

import random
from collections import defaultdict
from itertools import groupby, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_scorer import PROBING, REST_PROBING, Ngrams, language_model, scorer

from deepspeech.decoder.beam import BeamDecoder, decode, decode_batch
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError, ScorerError
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes
from tests.fakes import exact

AB = Characters(["a", "b", " "])
WORDS = ["a", "ab", "bb"]
GRAMS: Ngrams = {
    ("<unk>",): (-2.0, 0.0),
    ("<s>",): (-1.5, -0.3),
    ("</s>",): (-1.0, 0.0),
    ("a",): (-0.6, -0.2),
    ("ab",): (-0.9, -0.4),
    ("bb",): (-1.2, 0.0),
    ("<s>", "a"): (-0.4, 0.0),
    ("a", "ab"): (-0.3, 0.0),
    ("ab", "a"): (-0.8, 0.0),
    ("bb", "a"): (-0.2, 0.0),
}
ORDER = 2
CHARACTERS: Ngrams = {
    ("<unk>",): (-2.0, 0.0),
    ("<s>",): (-1.5, -0.3),
    ("</s>",): (-1.0, 0.0),
    ("a",): (-0.6, -0.2),
    ("é",): (-0.5, 0.0),
    ("日",): (-0.4, -0.1),
    ("a", "é"): (-0.1, 0.0),
}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def small(kind: int = PROBING) -> bytes:
    return scorer(language_model(GRAMS, ORDER, kind), [AB.encode(word + " ") for word in WORDS])


def small_bytes() -> bytes:
    entries = [Utf8Bytes().encode(unit) for unit in ("a", "é", "日")]
    return scorer(language_model(CHARACTERS, ORDER), entries, 0.5, 0.25, bytes_mode=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "small.scorer", small())


def probabilities(frames: int, classes: int, seed: int) -> NDArray[np.float32]:
    scores = np.exp(np.random.default_rng(seed).normal(size=(frames, classes)))
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def log_probability(words: list[str]) -> float:
    """Natural logarithm of the probability of the last of `words`, as the decoder counts it."""
    window = words[-ORDER:]
    if any((word,) not in GRAMS for word in window):
        return -1000.0
    context = (["<s>", *words] if len(words) < ORDER else words)[-2]
    log10 = GRAMS.get((context, words[-1]), (GRAMS[context,][1] + GRAMS[words[-1],][0], 0))[0]
    return log10 / np.log10(np.e)


def bonus(text: str, alpha: float, beta: float, hot_words: dict[str, float]) -> float:
    """What the scorer adds to `text`: every word, the last one also where it is unfinished."""
    *whole, last = text.split(" ")
    total = 0.0
    for position in range(len(whole)):
        words = whole[: position + 1]
        boosts = sum(hot_words.get(word, 0.0) for word in words[-ORDER:])
        total += alpha * (log_probability(words) + boosts) + beta
    return total + (alpha * log_probability([*whole, last]) + beta if last else 0.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hot_words", [{}, {"ab": 2.5, "bb": -1.0, "other": 9.0}])
def test_equals_the_sum_over_alignments_and_words(path: Path, seed: int, hot_words: dict[str, float]) -> None:
    array, alpha, beta = probabilities(6, AB.classes, seed), 0.8, 1.1
    sums: dict[str, float] = defaultdict(float)
    for labels in product(range(AB.classes), repeat=len(array)):
        text = AB.decode(label for label, _ in groupby(labels) if label != AB.blank)
        *whole, last = text.split(" ")
        if set(whole) <= set(WORDS) and any(word.startswith(last) for word in WORDS):
            sums[text] += float(np.prod(array[np.arange(len(array)), labels].astype(np.float64)))
    options = exact(beam_width=5000, alpha=alpha, beta=beta)
    found = decode(Emission(array, 0.02), AB, options, 5000, Scorer.open(path), hot_words)
    assert {transcript.text for transcript in found} == set(sums)
    for transcript in found:
        score = np.log(sums[transcript.text]) + bonus(transcript.text, alpha, beta, hot_words)
        assert transcript.confidence == pytest.approx(score, abs=2e-3)
    confidences = [transcript.confidence for transcript in found]
    assert confidences == sorted(confidences, reverse=True)


def test_says_what_the_file_holds(path: Path, tmp_path: Path) -> None:
    opened = Scorer.open(str(path))
    assert (opened.alpha, opened.beta, opened.order, opened.bytes_mode) == (0.75, pytest.approx(1.85), ORDER, False)
    assert Scorer.open(write(tmp_path / "bytes.scorer", small_bytes())).bytes_mode


def test_the_files_weights_count_unless_others_are_set(path: Path) -> None:
    emission, opened = Emission(probabilities(20, AB.classes, 3), 0.02), Scorer.open(path)
    own = decode(emission, AB, exact(), scorer=opened)[0].confidence
    assert own == decode(emission, AB, exact(alpha=0.75, beta=1.85), scorer=opened)[0].confidence
    assert own != decode(emission, AB, exact(alpha=0.5), scorer=opened)[0].confidence
    assert own != decode(emission, AB, exact(beta=0.5), scorer=opened)[0].confidence


def test_kinds_of_hash_tables_agree(path: Path, tmp_path: Path) -> None:
    rest = Scorer.open(write(tmp_path / "rest.scorer", small(REST_PROBING)))
    emission = Emission(probabilities(30, AB.classes, 1), 0.02)
    assert decode(emission, AB, exact(), 5, rest) == decode(emission, AB, exact(), 5, Scorer.open(path))


def test_bytes_mode_scores_characters(tmp_path: Path) -> None:
    opened, alphabet = Scorer.open(write(tmp_path / "bytes.scorer", small_bytes())), Utf8Bytes()
    ids = alphabet.encode("aé日")
    array = np.full((len(ids), alphabet.classes), 1e-3, np.float32)
    array[np.arange(len(ids)), ids] = 0.7
    found = decode(Emission(array, 0.02), alphabet, exact(beam_width=100, alpha=1, beta=0.5), 20, opened)
    assert found[0].text == "aé日"
    logs = np.array([-0.3 + -0.6, -0.1, -0.4]) * np.log(10)  # no bigram of <s>, a: backoff and unigram
    assert found[0].confidence == pytest.approx(len(ids) * np.log(0.7) + logs.sum() + 3 * 0.5, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 80), max_size=6), st.integers(0, 10_000), st.sampled_from([1, 3, 40]))
def test_chunks_of_any_size_equal_the_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], seed: int, width: int
) -> None:
    opened = Scorer.open(write(tmp_path_factory.mktemp("scorer") / "small.scorer", small()))
    array, options = probabilities(80, AB.classes, seed), exact(beam_width=width)
    decoder = BeamDecoder(AB, options, 0.02, opened, {"ab": 1.0})
    for chunk in np.split(array, sorted(cuts)):
        decoder.feed(chunk)
        decoder.candidates(3)
    assert decoder.candidates(4) == decode(Emission(array, 0.02), AB, options, 4, opened, {"ab": 1.0})


def test_threads_share_a_scorer(path: Path) -> None:
    opened = Scorer.open(path)
    emissions = [Emission(probabilities(50, AB.classes, seed), 0.02) for seed in range(8)]
    one_by_one = [decode(emission, AB, exact(), scorer=opened) for emission in emissions]
    assert decode_batch(emissions, AB, exact(), threads=4, scorer=opened) == one_by_one


def test_memory_of_a_long_stream_is_that_of_its_text(path: Path) -> None:
    width, open_labels = 20, 1024 + 1024  # as in beam_commit.cc
    decoder = BeamDecoder(AB, exact(beam_width=width), 0.02, Scorer.open(path))
    for seed in range(20):
        decoder.feed(probabilities(1024, AB.classes, seed))
    length = len(decoder.best().tokens)
    assert length > 2 * open_labels
    assert decoder._search.entries <= 2 * (length + width * open_labels) + 2 * width


def test_a_scorer_for_another_alphabet_is_refused(path: Path, tmp_path: Path) -> None:
    opened = Scorer.open(path)
    byte_scorer = Scorer.open(write(tmp_path / "bytes.scorer", small_bytes()))
    for one, alphabet, cause in [
        (opened, ENGLISH, "of 3 of its words, spelled with this alphabet, its language model knows 0"),
        (opened, Characters(["a", "b"]), "3 labels, the alphabet 2"),
        (
            opened,
            Characters(["a", "b", "c"]),
            "of 3 of its words, spelled with this alphabet, its language model knows 0",
        ),
        (opened, Characters(["A", "B", " "]), "its language model knows 0"),
        (opened, Utf8Bytes(), "for characters, the network outputs bytes"),
        (byte_scorer, AB, "for bytes, the network outputs characters"),
    ]:
        with pytest.raises(ScorerError, match=cause):
            BeamDecoder(alphabet, exact(), 0.02, one)


def test_a_scorer_fits_its_own_alphabet_and_larger_ones(path: Path) -> None:
    for alphabet in (AB, Characters([*AB.labels, "c", "é"])):
        assert Scorer.open(path, alphabet).order == ORDER
    with pytest.raises(ScorerError, match="does not fit the network's alphabet"):
        Scorer.open(path, Characters(["b", "a", " "]))


def vocabulary(folder: Path, unknown: int = 0) -> Path:
    """A scorer of 150 words, of which `unknown` tenths are not in its language model."""
    draw = random.Random(1)
    words = sorted({"".join(draw.choices("abcdefghijuvw", k=4)) for _ in range(150)})
    grams: Ngrams = {("<unk>",): (-2.0, 0.0), ("<s>",): (-1.5, -0.3), ("</s>",): (-1.0, 0.0)}
    known = {(word,): (-1.0, 0.0) for number, word in enumerate(words) if number % 10 >= unknown}
    content = language_model({**grams, **known, ("<s>", min(known)[0]): (-0.1, 0.0)}, ORDER)
    return write(folder / "vocabulary.scorer", scorer(content, [ALPHABET.encode(f"{word} ") for word in words]))


ALPHABET = Characters([" ", *"abcdefghijuvwxyz"])


def test_one_character_more_in_the_middle_is_another_alphabet(tmp_path: Path) -> None:
    path = vocabulary(tmp_path)
    Scorer.open(path, ALPHABET)
    for labels, wrong in [(" abcdefghijuüvwxyz", "'v' 'ü'"), (" abcdefghijuwvxyz", "'v' 'w'")]:
        with pytest.raises(ScorerError, match=f"language model knows [1-9].*none with {wrong}"):
            Scorer.open(path, Characters(list(labels)))


def test_a_vocabulary_larger_than_the_language_model_fits(tmp_path: Path) -> None:
    Scorer.open(vocabulary(tmp_path, unknown=4), ALPHABET)


def test_weights_that_are_no_numbers_are_refused(path: Path) -> None:
    with pytest.raises(ConfigError, match="alpha is nan"):
        exact(alpha=float("nan"))
    with pytest.raises(ConfigError, match=r"beta is 1e\+30"):
        exact(beta=1e30)
    with pytest.raises(ConfigError, match="hot word 'ab' is inf"):
        BeamDecoder(AB, exact(), 0.02, Scorer.open(path), {"ab": float("inf")})
    with pytest.raises(ConfigError, match="without a scorer"):
        BeamDecoder(AB, exact(), 0.02, hot_words={"ab": 1.0})


def changed(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


TRAILER = len(language_model(GRAMS, ORDER))
DAMAGES = {
    "is empty": b"",
    "no scorer and no KenLM binary": b"RIFF" + small(),
    "ARPA text": b"\\data\\\nngram 1=3\n",
    "build was interrupted": b"mmap lm http://kheafield.com/code incomplete\n" + bytes(100),
    "another version than 5": changed(small(), 49, b"4"),
    "another kind of machine": changed(small(), 60, b"\1"),
    "order 77": changed(small(), 88, b"\x4d"),
    "unknown kind": changed(small(), 96, b"\6"),
    "another search version": changed(small(), 104, b"\1"),
    "cut short": small()[:400],
    "plain language model": language_model(GRAMS, ORDER),
    "does not follow": changed(small(), TRAILER, b"EXIT"),
    "vocabulary strings": changed(changed(small(), TRAILER, b"<unk"), 100, b"\1"),
    "version 5, not 6": changed(small(), TRAILER + 4, b"\5"),
    "alpha and beta": changed(small(), TRAILER + 9, b"\xff" * 8),
    "damaged dictionary": changed(small(), TRAILER + 25, b"fst!"),
    "no space": scorer(language_model(GRAMS, ORDER), [[0, -2]]),
}


@pytest.mark.parametrize("cause", DAMAGES)
def test_a_damaged_file_is_refused_with_its_cause(tmp_path: Path, cause: str) -> None:
    with pytest.raises(ScorerError, match=rf"damaged\.scorer: the scorer .*{cause}"):
        Scorer.open(write(tmp_path / "damaged.scorer", DAMAGES[cause]))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for name, cause in [("missing.scorer", "No such file"), (".", "directory")]:
        with pytest.raises(ScorerError, match=f"cannot be read .*{cause}"):
            Scorer.open(tmp_path / name)


def test_every_cut_is_refused(tmp_path: Path) -> None:
    for content in (small(), small_bytes()):
        for length in [*range(1, len(content), 7), len(content) - 1]:
            with pytest.raises(ScorerError):
                Scorer.open(write(tmp_path / "cut.scorer", content[:length]))


def survives(path: Path, alphabet: TokenSet) -> None:
    """Damage that cannot be told from data may change results but must not harm."""
    try:
        opened = Scorer.open(path)
        found = decode(Emission(probabilities(12, alphabet.classes, 0), 0.02), alphabet, exact(20), 3, opened)
    except ScorerError:
        return
    assert all(np.isfinite(transcript.confidence) for transcript in found)


def test_random_damage_does_no_harm(tmp_path: Path) -> None:
    draw = random.Random(7)
    for content, alphabet in [(small(), AB), (small_bytes(), Utf8Bytes())]:
        for _ in range(150):
            damaged = bytearray(content)
            for _ in range(draw.randint(1, 6)):
                damaged[draw.randrange(len(damaged))] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
            survives(write(tmp_path / "damaged.scorer", bytes(damaged)), alphabet)


def test_random_damage_to_tries_does_no_harm(shared: Path, tmp_path: Path) -> None:
    draw = random.Random(8)
    for name in ("data/scorers/pruned_lm.scorer", "fixtures/decoder/an4.scorer"):
        content = (shared / name).read_bytes()
        for _ in range(25):
            damaged = bytearray(content)
            for _ in range(draw.choice([1, 3, 3000])):
                at = draw.randrange(draw.choice([200, len(damaged)]))
                damaged[at] = draw.choice([0, 0xFF, draw.randrange(256)])
            survives(write(tmp_path / "damaged.scorer", bytes(damaged)), ENGLISH)
