"""Hot phrases: against their definition computed on whole texts, and what they must leave alone."""

from collections import defaultdict
from itertools import groupby, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_scorer import Ngrams, language_model, scorer

from deepspeech.decoder.beam import BeamDecoder, decode, decode_batch
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.phrases import DEFAULT_STRENGTH, HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import ConfigError
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes
from tests.fakes import exact

AB = Characters(["a", "b", " "])
UNSPACED = Characters(["a", "b", "c"])  # a script without spaces
WIDE = exact(beam_width=5000)
ALPHA, BETA = 0.8, 1.1
WORDS = ["a", "ab", "bb"]
GRAMS: Ngrams = {
    ("<unk>",): (-2.5, 0.0),
    ("<s>",): (-1.5, -0.3),
    ("</s>",): (-1.0, 0.0),
    ("a",): (-0.6, -0.2),
    ("ab",): (-0.9, -0.4),
    ("bb",): (-1.2, 0.0),
    ("<s>", "a"): (-0.4, 0.0),
    ("a", "ab"): (-0.3, 0.0),
}
UNKNOWN = max(-2.5, -np.log10(len([gram for gram in GRAMS if len(gram) == 1])))

PHRASES = st.dictionaries(
    # Some stand inside others, at either end and twice, and some overlap.
    st.lists(st.sampled_from(["a", "b", "ab", "ba", "aa", "aba"]), min_size=1, max_size=3).map(" ".join),
    st.sampled_from([0.25, 0.5, 1.0, 3.0, 5.0]),
    max_size=6,
)
SEEDS = st.integers(0, 10_000)


def probabilities(frames: int, classes: int, seed: int) -> NDArray[np.float32]:
    scores = np.exp(np.random.default_rng(seed).normal(size=(frames, classes)))
    return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def spoken(text: str, alphabet: TokenSet) -> NDArray[np.float32]:
    """Probabilities of a network that is sure of `text`."""
    array = np.full((2 * len(ids := alphabet.encode(text)), alphabet.classes), 1e-3, np.float32)
    array[1::2, alphabet.blank] = 0.9
    array[np.arange(len(ids)) * 2, ids] = 0.9
    return array


def confused(text: str, other: str, alphabet: TokenSet, share: float) -> NDArray[np.float32]:
    """Probabilities of `text`, and of `other` in its place with `share` of the probability."""
    return (1 - share) * spoken(text, alphabet) + share * spoken(other, alphabet)


def earned(text: str, phrases: dict[str, float], whole_words: bool = True) -> float:
    """The boost of a complete text: for each phrase in it its strength per character, overlaps counted once.

    A phrase that holds stronger ones earns what they leave of its own worth, or nothing, and never takes away what
    they earned: so each character of the enclosing phrase is boosted once.
    """
    ends = [e for e in range(1, len(text) + 1) if not whole_words or e == len(text) or text[e] == " "]
    starts = [s for s in range(len(text)) if not whole_words or s == 0 or text[s - 1] == " "]

    def gain(start: int, end: int) -> float:
        """Of phrases that end at `end` and do not begin before `start`; at least nothing."""
        found = [s for s in starts if start <= s < end and text[s:end] in phrases]
        worth = max(
            (phrases[text[s:end]] * (end - s) - sum(gain(s, e) for e in ends if s < e < end) for s in found),
            default=0.0,
        )
        return max(worth, 0.0)

    def first(end: int) -> int:
        """Where the longest beginning of a phrase starts that ends at `end`."""
        return min((s for s in starts if s < end and any(p.startswith(text[s:end]) for p in phrases)), default=end)

    return sum(gain(first(end), end) for end in ends)


def sums(array: NDArray[np.float32], alphabet: TokenSet) -> dict[str, float]:
    """Probability of each text, over all its alignments."""
    total: dict[str, float] = defaultdict(float)
    for path in product(range(alphabet.classes), repeat=len(array)):
        text = alphabet.decode(label for label, _ in groupby(path) if label != alphabet.blank)
        total[text] += float(np.prod(array[np.arange(len(array)), path].astype(np.float64)))
    return total


