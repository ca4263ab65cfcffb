"""Manifests and data directories of other systems as they are found: channels, mixes, nulls, marks, white space."""

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from trees import VOICES, parquet, record, sound, transcripts

from deepspeech.audio.formats import read_audio
from deepspeech.corpora.kaldi_pipes import recording_of
from deepspeech.corpora.recipes.asterisk import asterisk
from deepspeech.corpora.recipes.cv2 import cv2
from deepspeech.corpora.recipes.folder import folder
from deepspeech.corpora.recipes.huggingface import huggingface
from deepspeech.corpora.recipes.kaldi import kaldi
from deepspeech.corpora.recipes.lhotse import lhotse
from deepspeech.corpora.recipes.nemo import nemo
from deepspeech.corpora.report import ImportReport
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CorpusError


def dropped(report: ImportReport) -> dict[str, int]:
    """The reasons of all sets, and how often each."""
    counts = Counter[str]()
    for one in report.sets:
        counts.update({reason: count for (_, reason), count in one.dropped.items()})
    return dict(counts)


def call(path: Path) -> Path:
    """Two speakers: 0.1 on the left, 0.3 on the right."""
    soundfile.write(path, np.tile(np.float32([0.1, 0.3]), (48000, 1)), 16000)
    return path


def levels(csv: Path) -> list[float]:
    return [round(float(np.median(read_audio(sample.audio)[0])), 1) for sample in read_csv(csv)]


def write(path: Path, *lines: object, start: str = "") -> Path:
    text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(start + "".join(f"{line}\n" for line in text), encoding="utf-8")
    return path


def kaldi_of(folder: Path, scp: list[str], segments: list[str], texts: list[str]) -> tuple[ImportReport, Path]:
    call(folder / "call.wav")
    for name, rows in (("wav.scp", scp), ("segments", segments), ("text", texts)):
        if rows:
            write(folder / name, *rows)
    return kaldi([folder], target_dir=folder / "out", root=folder), folder / "out" / f"{folder.name}.csv"


def test_channels_of_kaldi_segments(tmp_path: Path) -> None:
    rows = ["a c 0 1 0", "b c 0 1 1", "c c 0 1 A", "d c 1 -1 b", "e c 0 1", "f c 0 1 2", "g c 0 1 left", "h c 0 nan"]
    texts = [f"{name} hello" for name in "abcdefghi"]
    report, csv = kaldi_of(tmp_path, ["c call.wav"], rows, texts)
    assert levels(csv) == [0.1, 0.3, 0.1, 0.3, 0.2]
    assert dropped(report) == {
        "its channel in segments is not 0, 1, A or B": 2, "its row in segments is incomplete": 1,
        "the text has no recording": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("sph2pipe -f wav -p -c 1 call.wav |", ("call.wav", 0)),
        ("/kaldi/tools/sph2pipe_v2.5/sph2pipe -f wav -p -c 2 'my call.wav' |", ("my call.wav", 1)),
        ("sph2pipe -f wav call.wav|", ("call.wav", None)), ("flac -c -d -s a/b.flac |", ("a/b.flac", None)),
        ("sox call.wav -t wav - remix 2 |", ("call.wav", 1)),
        ("sox -t wav call.wav -r 16k -t wav - |", ("call.wav", None)),
        ("cat call.wav |", ("call.wav", None)), ("call.wav", ("call.wav", None)),
        ("sox call.wav -t wav - remix 1,2 |", None), ("sox call.wav -t wav - remix 1 speed 1.1 |", None),
        ("sox -m a.wav b.wav -t wav - |", None), ("sox a.wav -t wav - remix 0 |", None),
        ("sox -c 1 a.wav -t wav - |", None),
        ("sph2pipe -c 3 a.sph |", None), ("sph2pipe a.sph | sox - -t wav - |", None), ("rm -rf x |", None),
        ("cat 'a.wav |", None), ("| a.wav", None), ("cat a.wav b.wav |", None), ("sox |", None), ("|", None),
    ],
)  # fmt: skip
def test_commands_of_kaldi_that_only_unpack(command: str, found: tuple[str, int | None] | None) -> None:
    if found:
        assert recording_of("a", command, Path("wav.scp")) == found
    else:
        with pytest.raises(CorpusError, match=r"wav\.scp: a is a command .*, and commands are not run"):
            recording_of("a", command, Path("wav.scp"))


def test_channels_of_kaldi_commands(tmp_path: Path) -> None:
    scp = ["l sox call.wav -t wav - remix 1 |", "r sph2pipe -f wav -c 2 call.wav |"]
    segments = ["a l 0 1", "b r 0 1 0", "c r 0 1 1"]
    report, csv = kaldi_of(tmp_path, scp, segments, ["a one", "b two", "c three"])
    assert levels(csv) == [0.1, 0.3]
    assert dropped(report) == {"its channel in segments is not one that its command leaves": 1}


