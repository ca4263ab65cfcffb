"""What an import finds when it is done again: its own wav files if they are of the same sound, and no others."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.corpora.clip import Clip, convert
from deepspeech.corpora.engine import Rules, import_set
from deepspeech.corpora.recipe import Options, Part, import_parts, joined
from deepspeech.corpora.recipes.kaldi import kaldi
from deepspeech.corpora.recipes.nemo import nemo
from deepspeech.corpora.report import SetReport, lines
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CorpusError
from deepspeech.text.labels import validate_english

RULES = Rules(validate_english)


def recording(path: Path, level: float = 0.1, duration_s: float = 1.0, channels: int = 1) -> Path:
    soundfile.write(path, np.full((int(duration_s * 48000), channels), level, np.float32), 48000)
    return path


def talk(path: Path) -> Path:
    """Three seconds: 0.1, 0.2 and 0.3 on the left, their opposites on the right."""
    left = np.repeat(np.float32([0.1, 0.2, 0.3]), 48000)
    soundfile.write(path, np.stack([left, -left], axis=1), 48000)
    return path


def level(wav: Path) -> float:
    return round(float(np.median(read_audio(wav)[0])), 2)


@pytest.fixture
def whole(tmp_path: Path) -> Clip:
    return Clip(recording(tmp_path / "a.flac"), tmp_path / "wavs" / "a.wav", "hello")


def test_a_wav_file_of_the_same_sound_is_not_made_again(whole: Clip) -> None:
    first, before = convert(whole), whole.wav.stat().st_mtime_ns
    assert convert(replace(whole, sentence="mended")) == first
    assert whole.wav.stat().st_mtime_ns == before
    whole.source.unlink()
    assert convert(whole) == first  # a source that was deleted to save space
    assert convert(replace(whole, start_s=0.5)).fault == "the clip is not there"


@pytest.mark.parametrize("kept", ["times", "nothing"])
def test_another_recording_of_the_same_name_and_length_is_decoded(whole: Clip, kept: str) -> None:
    convert(whole)
    before = whole.source.stat()
    recording(whole.source, 0.4)
    assert whole.source.stat().st_size == before.st_size
    if kept == "times":
        os.utime(whole.source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert level(convert(whole).wav) == 0.4


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"start_s": 2.0, "end_s": 3.0}, 0.3), ({"end_s": 2.0, "start_s": 1.0}, 0.2), ({"channel": 1}, -0.1), ({}, 0.1)],
)
def test_another_part_of_the_recording_is_decoded(tmp_path: Path, change: dict[str, float], expected: float) -> None:
    clip = Clip(talk(tmp_path / "talk.flac"), tmp_path / "a.wav", "a", start_s=0.0, end_s=1.0, channel=0)
    assert level(convert(clip).wav) == 0.1
    assert level(convert(replace(clip, **change)).wav) == expected  # type: ignore[arg-type]


def test_another_recording_under_the_same_wav_is_decoded(whole: Clip, tmp_path: Path) -> None:
    convert(whole)
    assert level(convert(replace(whole, source=recording(tmp_path / "b.flac", 0.4))).wav) == 0.4
    packed = replace(whole, source=Path("x.parquet:1"), content=recording(tmp_path / "c.flac", 0.2).read_bytes())
    assert level(convert(packed).wav) == 0.2
    assert level(convert(replace(packed, content=recording(tmp_path / "c.flac", 0.3).read_bytes())).wav) == 0.3


def test_what_an_earlier_version_made_is_made_again(whole: Clip) -> None:
    whole.wav.parent.mkdir()
    write_wav(whole.wav, np.full(16000, 0.4, np.float32), 16000)
    assert level(convert(whole).wav) == 0.1


def test_a_corpus_may_be_moved_with_its_wav_files(whole: Clip, tmp_path: Path) -> None:
    convert(whole)
    for folder in (tmp_path / "new", tmp_path / "new" / "wavs"):
        folder.mkdir()
    moved = Clip(tmp_path / "new" / "a.flac", tmp_path / "new" / "wavs" / "a.wav", "hello")
    assert moved.origin == whole.origin
    assert replace(moved, source=tmp_path / "a.flac").origin != whole.origin


def test_two_sounds_never_share_a_name(tmp_path: Path) -> None:
    one, other = recording(tmp_path / "a.flac"), recording(tmp_path / "b.flac", 0.4)
    wav = tmp_path / "wavs" / "a.wav"
    clips = [
        Clip(one, wav, "one"),
        Clip(other, wav, "other"),
        Clip(one, wav, "again"),
        Clip(other, wav, "part", end_s=0.5),
    ]
    report = SetReport("set", tmp_path / "set.csv", 10)
    for _ in range(2):
        import_set(clips, 4, RULES, report)
        samples = read_csv(report.csv)
        assert [(sample.transcript, level(sample.audio)) for sample in samples] == [
            ("one", 0.1), ("other", 0.4), ("again", 0.1), ("part", 0.4),
        ]  # fmt: skip
        assert len({sample.audio for sample in samples}) == 3


def test_names_are_kept_apart_through_all_sets_of_a_corpus(tmp_path: Path) -> None:
    sounds = {name: recording(tmp_path / f"{name}.flac", volume) for name, volume in (("a", 0.1), ("b", 0.4))}
    parts = [Part(tmp_path / f"{n}.csv", [Clip(sounds[n], tmp_path / "wavs" / "x.wav", "hi")], RULES) for n in "ab"]
    import_parts(Options().report("x"), parts, Options())
    assert [level(read_csv(tmp_path / f"{name}.csv")[0].audio) for name in "ab"] == [0.1, 0.4]


def test_two_sets_never_share_a_csv(tmp_path: Path) -> None:
    for name in ("train", "dev"):
        (tmp_path / name).mkdir()
        recording(tmp_path / name / "talk.flac")
        row = {"audio_filepath": "talk.flac", "text": name, "duration": 1.0}
        (tmp_path / name / "manifest.json").write_text(json.dumps(row))
    manifests = [tmp_path / name / "manifest.json" for name in ("train", "dev")]
    with pytest.raises(CorpusError, match=r"manifest\.csv: two of the sets would be written to this file"):
        nemo(manifests, target_dir=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    nemo(manifests)
    assert [read_csv(path.with_suffix(".csv"))[0].transcript for path in manifests] == ["train", "dev"]


def test_a_second_import_says_which_list_it_replaces(tmp_path: Path) -> None:
    made = {}
    for name in ("train", "dev"):
        (tmp_path / name).mkdir()
        recording(tmp_path / name / "talk.flac")
        row = {"audio_filepath": "talk.flac", "text": name, "duration": 1.0}
        made[name] = tmp_path / name / "manifest.json"
        made[name].write_text(json.dumps(row))

    def told(name: str) -> list[str]:
        report = nemo([made[name]], target_dir=tmp_path / "out")
        return [line for line in lines(report) if "Replaced" in line]

    assert told("train") == told("train") == []
    assert told("dev") == [
        "  Replaced an earlier list: 1 of its 1 clips are in no list now; to keep both, import into another folder."
    ]
    assert read_csv(tmp_path / "out" / "manifest.csv")[0].transcript == "dev"
    assert len(told("train")) == 1
    (tmp_path / "out" / "manifest.csv").write_text('no list, "of clips')
    assert told("train") == []


def test_a_manifest_whose_first_line_was_removed(tmp_path: Path) -> None:
    talk(tmp_path / "talk.flac")
    rows = [
        json.dumps({"audio_filepath": "talk.flac", "offset": n, "duration": 1, "text": text})
        for n, text in enumerate(("one", "two", "three"))
    ]
    for some in (rows, rows[1:]):
        (tmp_path / "m.json").write_text("\n".join(some))
        nemo([tmp_path / "m.json"])
    lefts = [Clip(tmp_path / "talk.flac", tmp_path / "x.wav", "", start_s=n, end_s=n + 1) for n in (1, 2)]
    samples = read_csv(tmp_path / "m.csv")
    assert [sample.transcript for sample in samples] == ["two", "three"]
    for sample, part in zip(samples, lefts, strict=True):
        assert np.array_equal(read_audio(sample.audio)[0], read_audio(convert(part).wav)[0])


def test_segments_that_were_corrected(tmp_path: Path) -> None:
    talk(tmp_path / "talk.flac")
    (tmp_path / "wav.scp").write_text("talk talk.flac\n")
    (tmp_path / "text").write_text("u hello\n")
    for start, expected in ((0.0, 0.1), (2.0, 0.3)):
        (tmp_path / "segments").write_text(f"u talk {start} {start + 1} A\n")
        kaldi([tmp_path], root=tmp_path)
        assert level(read_csv(tmp_path / f"{tmp_path.name}.csv")[0].audio) == expected


def test_joined_recordings_are_joined_again(tmp_path: Path) -> None:
    pieces = [recording(tmp_path / f"{name}.flac", 0.1, 0.1) for name in "ab"]
    wav = tmp_path / "whole.wav"
    joined(pieces, wav)
    before = wav.stat().st_mtime_ns
    assert joined(pieces, wav) == wav
    assert wav.stat().st_mtime_ns == before
    for piece in pieces:
        recording(piece, 0.4, 0.1)
    assert level(joined(pieces, wav)) == 0.4
    assert joined([*pieces, tmp_path / "none.flac"], wav) == tmp_path / "none.flac"


def test_a_renamed_csv_keeps_its_sounds_when_another_manifest_is_imported(tmp_path: Path) -> None:
    for name, volume in (("one", 0.1), ("two", 0.4)):
        (tmp_path / name).mkdir()
        recording(tmp_path / name / "talk.flac", volume)
        (tmp_path / name / "all.json").write_text(json.dumps({"audio_filepath": "talk.flac", "text": name}))
    nemo([tmp_path / "one" / "all.json"], target_dir=tmp_path / "out")
    (tmp_path / "out" / "all.csv").rename(tmp_path / "out" / "kept.csv")
    for _ in range(2):
        nemo([tmp_path / "two" / "all.json"], target_dir=tmp_path / "out")
        found = {name: read_csv(tmp_path / "out" / f"{name}.csv")[0] for name in ("kept", "all")}
        assert [(sample.transcript, level(sample.audio)) for sample in found.values()] == [("one", 0.1), ("two", 0.4)]
    (tmp_path / "two" / "talk.flac").unlink()  # a source that was deleted to save space
    nemo([tmp_path / "two" / "all.json"], target_dir=tmp_path / "out")
    assert level(read_csv(tmp_path / "out" / "all.csv")[0].audio) == 0.4


def test_rows_of_another_parquet_file_of_the_same_name_have_wavs_of_their_own(whole: Clip) -> None:
    one, two = (
        replace(whole, source=Path("x.parquet:1"), content=recording(whole.source, volume).read_bytes(), numbered=True)
        for volume in (0.1, 0.4)
    )
    first = convert(one).wav
    for _ in range(2):
        assert level(convert(two).wav) == 0.4
        assert (convert(one).wav, level(first)) == (first, 0.1)
