"""Clips cut from an alignment: what is planned, the sound that is cut, the data set and the page."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.alignment.clip_set import write_clips
from deepspeech.alignment.clips import FOREIGN, LONG, LOW, MISSING, SHORT, UNSPELLED, ClipRules, plan_clips
from deepspeech.alignment.cutting import cut
from deepspeech.alignment.report import Doubtful, page
from deepspeech.alignment.result import AlignedWord, Alignment, ForeignSound, build
from deepspeech.audio.formats import read_audio, wav_bytes
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import ConfigError
from tests.alignment.results import made

RULES = ClipRules()


def timed(*words: tuple[str, float, float], foreign: tuple[ForeignSound, ...] = ()) -> Alignment:
    """One sentence; a word that ends before it begins is not in the sound."""
    found = [
        AlignedWord(text, text.lower(), start_s, end_s, -0.1) if end_s > start_s else AlignedWord(text, text.lower())
        for text, start_s, end_s in words
    ]
    return Alignment("a.wav", words[-1][2] + 2.0, build([[[text for text, _, _ in words]]], found), foreign)


def test_sentences_become_clips_with_half_of_the_silence_between() -> None:
    clips = plan_clips(made("One two three.\nFour five six.", pause_s=0.4), RULES)
    assert [clip.text for clip in clips] == ["one two three", "four five six"]
    assert [clip.before_s for clip in clips] == pytest.approx([0.1, 0.2])  # "um" is heard until 0.8
    assert [clip.after_s for clip in clips] == pytest.approx([0.2, 0.3])


def test_a_sentence_too_short_alone_is_joined_to_the_next() -> None:
    assert [clip.text for clip in plan_clips(made("No.\nNot now my friend."), RULES)] == ["no not now my friend"]
    assert [clip.reason for clip in plan_clips(made("No.\nNot now my friend.", pause_s=4), RULES)] == [SHORT, ""]


def test_long_sentences_are_cut_at_pauses() -> None:
    words = [(f"w{n}", n * 1.0, n * 1.0 + (0.5 if n % 4 == 3 else 1.0)) for n in range(40)]
    clips = plan_clips(timed(*words), RULES)
    assert len(clips) == 4
    assert all(not clip.reason and clip.end_s - clip.start_s <= 15 for clip in clips)


def test_why_clips_are_left_out() -> None:
    assert plan_clips(timed(*((f"w{n}", n * 1.0, n + 1.0) for n in range(20))), RULES)[0].reason == LONG
    assert plan_clips(made("One two three.", score=-0.9), RULES)[0].reason == f"{LOW} (-0.90)"
    foreign = timed(("One", 1.0, 2.0), ("two", 2.5, 3.5), foreign=(ForeignSound(2.05, 2.45),))
    assert [clip.reason for clip in plan_clips(foreign, RULES)] == [FOREIGN, FOREIGN]
    missing = timed(("One", 1.0, 2.0), ("two", 2.0, 2.0), ("three", 2.1, 3.5))
    assert [clip.reason for clip in plan_clips(missing, RULES)] == [MISSING]
    apart = timed(("One", 1.0, 2.0), ("two", 2.0, 2.0), ("three", 2.5, 3.5))
    assert [(clip.text, clip.reason) for clip in plan_clips(apart, RULES)] == [("one three", "")]
    spelled = made("One two three.")
    wild = [replace(word, spoken="") if word.text == "two" else word for word in spelled.words]
    unspelled = replace(spelled, paragraphs=build([[["One", "two", "three."]]], wild))
    assert plan_clips(unspelled, RULES)[0].reason == UNSPELLED


def test_the_least_score_of_words_follows_that_of_clips() -> None:
    fine = made("One two three four five six seven eight nine ten.", score=0.0)
    words = [replace(word, score=-3.2) if word.text == "two" else word for word in fine.words]
    doubted = replace(fine, paragraphs=build([[[word.text for word in words]]], words))
    assert plan_clips(doubted, RULES)[0].reason == f"{LOW} of 'two' (-3.20)"
    assert not plan_clips(doubted, replace(RULES, least_score=-1.0))[0].reason


@given(st.lists(st.tuples(st.floats(0.05, 3), st.floats(0, 2), st.booleans()), min_size=1, max_size=40))
def test_clips_hold_every_word_once_in_order_and_do_not_overlap(words: list[tuple[float, float, bool]]) -> None:
    at, found = 0.5, []
    for number, (length_s, pause_s, there) in enumerate(words):
        found.append((f"w{number}", at, at + length_s if there else at))
        at += there * (length_s + pause_s)
    alignment = timed(*found)
    clips = plan_clips(alignment, RULES)
    assert [word for clip in clips for word in clip.words] == [word for word in alignment.words if word.found]
    assert all(a.end_s + a.after_s <= b.start_s - b.before_s + 1e-9 for a, b in pairwise(clips))
    assert all(clip.end_s - clip.start_s <= RULES.max_s for clip in clips if not clip.reason)


def test_sound_is_cut_at_the_quietest_place() -> None:
    rate_hz = 1000
    sound = np.full(8000, 0.1, np.float32)
    sound[900:920], sound[3400:3420] = 0.0, 0.0
    clips = plan_clips(timed(("One", 1.0, 2.0), ("two.", 2.1, 3.3)), RULES)
    [(_, samples)] = cut(wav_bytes(sound, rate_hz), clips, rate_hz, None)
    assert len(samples) == 3420 - 900


def test_a_data_set_is_written(tmp_path: Path) -> None:
    alignment = made("One two three.\nFour five six.\n\nSeven eight nine.", score=-0.1)
    words = [replace(word, score=-2.0) if word.text == "five" else word for word in alignment.words]
    alignment = replace(alignment, paragraphs=build([[list("abc"), list("def")], [list("ghi")]], words))
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 9).astype(np.float32)
    write_clips(alignment, wav_bytes(sound, 16000), tmp_path, "book", 16000, speaker="ann")
    kept, doubtful = (read_samples(tmp_path / name) for name in ("clips.csv", "doubtful.csv"))
    assert [sample.transcript for sample in kept] == ["one two three", "seven eight nine"]
    assert [(sample.transcript, sample.speaker) for sample in doubtful] == [("four five six", "ann")]
    samples, rate_hz = read_audio(Path(kept[0].audio))
    assert rate_hz == 16000
    assert 1.2 <= len(samples) / rate_hz <= 1.8
    text = (tmp_path / "report.html").read_text()
    assert f"doubtful/{Path(doubtful[0].audio).name}" in text
    assert "2 of 3 clips kept" in text


def test_another_run_into_the_same_folder_leaves_the_sounds_of_the_first_list(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 9).astype(np.float32)
    alignment = made("One two three.\n\nFour five six.", score=-0.1)
    write_clips(alignment, wav_bytes(sound, 16000), tmp_path, "book", 16000)
    heard = {sample.transcript: Path(sample.audio) for sample in read_samples(tmp_path / "clips.csv")}
    before = heard["one two three"].read_bytes()
    write_clips(
        replace(alignment, paragraphs=alignment.paragraphs[1:]), wav_bytes(sound, 16000), tmp_path, "book", 16000
    )
    assert [sample.transcript for sample in read_samples(tmp_path / "clips.csv")] == ["four five six"]
    assert heard["one two three"].read_bytes() == before


def test_the_page_needs_no_other_host_and_escapes_what_it_shows() -> None:
    alignment = made("<script>alert(1)</script> @ROWS@ a.", score=-2.0)
    clips = plan_clips(alignment, RULES)
    text = page(alignment, clips, [Doubtful(clips[0], "d/</script>.wav", 4, b"RIFF", "audio/wav")], "a <b>")
    assert text.count("<script>") == 1
    assert "</script>.wav" not in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(http|//)", text)
    assert "default-src 'none'" in text


def test_a_page_that_cannot_show_all_says_so() -> None:
    alignment = made("One two three.\nFour five six.", score=-2.0)
    clips = plan_clips(alignment, RULES)
    shown = [Doubtful(clip, f"doubtful/{number}.wav", 4, b"", "audio/wav") for number, clip in enumerate(clips)]
    assert "Here are the 1 worst of 2" in page(alignment, clips, shown[:1], "a")
    assert "Here are" not in page(alignment, clips, shown, "a")


def test_rules_that_contradict() -> None:
    with pytest.raises(ConfigError, match="the first must be less"):
        ClipRules(5, 4)
