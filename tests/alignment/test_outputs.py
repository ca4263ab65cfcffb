"""Every format is read back by a reader of its own: what was written is what it finds."""

import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.alignment.outputs import FORMATS, audacity, ctm, eaf, from_json, textgrid, to_json, tsv
from deepspeech.alignment.subtitles import READING_SPEED, srt, subtitles, vtt
from deepspeech.decoder.subtitles import LINE_CHARACTERS, columns
from tests.alignment.results import made

TEXT = 'Él said: "No & <yes>"\n[Not] [there.]\nThen she went.\n\nThe end, my friend.'
SAID = ['Él said: "No & <yes>"', "Then she went.", "The end, my friend."]
STARTS = [1.0, 4.0, 5.7]


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str, suffix: str) -> str:
        path = tmp_path / f"a{suffix}"
        path.write_text(text, encoding="utf-8", newline="\n")
        return str(path)

    return write


def reader(name: str) -> Any:
    return pytest.importorskip(name, reason=f"needs {name}, a reader of that format")


def test_json() -> None:
    value = json.loads(to_json(made(TEXT)))
    sentences = [sentence for paragraph in value["paragraphs"] for sentence in paragraph["sentences"]]
    assert [one["text"] for one in sentences] == [SAID[0], "Not there.", *SAID[1:]]
    assert [one["start_s"] for one in sentences] == [1.0, None, *STARTS[1:]]
    assert sentences[2]["words"][0] == {"text": "Then", "start_s": 4.0, "end_s": 4.4, "score": -0.1, "spoken": "then"}
    assert value["not_in_text"] == [{"start_s": 0.1, "end_s": 0.8, "heard": "um"}]


@given(st.lists(st.sampled_from(["Ab", "7", "[gone]", "cd,", "é.\n", "e.\n\n"]), min_size=1, max_size=12))
def test_json_is_read_back(words: list[str]) -> None:
    found = made(" ".join(words))
    read = from_json(to_json(found))
    assert to_json(read) == to_json(found)
    assert [(w.spoken, w.start_s) for w in read.words] == [
        (w.spoken, w.start_s and pytest.approx(w.start_s)) for w in found.words
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"paragraphs": 3}',
        to_json(made("a b"))[:-9],
        to_json(made("a b")).replace('"spoken": "b"', '"b": 0'),
    ],
)
def test_what_is_no_alignment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no alignment|Expecting|delimiter"):
        from_json(text)


def test_tsv() -> None:
    rows = list(csv.DictReader(io.StringIO(tsv(made(TEXT))), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["text"] for row in rows if row["level"] == "sentence"] == [SAID[0], "Not there.", *SAID[1:]]
    assert [row["start_s"] for row in rows if row["text"] in ("Not", "Then")] == ["", "4.000"]


def test_ctm() -> None:
    rows = [line.split() for line in ctm(made(TEXT)).splitlines()]
    assert {len(row) for row in rows} == {6}
    assert rows[0] == ["a_b", "1", "1.000", "0.400", "él", "0.905"]


def test_audacity() -> None:
    rows = [line.split("\t") for line in audacity(made(TEXT)).splitlines()]
    assert [row[2] for row in rows] == SAID
    assert [float(row[0]) for row in rows] == pytest.approx(STARTS)


def test_textgrid_is_read_by_praatio(written: Any) -> None:
    grid = reader("praatio.textgrid").openTextgrid(written(textgrid(made(TEXT)), ".TextGrid"), False)
    assert grid.tierNames == ("paragraphs", "sentences", "words")
    assert [entry.label for entry in grid.getTier("sentences").entries] == SAID
    assert [entry.start for entry in grid.getTier("sentences").entries] == pytest.approx(STARTS)


def test_textgrid_intervals_leave_no_gap() -> None:
    times = [float(line.split()[2]) for line in textgrid(made(TEXT)).splitlines() if line.startswith("            xm")]
    starts, ends = times[::2], times[1::2]
    assert all(start in (0.0, before) for start, before in zip(starts[1:], ends, strict=False))


def test_eaf_is_read_by_pympi(written: Any) -> None:
    file = reader("pympi").Elan.Eaf(written(eaf(made(TEXT)), ".eaf"))
    found = sorted(file.get_annotation_data_for_tier("sentences"))
    assert [text for _, _, text in found] == SAID
    assert [start for start, _, _ in found] == [1000, 4000, 5700]
    assert len(file.get_annotation_data_for_tier("words")) == 12


def test_srt_and_vtt_are_read_by_webvtt(written: Any) -> None:
    webvtt = reader("webvtt")
    read = webvtt.from_srt(written(srt(made(TEXT)), ".srt")), webvtt.read(written(vtt(made(TEXT)), ".vtt"))
    for captions in read:
        assert [caption.start_in_seconds for caption in captions] == [1, 4, 5]
    assert [caption.raw_text for caption in read[0]] == SAID
    assert read[1][0].raw_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == SAID[0]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_written_too(name: str) -> None:
    assert isinstance(FORMATS[name][1](made("[Not] [there]")), str)


@given(st.lists(st.sampled_from(["a", "word,", "somewhat", "longer-words", "x" * 50]), min_size=1, max_size=60))
def test_subtitles_hold_all_words_in_order_without_overlap(words: list[str]) -> None:
    shown = subtitles(made(" ".join(words)))
    assert " ".join(" ".join(one.lines) for one in shown).split() == words
    assert all(a.start_s < a.end_s <= b.start_s for a, b in pairwise(shown))
    for one in shown:
        assert len(one.lines) <= 2 or any("x" * 50 in line for line in one.lines)
        assert all(columns(line) <= LINE_CHARACTERS or line == "x" * 50 for line in one.lines)


def test_long_sentences_are_cut_at_clauses() -> None:
    text = "When the long night was over and the sun came up, we went out to look for the others who were lost in it"
    assert [one.lines for one in subtitles(made(text, word_s=0.25))] == [
        ("When the long night was", "over and the sun came up,"),
        ("we went out to look for the", "others who were lost in it"),
    ]


def test_a_subtitle_stays_until_it_can_be_read() -> None:
    text = "Extraordinarily comprehensive considerations"
    first, last = subtitles(made(f"{text}\nYes", word_s=0.3, pause_s=0.4))
    assert first.end_s == pytest.approx(last.start_s - 0.08)
    assert first.too_fast
    assert last.end_s - last.start_s == pytest.approx(1.0)
    alone = subtitles(made(text, word_s=0.3))[0]
    assert alone.end_s - alone.start_s == pytest.approx(len(text) / READING_SPEED)
    assert not alone.too_fast