def test_all_white_space_is_a_space(tmp_path: Path) -> None:
    texts = ["\ufeffa it's\u00a0 ten\u3000past\r", "b\ttwo\u2009 three\x85four", "c\u00a0 five"]
    _, csv = kaldi_of(tmp_path, [f"{name} call.wav" for name in "abc"], [], texts)
    assert transcripts(csv) == ["it's ten past", "two three four", "five"]


def cut(name: str, source: Path, channel: object = 0, text: object = "hello", channels: tuple[int, ...] = (0,)) -> dict:  # type: ignore[type-arg]
    said = {"id": f"s-{name}", "start": 0, "duration": 1, "channel": channel, "text": text, "speaker": None}
    recording = {"id": name, "sources": [{"type": "file", "channels": list(channels), "source": str(source)}]}
    return {"id": name, "start": 0, "duration": 1, "channel": channel, "supervisions": [said], "recording": recording}


def test_cuts_of_lhotse_of_every_kind(tmp_path: Path) -> None:
    stereo, padding = call(tmp_path / "call.wav"), {"id": "p", "duration": 1, "type": "PaddingCut"}
    both = {"channels": (0, 1)}

    def mix(*cuts: object) -> dict[str, object]:
        return {"id": "m", "tracks": [{"cut": one, "offset": 0.0} for one in cuts], "type": "MixedCut"}

    entries = [
        cut("both", stereo, [0, 1], **both), cut("right", stereo, 1, **both), cut("list", stereo, [0], **both),
        mix(padding, cut("padded", stereo, 1, **both)), mix(cut("x", stereo), cut("y", stereo)), mix(padding), padding,
        {**cut("z", stereo), "supervisions": []}, {**cut("z", stereo), "supervisions": None},
        cut("three", stereo, [0, 1], channels=(0, 1, 2)),
        cut("null", stereo, text=None), cut("true", stereo, text=True),
        "{broken", "[" * 2000,
    ]  # fmt: skip
    report = lhotse([write(tmp_path / "cuts.jsonl", *entries, start="\ufeff")])
    assert levels(tmp_path / "cuts.csv") == [0.2, 0.3, 0.1, 0.3]
    assert dropped(report) == {
        "a mix of several cuts": 2, "the cut has no supervision": 1, "the entry is incomplete": 4,
        "it is on several channels of more": 1, "its text is null": 1, "its text is no text": 1,
    }  # fmt: skip
    assert not any(sample.speaker for sample in read_csv(tmp_path / "cuts.csv"))