def check_order(found: list[Transcript], phrases: dict[str, float], whole_words: bool = True) -> None:
    ranks = [transcript.confidence + earned(transcript.text, phrases, whole_words) for transcript in found]
    assert all(a >= b - 1e-3 for a, b in pairwise(ranks))


@settings(max_examples=30)
@given(PHRASES, SEEDS, st.booleans())
@example({"ba": 0.25, "ba ba": 1.0, "b": 1.0}, 0, False)
@example({"ba": 0.25, "ba ba": 1.0, "b": 1.0}, 1, False)
@example({"ba": 0.25, "ba ba": 1.0, "b": 1.0}, 3, False)
@example({"a b": 1.0, "b a": 3.0, "a b a": 0.25}, 0, True)
def test_equals_its_definition(phrases: dict[str, float], seed: int, whole_words: bool) -> None:
    alphabet = AB if whole_words else UNSPACED
    phrases = phrases if whole_words else {text.replace(" ", "c"): strength for text, strength in phrases.items()}
    array = probabilities(5, alphabet.classes, seed)
    expected = sums(array, alphabet)
    found = decode(Emission(array, 0.02), alphabet, WIDE, 5000, phrases=HotPhrases(phrases))
    assert {transcript.text for transcript in found} == set(expected)
    for transcript in found:
        assert transcript.confidence == pytest.approx(np.log(expected[transcript.text]), abs=1e-3)
    check_order(found, phrases, whole_words)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    path = tmp_path_factory.mktemp("scorer") / "small.scorer"
    path.write_bytes(scorer(language_model(GRAMS, 2), [AB.encode(word + " ") for word in WORDS], ALPHA, BETA))
    return Scorer.open(path)


def in_phrase(text: str, phrases: dict[str, float]) -> bool:
    """Whether some phrase, with the space after it, begins with an ending of `text` that begins a word."""
    starts = [s for s in range(len(text)) if s == 0 or text[s - 1] == " "]
    return any(f"{phrase} ".startswith(text[s:]) for s in starts for phrase in phrases)


def allowed(text: str, phrases: dict[str, float]) -> bool:
    """Whether dictionary or phrases allow each of its characters."""

    def in_dictionary(beginning: str) -> bool:
        word = beginning[:-1].rpartition(" ")[2] + beginning[-1]
        return any(f"{known} ".startswith(word) for known in WORDS)

    beginnings = [text[:i] for i in range(1, len(text) + 1)]
    return all(in_dictionary(beginning) or in_phrase(beginning, phrases) for beginning in beginnings)


def language_score(text: str, phrases: dict[str, float]) -> float:
    """What the scorer adds: each word, the last one also unfinished; words of phrases need not be known."""
    total, before = 0.0, "<s>"
    for i, word in enumerate(text.split(" ")):
        if i == text.count(" ") and not word:
            break
        known = word if (word,) in GRAMS else "<unk>"
        until = " ".join(text.split(" ")[: i + 1])
        log10 = GRAMS.get((before, known), (GRAMS[before,][1] + GRAMS[known,][0], 0.0))[0]
        if known == "<unk>":
            log10 = max(log10, UNKNOWN) if in_phrase(f"{until} ", phrases) else -1000 * np.log10(np.e)
        total += ALPHA * log10 / np.log10(np.e) + BETA
        before = known
    return total


@settings(max_examples=30)
@given(PHRASES, SEEDS)
def test_equals_its_definition_with_a_scorer(opened: Scorer, phrases: dict[str, float], seed: int) -> None:
    array = probabilities(5, AB.classes, seed)
    expected = {text: p for text, p in sums(array, AB).items() if allowed(text, phrases)}
    found = decode(Emission(array, 0.02), AB, WIDE, 5000, opened, phrases=HotPhrases(phrases))
    assert {transcript.text for transcript in found} == set(expected)
    for transcript in found:
        score = np.log(expected[transcript.text]) + language_score(transcript.text, phrases)
        assert transcript.confidence == pytest.approx(score, abs=3e-3)
    check_order(found, phrases)


