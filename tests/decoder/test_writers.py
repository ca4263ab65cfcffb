"""Pages: what stands in each format, and that no word is lost on the way into subtitles."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.decoder.subtitles import LINE_CHARACTERS
from deepspeech.decoder.transcript import Token, Transcript
from deepspeech.decoder.writers import FORMATS, TranscriptWriter, checked_formats
from deepspeech.errors import ConfigError
from deepspeech.runtime.recording import Recording


def said(text: str, start_s: float = 0.0, letter_s: float = 0.06, sure: float = 0.5) -> Transcript:
    tokens = tuple(Token(letter, n, start_s + n * letter_s) for n, letter in enumerate(text))
    return Transcript(text, tokens, -1.5, 0.02, (sure,) * len(text.split()))


TWO = [said("the cat", 1.0), said("<sat> & ran", 3661.5)]


def test_text() -> None:
    assert TranscriptWriter("txt").body("a.wav", TWO) == "the cat <sat> & ran\n"
    assert TranscriptWriter("txt", named=True).body("a.wav", TWO) == "a.wav: the cat <sat> & ran\n"
    assert TranscriptWriter("txt").body("a.wav", []) == "\n"


def test_json() -> None:
    page = json.loads(TranscriptWriter("json").body("a.wav", TWO, 4000.0))
    assert page["file"] == "a.wav"
    assert page["text"] == "the cat <sat> & ran"
    assert page["duration_s"] == 4000.0
    assert page["words"][0] == {"text": "the", "start_s": 1.0, "end_s": 1.18, "confidence": 0.5}
    assert [segment["text"] for segment in page["segments"]] == ["the cat", "<sat> & ran"]
    assert page["segments"][1]["start_s"] == 3661.5


def test_subtitles() -> None:
    assert TranscriptWriter("srt").body("a.wav", TWO) == (
        "1\n00:00:01,000 --> 00:00:01,800\nthe cat\n\n2\n01:01:01,500 --> 01:01:02,300\n<sat> & ran\n\n"
    )
    writer = TranscriptWriter("vtt")
    assert writer.head() == "WEBVTT\n\n"
    assert "01:01:01.500 --> 01:01:02.300\n&lt;sat&gt; &amp; ran\n" in writer.body("a.wav", TWO)


def test_a_table() -> None:
    writer = TranscriptWriter("tsv")
    assert writer.head() + writer.body("a\tb.wav", TWO) == (
        "file\tstart_s\tend_s\ttext\na b.wav\t1.000\t1.380\tthe cat\na b.wav\t3661.500\t3662.120\t<sat> & ran\n"
    )


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_ends_its_lines_and_bears_silence(form: str) -> None:
    writer = TranscriptWriter(form)
    assert (writer.head() + writer.body("a.wav", TWO)).endswith("\n")
    assert writer.body("a.wav", []).strip() in ("", '{"file": "a.wav", "text": "", "words": [], "segments": []}')


def seconds(line: str) -> list[float]:
    """The two times of a cue."""
    stamps = re.findall(r"(\d+):(\d\d):(\d\d),(\d{3})", line)
    return [round(int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000, 3) for h, m, s, ms in stamps]


@given(
    words=st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=80),
    letter_s=st.floats(0.02, 0.3),
    pauses=st.lists(st.floats(0.0, 4.0), min_size=1, max_size=5),
)
def test_subtitles_hold_every_word_once_in_order_and_apart(
    words: list[str], letter_s: float, pauses: list[float]
) -> None:
    segments, at_s = [], 0.0
    for number, pause_s in enumerate(pauses):
        part = " ".join(words[number :: len(pauses)])
        if part:
            segments.append(said(part, at_s, letter_s))
            at_s = segments[-1].words[-1].end_s + pause_s
    text = TranscriptWriter("srt").body("x", segments)
    cues = [cue.split("\n", 2) for cue in text.strip().split("\n\n")]
    assert " ".join(cue[2] for cue in cues).split() == " ".join(s.text for s in segments).split()
    assert [cue[0] for cue in cues] == [str(n) for n in range(1, len(cues) + 1)]
    times = [stamp for cue in cues for stamp in seconds(cue[1])]
    assert times == sorted(times)
    assert all(len(line) <= LINE_CHARACTERS for cue in cues for line in cue[2].split("\n"))
    assert all(cue[2].count("\n") < 2 for cue in cues)
    assert all(end - start <= 6.0001 for start, end in zip(times[::2], times[1::2], strict=True))


@given(
    sentences=st.lists(st.text("天地玄黃ไทยกำ่ab", min_size=1, max_size=200), min_size=1, max_size=4),
    letter_s=st.floats(0.02, 2.0),
)
def test_subtitles_of_scripts_without_spaces_are_short_and_lose_nothing(sentences: list[str], letter_s: float) -> None:
    segment = said(" ".join(sentences), letter_s=letter_s)
    cues = [cue.split("\n", 2) for cue in TranscriptWriter("srt").body("x", [segment]).strip().split("\n\n")]
    assert "".join("".join(cue[2].split()) for cue in cues) == "".join(sentences)
    times = [stamp for cue in cues for stamp in seconds(cue[1])]
    assert times == sorted(times)
    for cue, start_s, end_s in zip(cues, times[::2], times[1::2], strict=True):
        assert end_s - start_s <= 6.0001
        assert cue[2].count("\n") < 2
        assert all(
            sum(1 + (letter > "\u3000") for letter in line) <= 2 * LINE_CHARACTERS for line in cue[2].split("\n")
        )


def test_a_chinese_sentence_is_cut_from_the_times_of_its_characters() -> None:
    cues = TranscriptWriter("srt").body("x", [said("天" * 60, letter_s=0.25)]).strip().split("\n\n")
    assert [cue.split("\n")[1:] for cue in cues] == [
        ["00:00:00,000 --> 00:00:06,000", "天" * 21, "天" * 3],
        ["00:00:06,000 --> 00:00:12,000", "天" * 21, "天" * 3],
        ["00:00:12,000 --> 00:00:14,770", "天" * 12],
    ]


def test_lines_are_as_wide_and_as_many_as_wanted() -> None:
    segment = said("the cat sat on the mat and ran")
    text = segment.to_srt(max_line_width=10, max_line_count=1)
    cues = [cue.split("\n")[2:] for cue in text.strip().split("\n\n")]
    assert cues == [["the cat"], ["sat on the"], ["mat and"], ["ran"]]
    assert segment.to_srt() == TranscriptWriter("srt").body("x", [segment])
    with pytest.raises(ConfigError, match="--max-line-width is 0; it must be at least 1"):
        segment.to_srt(max_line_width=0)


def test_words_are_marked_as_they_are_spoken() -> None:
    segment = said("a <b> c", 1.0)
    assert segment.to_vtt(word_timestamps=True) == (
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:01.800\na <00:00:01.120>&lt;b&gt; <00:00:01.360>c\n\n"
    )
    cues = [cue.split("\n") for cue in segment.to_srt(word_timestamps=True).strip().split("\n\n")]
    assert cues == [
        ["1", "00:00:01,000 --> 00:00:01,120", "<u>a</u> <b> c"],
        ["2", "00:00:01,120 --> 00:00:01,360", "a <u><b></u> c"],
        ["3", "00:00:01,360 --> 00:00:01,800", "a <b> <u>c</u>"],
    ]


@given(words=st.lists(st.text("abc", min_size=1, max_size=60), min_size=1, max_size=40), letter_s=st.floats(0.02, 0.3))
def test_marks_change_no_word(words: list[str], letter_s: float) -> None:
    segment = said(" ".join(words), letter_s=letter_s)
    assert re.sub(r"<[^>]+>", "", segment.to_vtt(word_timestamps=True)) == segment.to_vtt()


def test_transcripts_and_recordings_write_themselves() -> None:
    page = json.loads(TWO[0].to_json())
    assert page["text"] == "the cat"
    assert "file" not in page
    recording = Recording("a.wav", 4000.0, tuple(TWO))
    assert json.loads(recording.to_json()) == json.loads(TranscriptWriter("json").body("a.wav", TWO, 4000.0))
    assert recording.to_srt() == TranscriptWriter("srt").body("a.wav", TWO)
    assert recording.to_vtt().startswith("WEBVTT\n\n1\n")
    assert Transcript("", (), 0.0).to_srt() == ""


def test_formats_are_named_once_or_all() -> None:
    assert checked_formats(["srt", "vtt", "srt"]) == ("srt", "vtt")
    assert checked_formats(["txt,json"]) == ("txt", "json")
    assert checked_formats(["srt", "all"]) == FORMATS
    with pytest.raises(ConfigError, match="--format is 'doc'; choose one of txt, json, srt, vtt, tsv, all"):
        checked_formats(["doc"])
