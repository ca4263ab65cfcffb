"""Common Voice from its tables to its CSVs, through old and new releases, options and accidents."""

import json
from pathlib import Path

import pytest
from common_voice_tree import CommonVoice

from deepspeech.audio.formats import probe
from deepspeech.corpora.recipe import Options
from deepspeech.corpora.recipes.cv2 import cv2
from deepspeech.corpora.report import FAILED, INVALID_LABEL, TOO_LONG, TOO_SHORT, ImportReport
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CorpusError, TextError


def transcripts(path: Path) -> list[tuple[str, str]]:
    return [(sample.audio.name, sample.transcript) for sample in read_csv(path)]


def counts(report: ImportReport, name: str) -> tuple[int, int]:
    return next((one.clips, one.imported) for one in report.sets if one.name == name)


def test_a_set_with_every_kind_of_clip(common_voice: CommonVoice) -> None:
    common_voice.clip("good.mp3")
    common_voice.clip("stereo.MP3", channels=2, rate_hz=44100)
    common_voice.clip("ünï.mp3", rate_hz=32000)
    common_voice.clip("short.mp3", duration_s=0.2)
    common_voice.clip("long.mp3", duration_s=10.5)
    (common_voice.clips / "empty.mp3").touch()
    (common_voice.clips / "page.mp3").write_text("<html>404</html>")
    common_voice.table(
        "train",
        ("stereo.MP3", "Two Channels."),
        ("good", 'She said: "go'),
        ("good.mp3", '"A whole sentence in quotes"'),
        ("empty.mp3", "empty"),
        ("page.mp3", "page"),
        ("gone.mp3", "gone"),
        ("good.mp3", "It's 5 o'clock"),
        ("good.mp3", "…"),
        ("short.mp3", "far too many letters"),
        ("long.mp3", "much too long"),
        ("ünï.mp3", "Älter – größer?"),
    )
    report = cv2(common_voice.folder)
    assert transcripts(common_voice.clips / "train.csv") == [
        ("stereo.wav", "two channels"),
        ("good.wav", "she said go"),
        ("good.wav", "a whole sentence in quotes"),
        ("good.wav", "…"),
        ("ünï.wav", "älter – größer"),
    ]
    one = report.sets[0]
    assert {reason: one.skipped(reason) for reason in (FAILED, INVALID_LABEL, TOO_SHORT, TOO_LONG)} == {
        FAILED: 3, INVALID_LABEL: 1, TOO_SHORT: 1, TOO_LONG: 1,
    }  # fmt: skip
    assert one.total_s - one.imported_s == pytest.approx(1.5 + 0.2 + 10.5)
    for sample in read_csv(one.csv):
        info = probe(sample.audio)
        assert (info.rate_hz, info.channels, sample.size_bytes) == (16000, 1, sample.audio.stat().st_size)
    assert one.dropped_file is not None
    dropped = [json.loads(line) for line in one.dropped_file.read_text(encoding="utf-8").splitlines()]
    assert [entry["clip"] for entry in dropped] == [
        "empty.mp3", "page.mp3", "gone.mp3", "good.mp3", "short.mp3", "long.mp3",
    ]  # fmt: skip
    assert "10 steps for 20 characters" in dropped[4]["detail"]


def test_paths_in_the_csv_are_relative(common_voice: CommonVoice) -> None:
    common_voice.clip("a.mp3")
    common_voice.table("train", ("a", "one"))
    cv2(common_voice.folder)
    size = (common_voice.clips / "a.wav").stat().st_size
    text = (common_voice.clips / "train.csv").read_text()
    assert text == f"wav_filename,wav_filesize,transcript,speaker\na.wav,{size},one,someone\n"


def test_a_sentence_that_pandas_wrote_for_none_is_dropped_at_once(common_voice: CommonVoice) -> None:
    common_voice.clip("a.mp3")
    common_voice.table("train", ("a", "nan"), ("a", "NaN"), ("a", "banana"))
    report = cv2(common_voice.folder)
    assert transcripts(common_voice.clips / "train.csv") == [("a.wav", "banana")]
    assert report.sets[0].dropped == {("invalid_label", "its text is null"): 2}