@settings(max_examples=30)
@given(SEEDS, st.booleans(), st.sampled_from([1, 3, 30, 500]))
def test_strength_zero_changes_nothing(opened: Scorer, seed: int, with_scorer: bool, width: int) -> None:
    array, options = probabilities(40, AB.classes, seed), exact(beam_width=width)
    used = opened if with_scorer else None
    silent = HotPhrases({"ba": 0.0, "b a b": 0.0})
    plain = decode(Emission(array, 0.02), AB, options, 10, used)
    assert decode(Emission(array, 0.02), AB, options, 10, used, phrases=silent) == plain
    assert decode(Emission(array, 0.02), AB, options, 10, used, phrases=HotPhrases({})) == plain


@settings(max_examples=30)
@given(SEEDS, st.floats(0.1, 8))
def test_what_is_not_finished_is_taken_back_whole(seed: int, strength: float) -> None:
    array = probabilities(6, AB.classes, seed)
    plain = decode(Emission(array, 0.02), AB, WIDE, 5000)
    longer = HotPhrases({"ab ab ab": strength, "bbbbbbb": strength, "a a a a": strength})
    assert decode(Emission(array, 0.02), AB, WIDE, 5000, phrases=longer) == plain


@settings(max_examples=30)
@given(SEEDS, st.floats(0.1, 8), st.sampled_from(["a", "ab", "b a"]))
def test_none_that_holds_it_falls_behind_one_that_does_not(seed: int, strength: float, phrase: str) -> None:
    array = probabilities(6, AB.classes, seed)
    plain = [one.text for one in decode(Emission(array, 0.02), AB, WIDE, 5000)]
    hot = [one.text for one in decode(Emission(array, 0.02), AB, WIDE, 5000, phrases=HotPhrases({phrase: strength}))]
    place = {text: position for position, text in enumerate(hot)}
    holds = [f" {phrase} " in f" {text} " for text in plain]
    worst_after = -1  # of the hot places that texts with the phrase hold, down to this one
    for text, has in zip(plain, holds, strict=True):
        if has:
            worst_after = max(worst_after, place[text])
        else:
            assert place[text] > worst_after


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 80), max_size=6), SEEDS, st.sampled_from([1, 3, 40]), PHRASES, st.booleans())
def test_chunks_of_any_size_equal_the_whole(
    opened: Scorer, cuts: list[int], seed: int, width: int, phrases: dict[str, float], with_scorer: bool
) -> None:
    array, options, hot = probabilities(80, AB.classes, seed), exact(beam_width=width), HotPhrases(phrases)
    used = opened if with_scorer else None
    decoder = BeamDecoder(AB, options, 0.02, used, phrases=hot)
    for chunk in np.split(array, sorted(cuts)):
        decoder.feed(chunk)
        decoder.candidates(3)  # looking does not change what follows
    assert decoder.candidates(4) == decode(Emission(array, 0.02), AB, options, 4, used, phrases=hot)


def best(array: NDArray[np.float32], alphabet: TokenSet = ENGLISH, **phrases: float) -> str:
    return decode(Emission(array, 0.02), alphabet, exact(100), phrases=HotPhrases(phrases))[0].text


def test_a_name_is_found() -> None:
    probabilities_TV = confused("ask katnis now", "ask kathis now", ENGLISH, 0.55)
    assert best(probabilities_TV) == "ask kathis now"
    assert best(probabilities_TV, katnis=0.5) == "ask katnis now"
    assert best(probabilities_TV, katni=0.5, kat=0.5, atnis=0.5) == "ask kathis now"  # parts of words are no words