def test_nulls_in_nemo_manifests(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", VOICES[0])
    texts = ["hello", None, float("nan"), True, 7, ["a"], "\ud800"]
    rows = [{"audio_filepath": "a.wav", "duration": 1.5, "text": text} for text in texts]
    rows += [
        *({"audio_filepath": "a.wav", "text": text} for text in ("nan", "NaN", "None", "<NA>")),
        {"audio_filepath": "a.wav", "text": "null speaker", "speaker": None},
        {"audio_filepath": "a.wav", "text": "seven", "speaker": 7},
        {"audio_filepath": "a.wav", "text": "x", "offset": 10**400, "duration": 1},
        {"audio_filepath": "a.wav", "text": "x", "offset": 0.0},
        {"audio_filepath": "a.wav", "text": "x", "offset": True, "duration": float("nan")},
        {"audio_filepath": 7, "text": "x"}, {"audio_filepath": "\ud800.wav", "text": "x"},
        {"audio_filepath": "\0", "text": "x"},
    ]  # fmt: skip
    report = nemo([write(tmp_path / "m.json", *rows)])
    assert [(s.transcript, s.speaker) for s in read_csv(tmp_path / "m.csv")] == [
        ("hello", ""), ("null speaker", ""), ("seven", "7"),
    ]  # fmt: skip
    assert dropped(report) == {
        "its text is null": 6, "its text is no text": 3, "its name or sentence is not UTF-8 text": 1,
        "its offset or duration is no number": 3, "the line is no entry with audio_filepath and text": 1,
        "the clip is not there": 2,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_nulls_in_hugging_face_data_sets(tmp_path: Path, kind: str) -> None:
    record(tmp_path / "a.flac", VOICES[0])
    if kind == "csv":
        write(tmp_path / "metadata.csv", "file_name;text", "a.flac;hello", "a.flac;nan", "a.flac;None", "a.flac;", ";x")
    elif kind == "jsonl":
        rows = [{"file_name": "a.flac", "text": text} for text in ("hello", None, float("nan"))]
        write(tmp_path / "metadata.jsonl", *rows, {"file_name": "a.flac"}, {"file_name": None, "text": "x"}, "{broken")
    else:
        packed = {"bytes": sound("FLAC", 1.5), "path": "a"}
        parquet(tmp_path / "x.parquet", [(packed, "hello", 1), (packed, None, 1), (None, "x", 1)])
    report = huggingface(tmp_path)
    assert transcripts(tmp_path / "train.csv") == ["hello"]
    assert (
        dropped(report)
        == {
            "csv": {"its text is null": 2, "sentence refused by the label rules": 1, "the row names no recording": 1},
            "jsonl": {"its text is null": 3, "the row names no recording": 2},
            "parquet": {"its text is null": 1, "the row holds no recording": 1},
        }[kind]
    )


def test_tables_of_two_folders_do_not_share_recordings(tmp_path: Path) -> None:
    for number, name in enumerate(("en", "fr")):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.flac", np.full(16000, 0.1 + 0.2 * number), 16000)
        write(tmp_path / name / "metadata.csv", "file_name,text", f"a.flac,{name} word")
    huggingface(tmp_path)
    assert transcripts(tmp_path / "train.csv") == ["en word", "fr word"]
    assert levels(tmp_path / "train.csv") == [0.1, 0.3]


def test_common_voice_tables_with_other_quotes_and_columns(tmp_path: Path) -> None:
    record(tmp_path / "clips" / "a.mp3", VOICES[0])
    rows = [
        "client_id\tpath\tsentence",
        'u\ta.mp3\t"危険"と',
        'u\ta.mp3\t"he said',
        "u\ta.mp3\tcut\there",
        "u\ta.mp3\tfine\t",
    ]
    write(tmp_path / "train.tsv", *rows)
    report = cv2(tmp_path)
    assert transcripts(tmp_path / "clips" / "train.csv") == ["危険と", "he said", "fine"]
    assert dropped(report) == {"the row has more columns than the header names": 1}
    (tmp_path / "train.tsv").write_bytes("\n".join(rows[:2]).encode("utf-16"))
    cv2(tmp_path)
    assert transcripts(tmp_path / "clips" / "train.csv") == ["危険と"]


def test_hidden_files_are_no_recordings(tmp_path: Path) -> None:
    for name in ("r.wav", ".ipynb_checkpoints/r-checkpoint.wav", "__MACOSX/r.wav"):
        write(record(tmp_path / name, VOICES[0]).with_suffix(".txt"), "hello")
    for name in ("._r.wav", "._r.txt", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7Mac OS X")
    report = folder(tmp_path)
    assert (report.sets[0].clips, report.sets[0].imported) == (1, 1)


def test_every_kind_of_recording_in_a_folder_is_imported_or_told(tmp_path: Path) -> None:
    for name in ("a.flac", "b.w64", "c.au"):
        soundfile.write(tmp_path / name, np.full(16000, 0.1), 16000)
    for name in ("a.m4a", "d.m4a"):  # the first was converted
        (tmp_path / name).write_bytes(b"\0\0\0\x20ftypM4A " + bytes(200))
    for name in "abcd":
        write(tmp_path / f"{name}.txt", f"this is {name}")
    report = folder(tmp_path)
    assert transcripts(tmp_path / "all.csv") == ["this is a", "this is b", "this is c"]
    assert dropped(report) == {"the clip cannot be read": 1}
    assert "is an M4A file" in (tmp_path / "all.dropped.jsonl").read_text()


def test_nothing_that_happens_to_one_file_ends_an_import(tmp_path: Path) -> None:
    write(record(tmp_path / "good.mp3", VOICES[0]).with_suffix(".txt"), "hello")
    names = ["broken.wav", "page.mp3", "empty.flac", "n" * 249 + ".flac", "caf\udce9.wav", "link.wav"]
    for name in names:
        write(tmp_path / Path(name).with_suffix(".txt"), "hello")
    (tmp_path / "broken.wav").write_bytes(sound("WAV", 1.0)[:30])
    (tmp_path / "page.mp3").write_text("<html>")
    (tmp_path / "empty.flac").touch()
    (tmp_path / names[3]).write_bytes(sound("FLAC", 1.0))
    (tmp_path / names[4]).write_bytes(sound("WAV", 1.0))
    (tmp_path / "link.wav").symlink_to("nowhere.wav")
    report = folder(tmp_path)
    assert transcripts(tmp_path / "all.csv") == ["hello"]
    assert dropped(report) == {
        "the clip cannot be read": 4, "its name or sentence is not UTF-8 text": 1, "the clip is not there": 1,
    }  # fmt: skip


def test_a_list_whose_compression_is_damaged_is_one_line(tmp_path: Path) -> None:
    def packed(path: Path, kind: bytes) -> Path:
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(b"digits/1: un\n")[:10] + kind)
        return path

    garbage, cut_short = b"\xff" * 20, b""
    for number, kind in enumerate((garbage, cut_short)):
        folder = tmp_path / str(number)
        texts = packed(folder / "doc" / "asterisk-core-sounds-fr" / "core-sounds-fr.txt.gz", kind)
        (folder / "asterisk" / "sounds" / "fr_CA_f_June").mkdir(parents=True)
        with pytest.raises(CorpusError, match=texts.name):
            asterisk("fr", [folder], tmp_path / "out")
        cuts = packed(folder / "cuts" / "cuts.jsonl.gz", kind)
        with pytest.raises(CorpusError, match=cuts.name):
            lhotse([cuts])