def test_train_all_leaves_out_speakers_and_sentences_of_test_and_dev(common_voice: CommonVoice) -> None:
    for name in "abcdefg":
        common_voice.clip(f"{name}.mp3")
    common_voice.table("test", ("a", "In test", "ann"), ("missing", "Never imported", "tom"))
    common_voice.table("dev", ("b", "In dev", "bob"))
    common_voice.table("train", ("c", "Train", "cid"))
    common_voice.table("other", ("g", "Other", "gil"))
    common_voice.table("invalidated", ("g", "Wrong", "gil"))
    common_voice.table(
        "validated",
        ("a", "In test", "ann"), ("b", "In dev", "bob"), ("c", "Train", "cid"), ("d", "By Ann", "ann"),
        ("e", "in test!", "eve"), ("f", "Fine", "tom"), ("missing", "Never imported", "tom"),
    )  # fmt: skip
    report = cv2(common_voice.folder)
    assert [one.name for one in report.sets] == ["test", "dev", "train", "validated", "other"]
    assert counts(report, "validated") == (7, 6)
    assert transcripts(common_voice.clips / "train-all.csv") == [("c.wav", "train"), ("f.wav", "fine")]
    assert report.derived == [(common_voice.clips / "train-all.csv", 2)]
    assert not (common_voice.clips / "invalidated.csv").exists()
    assert not any("is not there" in note for note in report.notes)


def test_a_second_import_keeps_finished_clips_and_mends_broken_ones(common_voice: CommonVoice) -> None:
    for name in "abc":
        common_voice.clip(f"{name}.mp3")
    common_voice.table("train", ("a", "one"), ("b", "two"), ("c", "three"))
    cv2(common_voice.folder)
    first = (common_voice.clips / "train.csv").read_bytes()
    kept = (common_voice.clips / "a.wav").stat().st_mtime_ns
    (common_voice.clips / "b.wav").write_bytes(b"")
    (common_voice.clips / "c.wav").write_bytes((common_voice.clips / "c.wav").read_bytes()[:99])
    cv2(common_voice.folder, options=Options(workers=3))
    assert (common_voice.clips / "train.csv").read_bytes() == first
    assert (common_voice.clips / "a.wav").stat().st_mtime_ns == kept
    assert probe(common_voice.clips / "c.wav").duration_s == 1.5


def test_spaces_between_characters(common_voice: CommonVoice) -> None:
    common_voice.clip("a.mp3", duration_s=0.2)
    common_voice.table("train", ("a", "你好 吗"))
    cv2(common_voice.folder, options=Options(space_after_every_character=True))
    assert transcripts(common_voice.clips / "train.csv") == [("a.wav", "你 好   吗")]


def test_alphabet_normalisation_and_own_rules(common_voice: CommonVoice, tmp_path: Path) -> None:
    common_voice.clip("a.mp3")
    common_voice.table("train", ("a", "Café"), ("a", "Thé"), ("a", "dog"), ("a", "Crème brûlée"))
    alphabet, rules = tmp_path / "alphabet.txt", tmp_path / "rules.py"
    alphabet.write_text("# characters\n \n" + "\n".join("abcdefghijklmnopqrstuvwxyz") + "\n")
    rules.write_text("def validate_label(label):\n    return None if 'dog' in label else label.lower()\n")
    train = common_voice.clips / "train.csv"

    report = cv2(common_voice.folder, options=Options(filter_alphabet=alphabet))
    assert [said for _, said in transcripts(train)] == ["dog"]
    assert dict(report.sets[0].characters) == {"é": 3, "è": 1, "û": 1}
    cv2(common_voice.folder, options=Options(filter_alphabet=alphabet, normalize=True))
    assert [said for _, said in transcripts(train)] == ["cafe", "the", "dog", "creme brulee"]
    report = cv2(common_voice.folder, options=Options(validate_label_locale=rules))
    assert [said for _, said in transcripts(train)] == ["café", "thé", "crème brûlée"]
    assert not any("English" in note for note in report.notes)