def test_several_words_are_one_phrase() -> None:
    probabilities_TV = confused("i saw jan snow", "i saw jon slow", ENGLISH, 0.4)
    hot = HotPhrases({"jon snow": 1.0})
    assert decode(Emission(probabilities_TV, 0.02), ENGLISH, exact(100), phrases=hot)[0].text == "i saw jon snow"
    probabilities_TV = confused("i saw jan slip", "i saw jon slap", ENGLISH, 0.4)
    assert decode(Emission(probabilities_TV, 0.02), ENGLISH, exact(100), phrases=hot)[0].text == "i saw jan slip"


def test_times_and_words_are_there_as_ever() -> None:
    probabilities_TV = confused("say katnis", "say kathis", ENGLISH, 0.55)
    plain = decode(Emission(spoken("say katnis", ENGLISH), 0.02), ENGLISH, exact(100))[0]
    hot = decode(Emission(probabilities_TV, 0.02), ENGLISH, exact(100), phrases=HotPhrases({"katnis": 1.0}))[0]
    assert hot.text == plain.text
    assert [token.frame for token in hot.tokens] == [token.frame for token in plain.tokens]
    assert [word.text for word in hot.words] == ["say", "katnis"]


def test_confidence_is_that_of_the_search_without_phrases() -> None:
    probabilities_TV = confused("katnis", "kathis", ENGLISH, 0.55)
    plain = {one.text: one.confidence for one in decode(Emission(probabilities_TV, 0.02), ENGLISH, exact(300), 5)}
    hot = decode(Emission(probabilities_TV, 0.02), ENGLISH, exact(300), 5, phrases=HotPhrases({"katnis": 1.0}))
    assert hot[0].text == "katnis"
    assert hot[0].confidence == pytest.approx(plain["katnis"], abs=0.01)
    assert hot[0].confidence < hot[1].confidence == pytest.approx(plain["kathis"], abs=0.01)


def test_words_outside_the_dictionary_become_reachable(opened: Scorer) -> None:
    array = spoken("ab ba bb", AB)
    options = exact(100)
    plain = decode(Emission(array, 0.02), AB, options, 1, opened)[0]
    assert plain.text != "ab ba bb"
    for phrases in ({"ba": 1.0}, {"ab ba": 1.0}, {"ba bb": 1.0}):
        found = decode(Emission(array, 0.02), AB, options, 1, opened, phrases=HotPhrases(phrases))[0]
        assert found.text == "ab ba bb", phrases
        assert -60 < found.confidence < 0
    found = decode(Emission(array[:-6], 0.02), AB, options, 1, opened, phrases=HotPhrases({"ba": 1.0}))[0]
    assert found.text == "ab ba"  # the end of the utterance ends words too
    assert decode(Emission(array, 0.02), AB, options, 1, opened, phrases=HotPhrases({"aaa": 1.0}))[0] == plain


def test_hot_words_go_on_beside_phrases(opened: Scorer) -> None:
    array, options = probabilities(30, AB.classes, 4), exact(100)
    words = {"ab": 3.0}
    with_words = decode(Emission(array, 0.02), AB, options, 3, opened, words)
    assert decode(Emission(array, 0.02), AB, options, 3, opened, words, HotPhrases({"bbbb bbbb": 0.0})) == with_words
    both = decode(Emission(array, 0.02), AB, options, 3, opened, words, HotPhrases({"bb": 5.0}))
    assert both[0].text.split().count("bb") > with_words[0].text.split().count("bb")


def test_bytes_mode_finds_phrases_anywhere() -> None:
    alphabet = Utf8Bytes()
    probabilities_TV = confused("去日木看", "去日本看", alphabet, 0.45)
    assert best(probabilities_TV, alphabet) == "去日木看"
    assert best(probabilities_TV, alphabet, 日本=0.5) == "去日本看"


