"""Data sets looked over: every fault and doubt is found, told once, and only where it is."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.check import examine_all
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.survey.page import page, table, to_dict
from deepspeech.datasets.survey.picture import draw
from deepspeech.datasets.survey.statistics import statistics
from deepspeech.datasets.survey.survey import Survey, SurveyOptions, open_sets, survey, usual_rates
from deepspeech.errors import ConfigError, DataError
from deepspeech.features.config import MfccConfig
from deepspeech.text.tokens import ENGLISH
from tests.datasets.faulty_set import DOUBTFUL, REFUSED, faulty_set

ONLY_HEARD = ("silent", "clipped")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return faulty_set(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="module")
def heard(sets: tuple[Path, Path]) -> Survey:
    return survey(open_sets(sets), ENGLISH, options=SurveyOptions(listen=True))


def found(one: Survey) -> set[tuple[str, str]]:
    return {(f.clip.sample.audio.name, f.kind) for some in one.findings.values() for f in some}


def test_every_fault_and_doubt_is_found_and_nothing_else(heard: Survey) -> None:
    odd_twice = {("crowded.wav", "rate")}  # nobody speaks so fast either
    assert found(heard) == set((REFUSED | DOUBTFUL).items()) | odd_twice


def test_headers_alone_find_all_but_what_must_be_heard(sets: tuple[Path, Path], heard: Survey) -> None:
    read = survey(open_sets(sets), ENGLISH)
    assert found(read) == {item for item in found(heard) if item[1] not in ONLY_HEARD}
    assert all(clip.levels is None for clip in read.clips)


def test_training_refuses_the_same(sets: tuple[Path, Path], heard: Survey) -> None:
    samples = [sample for one in open_sets(sets) for sample in one.samples]
    _, faults = examine_all(samples, ENGLISH, MfccConfig(), "all", 2)
    assert {fault.sample.audio.name for fault in faults} == set(REFUSED)
    assert heard.refused() == len(REFUSED)
    assert heard.refused("dev.csv") == 0
    assert heard.doubtful("dev.csv") == 1


def test_letters_are_counted_with_advice(heard: Survey) -> None:
    letters = {one["letter"]: one for one in to_dict(heard)["letters_outside"]}
    assert set(letters) == {"\u0301", "’", "4", "2", "\r", "\n"}
    assert letters["’"]["advice"] == "write '"
    assert letters["\u0301"]["example"].endswith("accent.wav")
    assert "z" in heard.unused


def test_what_sets_have_in_common_is_counted(heard: Survey) -> None:
    (overlap,) = heard.overlaps
    assert (overlap.of, overlap.other) == ("dev.csv", "train.csv")
    assert overlap.recordings == 1
    assert (list(overlap.speakers), overlap.of_speakers) == (["ann", "cy"], 3)
    assert (overlap.sentences, overlap.of_sentences) == (1, 5)


def test_the_page_tells_each_kind_and_ends_with_the_verdict(heard: Survey) -> None:
    text = page(heard, 1)
    assert text.split("\n")[-1] == "Training would refuse 6 of 51 clips: fix them, or train with --skip-bad."
    assert "gone.wav: there is no such file" in text
    assert "page.wav" not in text  # the second of its kind
    assert "1 more: --show 2" in text
    assert "speakers in dev.csv and in train.csv: ann, cy" in text
    assert "page.wav" in page(heard, 2)


def test_json_holds_every_finding(heard: Survey) -> None:
    told = json.loads(json.dumps(to_dict(heard)))
    assert {(Path(one["audio"]).name, one["kind"]) for one in told["findings"]} == found(heard)
    assert told["accepted"] is False
    assert told["sets"]["train.csv"]["refused"] == 6
    assert all(one["refused"] == (one["kind"] in REFUSED.values()) for one in told["findings"])


def test_the_same_sound_in_another_format_is_heard(tmp_path: Path) -> None:
    tone = (6000 * np.sin(np.arange(16000) / 9)).astype(np.int16)
    samples = []
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, tone, 16000)
        samples.append(Sample("", tmp_path / name, "tone", 1))
    write_csv(tmp_path / "a.csv", samples)
    sets = open_sets([tmp_path / "a.csv"])
    assert not survey(sets, ENGLISH).findings["repeated"]
    (finding,) = survey(sets, ENGLISH, options=SurveyOptions(listen=True)).findings["repeated"]
    assert finding.clip.sample.audio.name == "a.flac"


def test_damage_behind_a_whole_header_is_heard(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.flac", 0.3 * random.standard_normal(32000), 16000)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    (tmp_path / "a.flac").write_bytes(content)
    write_csv(tmp_path / "a.csv", [Sample("", tmp_path / "a.flac", "noise", 1)])
    sets = open_sets([tmp_path / "a.csv"])
    assert survey(sets, ENGLISH).refused() == 0
    assert survey(sets, ENGLISH, options=SurveyOptions(listen=True)).refused() == 1


def test_sets_of_one_name_are_called_by_their_paths(sets: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(sets[1], tmp_path / "dev.csv")
    names = [one.name for one in open_sets([*sets, sets[0], tmp_path / "dev.csv"])]
    assert names == ["train.csv", str(sets[1]), str(tmp_path / "dev.csv")]


def test_speakers_are_found_in_file_names(sets: tuple[Path, Path]) -> None:
    one, two = (open_sets([sets[1]], pattern)[0].samples[0].speaker for pattern in (r"(\w)\w+\d\.wav$", r"\w+\d\.wav$"))
    assert (one, two) == ("d", "dev0.wav")
    with pytest.raises(ConfigError, match="not a regular expression"):
        open_sets(sets, "(")


def test_an_empty_set_is_refused_in_words(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [])
    empty = survey(open_sets([tmp_path / "a.csv"]), ENGLISH)
    assert "no clip" in page(empty, 5)
    assert to_dict(empty)["accepted"] is False
    draw(empty, MfccConfig(), tmp_path / "a.png")


def test_limits_are_checked() -> None:
    with pytest.raises(ConfigError, match="--min-s 3"):
        SurveyOptions(min_s=3, max_s=2)


@given(st.lists(st.floats(0.5, 50), min_size=20, max_size=60))
def test_usual_rates_surround_the_median_within_their_factors(rates: list[float]) -> None:
    limits = usual_rates(rates)
    assert limits is not None
    median = float(np.exp(np.median(np.log(rates))))
    assert median / 5.001 <= limits[0] <= median / 1.999
    assert median * 1.999 <= limits[1] <= median * 5.001


def test_few_rates_tell_nothing() -> None:
    assert usual_rates([1.0] * 19) is None


def test_statistics_count_words_that_training_does_not_hear(heard: Survey) -> None:
    train, dev = heard.of_set("train.csv"), heard.of_set("dev.csv")
    counted = statistics(dev, reference=train)
    assert (counted.clips, counted.unreadable, counted.speakers) == (6, 0, 3)
    assert (counted.words, counted.words_oov, counted.vocabulary_oov) == (22, 8, 2)
    assert counted.durations_s[0] <= counted.durations_s[3] <= counted.durations_s[-1] == 2.3
    assert counted.formats == {"WAV 16000 Hz mono": 6}
    assert statistics(train).unreadable == 2
    assert statistics([]).durations_s == []


def test_the_picture_is_drawn_whole_or_not_at_all(heard: Survey, tmp_path: Path) -> None:
    draw(heard, MfccConfig(), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(DataError, match="cannot be written"):
        draw(heard, MfccConfig(), tmp_path / "none" / "a.png")


def test_letters_without_a_picture_and_signs_of_the_library_are_drawn(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 16000)
    said = "$ _ 一 ก \u0301 " + "".join(map(chr, range(0x400, 0x450)))
    write_csv(tmp_path / "_$x$.csv", [Sample("", tmp_path / "a.wav", said, 1)])
    write_csv(tmp_path / "b.csv", [Sample("", tmp_path / "a.wav", said, 1)])
    one = survey(open_sets([tmp_path / "_$x$.csv", tmp_path / "b.csv"]), None)
    draw(one, MfccConfig(), tmp_path / "a.png")  # a warning would be an error here


def test_columns_stand_below_each_other() -> None:
    assert table([["a", "b"], ["long", "1,000"]]) == ["a         b", "long  1,000"]
