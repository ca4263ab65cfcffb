"""The whole of align(): a network that knows tones, texts that fit its recordings more or less."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deepspeech
from deepspeech.alignment.align import AlignOptions, _joined, align
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.formats import wav_bytes
from deepspeech.errors import AudioError, ConfigError, TextError
from deepspeech.text.tokens import ENGLISH
from tests.alignment.results import made
from tests.fakes import ToneSession, silence, spoken

STEP_S = 0.2  # of a character of `spoken`


def sentences(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return [" ".join("".join(draw.choices("abcd", k=draw.randint(2, 5))) for _ in range(4)) for _ in range(count)]


def recorded(said: list[str], pause_s: float = 0.6) -> tuple[bytes, list[float]]:
    """A recording of sentences, and where each begins."""
    parts, starts, at = [silence(1.0)], [], 1.0
    for sentence in said:
        starts.append(at)
        parts += [spoken(sentence), silence(pause_s)]
        at += STEP_S * len(sentence) + pause_s
    return wav_bytes(np.concatenate(parts).astype(np.float32), 16000), starts


def written(said: list[str]) -> str:
    return " ".join(sentence.capitalize() + "." for sentence in said)


def run(sound: bytes, text: str, **options: Any) -> deepspeech.Alignment:
    return align(ToneSession(), sound, text, AlignOptions(cores=2, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("greedy", [False, True])
def test_a_text_that_fits(greedy: bool) -> None:
    said = sentences(30)
    sound, starts = recorded(said)
    found = run(sound, written(said), greedy=greedy)
    assert [sentence.text for sentence in found.sentences] == [one.capitalize() + "." for one in said]
    assert np.abs(np.array([one.start_s for one in found.sentences]) - starts).max() < 0.1
    assert all(a.end_s <= b.start_s for a, b in pairwise(found.words))  # type: ignore[operator]
    assert not found.foreign
    assert found.anchors > 100
    assert min(word.score for word in found.words if word.score is not None) > -0.5


def test_a_text_that_is_all_spoken_is_all_placed() -> None:
    said = sentences(24)
    sound, starts = recorded([*said[:6], *said[9:]])
    assert not all(word.found for word in run(sound, written(said)).words)
    found = run(sound, written(said), all_spoken=True)
    assert all(word.found for word in found.words)
    far = [*found.sentences[:4], *found.sentences[12:]]
    assert np.abs(np.array([one.start_s for one in far]) - [*starts[:4], *starts[9:]]).max() < 0.1


def test_a_text_that_cannot_all_be_spoken_is_refused() -> None:
    sound, _ = recorded(sentences(2))
    with pytest.raises(TextError, match="frames"):
        run(sound, written(sentences(400)), all_spoken=True)


def test_text_without_sound_and_sound_without_text_are_found() -> None:
    said = sentences(24)
    sound, starts = recorded([*said[:6], *said[9:]])
    found = run(sound, written([*said[:16], *said[19:]]))
    missing = [sentence.text for sentence in found.missing]
    assert missing == [one.capitalize() + "." for one in said[6:9]]
    places = [*starts[:6], *starts[6:13], *starts[16:]]
    times = [sentence.start_s for sentence in found.sentences if sentence.found]
    assert np.abs(np.array(times) - places).max() < 0.1
    foreign_s = sum(one.end_s - one.start_s for one in found.foreign)
    assert foreign_s > 0.8 * (starts[16] - starts[13] - 3 * 0.6)
    assert all(starts[13] - 0.1 < one.start_s and one.end_s < starts[16] for one in found.foreign)


def test_a_preamble_and_a_repeated_reading() -> None:
    said, preamble = sentences(12), sentences(4, seed=9)
    sound, starts = recorded([*preamble, *said[:5], said[4], *said[5:]])
    found = run(sound, written(said))
    times = [sentence.start_s or 0.0 for sentence in found.sentences]
    assert np.abs(np.array(times[:4]) - starts[4:8]).max() < 0.1
    assert np.abs(np.array(times[5:]) - starts[10:]).max() < 0.1
    assert min(abs(times[4] - starts[8]), abs(times[4] - starts[9])) < 0.1
    assert found.foreign[0].start_s < 1.2


def test_a_missing_sentence_takes_nothing_of_its_neighbors() -> None:
    """It is spelled like the next one in part, so that word by word it would be cheaper to say it there."""
    said = sentences(12)
    for missing in ("Dabb cab.", f"{said[6].split()[0].capitalize()} dcba cd."):
        sound, starts = recorded(said)
        text = [one.capitalize() + "." for one in said]
        found = run(sound, " ".join([*text[:6], missing, *text[6:]]))
        assert [one.text for one in found.missing] == [missing]
        times = [one.start_s for one in found.sentences if one.found]
        assert np.abs(np.array(times) - starts).max() < 0.1


def test_words_that_are_missing_in_the_middle_of_an_endless_sentence() -> None:
    said = sentences(40)
    sound, starts = recorded([*said[:15], *said[25:]])
    found = run(sound, " ".join(said))
    words = [one for one in found.words if one.found]
    assert len(found.sentences) == 1
    assert [word.text for word in words] == " ".join([*said[:15], *said[25:]]).split()
    assert np.abs(np.array([word.start_s for word in words[::4]]) - starts).max() < 0.1


@pytest.mark.parametrize("wrong", ["z", "dabbadac"])
def test_a_sentence_whose_first_word_is_wrong_begins_where_the_other_one_is_said(wrong: str) -> None:
    said = sentences(12)
    sound, starts = recorded(said, 0.8)
    text = [f"{wrong} {one.split(' ', 1)[1]}" if number % 3 == 1 else one for number, one in enumerate(said)]
    found = run(sound, written(text))
    assert np.abs(np.array([one.start_s for one in found.sentences]) - starts).max() < 0.1


def test_digits_are_wildcards_or_spelled() -> None:
    said = ["abba cab 77 dad bad"]
    sound, _ = recorded(["abba cab ddcc dad bad"])
    wild, given = run(sound, said[0]).words[2], None
    spelled = SpellingRule(ToneSession().card.tokens, {"77": "ddcc"})
    given = align(ToneSession(), sound, said[0], rule=spelled).words[2]  # type: ignore[arg-type]
    assert (wild.spoken, given.spoken) == ("", "ddcc")
    assert given.start_s == pytest.approx(1.0 + STEP_S * 9, abs=0.1)
    assert wild.start_s == pytest.approx(given.start_s, abs=0.1)


def test_silence_has_no_words() -> None:
    found = run(wav_bytes(silence(2.0), 16000), "Abc dab.")
    assert not any(word.found for word in found.words)
    assert found.duration_s == pytest.approx(2.0)
    assert "the recording: hardly a word of its text is heard there (0 of 2 for sure)" in found.misfit


@pytest.mark.parametrize("words", ["[a] [b] c [d]", "c " + "[a] " * 29])  # a part of the text, a part of the sound
def test_a_text_fits_if_it_has_a_part_in_common_with_the_recording(words: str) -> None:
    assert not made(words, word_s=2.0).misfit
    assert made(words, word_s=2.0, score=-1.5).misfit  # other words may be said there
    wildcard = made(words.replace("c", "7"), word_s=2.0)
    assert "(0 of" in wildcard.misfit


def test_a_text_that_the_alphabet_cannot_write_is_refused() -> None:
    with pytest.raises(TextError, match=r"^the model's alphabet can write none of the 2 words \(first: 你好\)"):
        run(wav_bytes(silence(2.0), 16000), "你好 世界")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        run(b"no sound", "abc")
    with pytest.raises(ConfigError, match="other tokens"):
        align(ToneSession(), b"", "abc", rule=SpellingRule(ENGLISH))  # type: ignore[arg-type]


def test_the_package_offers_it(hearing_model: Path, tmp_path: Path) -> None:
    from tests.fakes import tones

    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(tones("abba cad dab"), 16000))
    for model in (hearing_model, deepspeech.Recognizer.open(hearing_model)):
        found = deepspeech.align(model, path, "Abba, cad dab.")
        assert all(word.found for word in found.words), found


def test_foreign_sound_does_not_reach_over_words() -> None:
    frames = np.array([*range(20), *range(30, 50), *range(70, 90)])
    assert _joined(frames, [60], 0.02) == [(0, 50), (70, 90)]
    assert _joined(frames, [25, 60], 0.02) == [(0, 20), (30, 50), (70, 90)]
    assert _joined(np.zeros(0, np.int64), [], 0.02) == []