def test_clips_elsewhere(common_voice: CommonVoice, tmp_path: Path) -> None:
    common_voice.clip("a.mp3")
    common_voice.clips.rename(tmp_path / "sound")
    common_voice.table("train", ("a", "one"))
    with pytest.raises(CorpusError, match=r"clips: there is no such folder; .* --audio-dir"):
        cv2(common_voice.folder)
    cv2(common_voice.folder, audio_dir=tmp_path / "sound")
    assert transcripts(tmp_path / "sound" / "train.csv") == [("a.wav", "one")]


def test_tables_as_other_systems_save_them(common_voice: CommonVoice) -> None:
    common_voice.clip("a.mp3")
    table = common_voice.table("train", ("a", "one"), ("a", "line\u2028break"), end="\r\n", start="\ufeff")
    table.write_bytes(table.read_bytes() + b"half a row\r\n\r\n")
    report = cv2(common_voice.folder)
    assert [said for _, said in transcripts(common_voice.clips / "train.csv")] == ["one", "line break"]
    assert report.sets[0].dropped == {(FAILED, "the row is incomplete"): 2}


def test_tables_without_the_columns_needed(common_voice: CommonVoice) -> None:
    (common_voice.folder / "dev.tsv").write_text("path\ttext\na\tone\n")
    with pytest.raises(CorpusError, match=r"dev\.tsv: there is no column sentence; its columns are path, text"):
        cv2(common_voice.folder)
    (common_voice.folder / "dev.tsv").write_bytes(b"path\tsentence\na\t\xff\n")
    with pytest.raises(CorpusError, match=r"dev\.tsv: not UTF-8"):
        cv2(common_voice.folder)
    assert not list(common_voice.clips.iterdir())


def test_speakers_may_be_unknown(common_voice: CommonVoice) -> None:
    common_voice.clip("a.mp3")
    (common_voice.folder / "dev.tsv").write_text("path\tsentence\na\tone\n")
    (common_voice.folder / "validated.tsv").write_text("sentence\tpath\none\ta\ntwo\ta\n")
    cv2(common_voice.folder)
    assert transcripts(common_voice.clips / "train-all.csv") == [("a.wav", "two")]


def test_missing_sets_are_reported(common_voice: CommonVoice) -> None:
    common_voice.table("test")
    report = cv2(common_voice.folder)
    assert counts(report, "test") == (0, 0)
    assert [note for note in report.notes if "does not exist" in note] == [
        f"{common_voice.folder / name}.tsv does not exist: this set was skipped."
        for name in ("dev", "train", "validated", "other")
    ]


def test_the_wrong_folder_is_one_line_with_the_right_one(common_voice: CommonVoice, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no test\.tsv, dev\.tsv.*; name the unpacked folder of one language$"):
        cv2(common_voice.folder)
    common_voice.table("validated")
    for wrong in (tmp_path, tmp_path / "cv", common_voice.clips):
        with pytest.raises(CorpusError, match=rf"did you mean {common_voice.folder}\?$"):
            cv2(wrong)
    with pytest.raises(CorpusError, match="there is no such folder"):
        cv2(tmp_path / "none")


def test_options_that_cannot_be_used_stop_before_any_work(common_voice: CommonVoice, tmp_path: Path) -> None:
    common_voice.clip("a.mp3")
    common_voice.table("train", ("a", "one"))
    with pytest.raises(TextError, match="no such file"):
        cv2(common_voice.folder, options=Options(validate_label_locale=tmp_path / "none.py"))
    with pytest.raises(TextError, match="cannot read the alphabet"):
        cv2(common_voice.folder, options=Options(filter_alphabet=tmp_path / "none.txt"))
    assert [path.name for path in common_voice.clips.iterdir()] == ["a.mp3"]