def test_bytes_mode_with_a_scorer_reaches_new_characters(tmp_path: Path) -> None:
    grams: Ngrams = {("<unk>",): (-2.0, 0.0), ("<s>",): (-1.5, 0.0), ("</s>",): (-1.0, 0.0), ("日",): (-0.4, 0.0),
                     ("<s>", "日"): (-0.3, 0.0)}  # fmt: skip
    alphabet, path = Utf8Bytes(), tmp_path / "bytes.scorer"
    path.write_bytes(scorer(language_model(grams, 2), [alphabet.encode("日")], 0.5, 0.25, bytes_mode=True))
    byte_scorer, array = Scorer.open(path), spoken("日本日", alphabet)
    assert decode(Emission(array, 0.02), alphabet, exact(100), 1, byte_scorer)[0].text != "日本日"
    hot = HotPhrases({"日本": 1.0})
    assert decode(Emission(array, 0.02), alphabet, exact(100), 1, byte_scorer, phrases=hot)[0].text == "日本日"


def test_what_was_earned_long_ago_does_not_blur_what_is_earned_now() -> None:
    long = "ab ba b " * 40 + "a"
    decoder = BeamDecoder(AB, exact(20), 0.02, phrases=HotPhrases({long: 3.0, "bb": 0.25}))
    for _ in range(40):
        decoder.feed(spoken(f"{long} ", AB))  # 40 × 963 earned, far above where float32 counts in hundredths
    decoder.feed(confused("ba ba", "ba bb", AB, 0.45))
    assert decoder.best().text == f"{long} " * 40 + "ba bb"


def test_batches_take_phrases() -> None:
    emissions = [Emission(confused("katnis", "kathis", ENGLISH, share), 0.02) for share in (0.4, 0.55, 0.9)]
    hot = HotPhrases({"katnis": 1.0})
    one_by_one = [decode(emission, ENGLISH, WIDE, phrases=hot) for emission in emissions]
    assert decode_batch(emissions, ENGLISH, WIDE, threads=2, phrases=hot) == one_by_one


def test_texts_with_strengths_are_read(tmp_path: Path) -> None:
    read = HotPhrases.parse(["jon snow", "arya:2.5", "ratio 3:2:1", "c: d"])
    assert read.strengths == {"jon snow": DEFAULT_STRENGTH, "arya": 2.5, "ratio 3:2": 1.0, "c: d": DEFAULT_STRENGTH}
    path = tmp_path / "names.txt"
    path.write_bytes("\ufeff# names\r\njon  snow\r\n\r\narya\t2\r\n".encode())
    assert HotPhrases.from_file(path) == HotPhrases({"jon snow": DEFAULT_STRENGTH, "arya": 2.0})
    assert HotPhrases.gather(["arya:3"], path).strengths["arya"] == 3.0


def test_a_phrase_is_spelled_with_the_alphabet() -> None:
    assert HotPhrases({"It’s Tuesday": 1.0, "it`s\u00a0tues\u00adday": 2.0, "it's tuesday": 0.5}).native(ENGLISH)


@pytest.mark.parametrize(
    ("phrases", "cause"),
    [
        ({" ": 1.0}, "empty"),
        ({"jon": -1.0}, "'jon': its strength is -1"),
        ({"jon": float("nan")}, "its strength is nan"),
        ({"jon": 1e9}, "its strength is"),
        ({"jön": 1.0}, r"'jön': characters outside the alphabet: 'ö'.*as transcripts are written"),
        ({"ten": 30.0}, "'ten': its strength is 30, which follows the last colon; use 0 to 8.*, ten:30:1"),
        ({"a" * 1001: 1.0}, "more than 1000 characters"),
    ],
)
def test_invalid_phrases_are_reported(phrases: dict[str, float], cause: str) -> None:
    with pytest.raises(ConfigError, match=cause):
        BeamDecoder(ENGLISH, exact(), 0.02, phrases=HotPhrases(phrases))


def test_files_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        HotPhrases.from_file(tmp_path / "missing.txt")
    (tmp_path / "latin.txt").write_bytes("José".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        HotPhrases.from_file(tmp_path / "latin.txt")
    (tmp_path / "bad.txt").write_text("jon:-3\n")
    with pytest.raises(ConfigError, match=r"bad\.txt: hot phrase 'jon'"):
        HotPhrases.from_file(tmp_path / "bad.txt")
