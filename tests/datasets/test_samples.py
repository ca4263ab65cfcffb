"""Data sets of every kind: read alike, made into one another, damaged ones told in one line."""

import contextlib
import io
import itertools
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio import opus_packets
from deepspeech.audio.formats import probe, read_audio, wav_bytes, write_wav
from deepspeech.audio.source import PACKETS, AudioSlice
from deepspeech.datasets.augment.audible import parse_audible
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import keyed_random, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.compare import compare
from deepspeech.datasets.convert import Converted, ConvertOptions, convert
from deepspeech.datasets.formats.jsonl_files import JsonlWriter, read_jsonl
from deepspeech.datasets.formats.sdb import WAV, SampleDatabaseWriter
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError, ConfigError, DataError, DeepSpeechError
from tests.fakes import corpus, tones

FORMATS = ("csv", "jsonl", "sdb", "tar")


def made(source: Path, target: Path, **options: object) -> Converted:
    return convert([source], target, ConvertOptions(**options))  # type: ignore[arg-type]


def same(one: Path, two: Path) -> bool:
    """Both hold the same transcripts, and the same sound to the bit, in this order."""
    return all(not pair.fault and pair.largest == 0 for pair in compare(one, two))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(FORMATS, FORMATS)))
def test_every_format_becomes_every_other(tmp_path: Path, first: str, second: str) -> None:
    source = corpus(tmp_path / "source", 5)
    there = tmp_path / f"there.{first}"
    made(source, there, sort=False)
    (tmp_path / "far").mkdir()
    done = made(there, tmp_path / "far" / f"back.{second}", sort=False)
    assert (done.samples, done.kinds, done.coded, done.faults) == (5, {"wav": 5}, 0, ())
    assert same(source, tmp_path / "far" / f"back.{second}")
    assert done.duration_s == pytest.approx(sum(probe(sample.audio).duration_s for sample in read_samples(source)))


@pytest.mark.parametrize("second", FORMATS)
@pytest.mark.parametrize("audio_type", ["flac", "opus", "wav"])
def test_sound_is_coded_as_asked(tmp_path: Path, audio_type: str, second: str) -> None:
    source, target = corpus(tmp_path / "source", 3), tmp_path / f"x.{second}"
    done = made(source, target, audio_type=audio_type, sort=False)
    assert done.kinds == {audio_type: 3}
    pairs = compare(source, target)
    if audio_type == "opus":
        # Coding shifts and changes samples; what a listener hears stays.
        assert all(not pair.fault and pair.level_dbfs is not None and pair.level_dbfs < 0 for pair in pairs)
    else:
        assert all(pair.largest == 0 for pair in pairs)


def test_opus_of_a_database_is_not_coded_again(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    made(source, tmp_path / "a.sdb", audio_type="opus")
    assert {sample.audio.kind for sample in read_samples(tmp_path / "a.sdb")} == {PACKETS}  # type: ignore[union-attr]
    for suffix in FORMATS:
        (tmp_path / suffix).mkdir()
        assert made(tmp_path / "a.sdb", tmp_path / suffix / f"b.{suffix}", sort=False).coded == 0
        assert same(tmp_path / "a.sdb", tmp_path / suffix / f"b.{suffix}")


def test_a_list_names_files_where_they_are_unless_told_to_copy(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    made(source, tmp_path / "named.jsonl")
    assert [sample.audio for sample in read_samples(tmp_path / "named.jsonl")] == [
        sample.audio for sample in read_samples(source)
    ]
    made(source, tmp_path / "copied.csv", copy=True)
    assert [path.name for path in sorted((tmp_path / "copied").iterdir())] == [
        "sample00000000.wav",
        "sample00000001.wav",
    ]
    with pytest.raises(DataError, match="already exists"):
        made(source, tmp_path / "copied.csv", copy=True)


def test_a_database_is_sorted_and_other_rates_reach_opus(tmp_path: Path) -> None:
    samples = []
    for number, text in enumerate(["abcd", "a", "ab"]):
        write_wav(tmp_path / f"{number}.wav", tones(text, rate_hz=44100), 44100)
        samples.append({"audio_filepath": f"{number}.wav", "text": text, "speaker": f"s{number}"})
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, samples)))
    made(tmp_path / "a.jsonl", tmp_path / "a.sdb", audio_type="opus", workers=2)
    read = read_samples(tmp_path / "a.sdb")
    assert [sample.transcript for sample in read] == ["a", "ab", "abcd"]
    assert read_audio(read[0].audio)[1] == 48000
    made(tmp_path / "a.jsonl", tmp_path / "a.tar")
    made(tmp_path / "a.tar", tmp_path / "b.csv")
    assert [sample.speaker for sample in read_samples(tmp_path / "b.csv")] == ["s0", "s1", "s2"]


def test_nothing_is_left_where_a_sound_cannot_be_read(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    (tmp_path / "source" / "train001.wav").write_bytes(b"RIFF")
    for suffix in FORMATS:
        with pytest.raises(DataError, match="1 of the given samples cannot be used"):
            made(source, tmp_path / f"a.{suffix}", copy=True)
        assert [path.name for path in tmp_path.iterdir()] == ["source"]
    done = made(source, tmp_path / "a.sdb", skip_bad=True)
    assert (done.samples, len(done.faults)) == (2, 1)


def test_what_cannot_be_converted_is_told(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 2)
    with pytest.raises(ConfigError, match="must end in"):
        made(source, tmp_path / "a.zip")
    with pytest.raises(ConfigError, match="is also a source"):
        made(source, source)
    with pytest.raises(ConfigError, match="choose one of wav, flac, opus"):
        made(source, tmp_path / "a.sdb", audio_type="mp3")
    with pytest.raises(ConfigError, match="whose output is not audio"):
        parse_audible(["pitch"])
    with pytest.raises(DataError, match="unpack it first"):
        read_samples(tmp_path / "a.tar.gz")


def test_augmented_sound_is_the_same_each_time(tmp_path: Path) -> None:
    source = corpus(tmp_path / "source", 3)
    noise = tmp_path / "noise.sdb"
    made(corpus(tmp_path / "noises", 2, "noise"), noise, audio_type="opus", labeled=False)
    augmentations = parse_audible([f"overlay[source={noise},snr=3]", "volume[dbfs=-10]"])
    for name, workers in (("a", 1), ("b", 3)):
        made(source, tmp_path / f"{name}.tar", augmentations=augmentations, workers=workers)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert all(pair.largest for pair in compare(source, tmp_path / "a.tar"))


@pytest.mark.parametrize("suffix", FORMATS)
def test_noise_comes_out_of_any_data_set(tmp_path: Path, suffix: str) -> None:
    made(corpus(tmp_path / "noises", 2), tmp_path / f"n.{suffix}", labeled=suffix == "csv")
    sources = Sources([parse(f"overlay[source={tmp_path}/n.{suffix}]")], [], ClipCache(1), 16000)
    assert np.abs(sources.sound(f"{tmp_path}/n.{suffix}", 9000, keyed_random(1))).max() > 0.1


def test_labels_are_demanded(tmp_path: Path) -> None:
    for suffix in ("jsonl", "sdb", "tar"):
        made(corpus(tmp_path / "source", 2), tmp_path / f"a.{suffix}", labeled=False)
        assert [sample.transcript for sample in read_samples(tmp_path / f"a.{suffix}", labeled=False)] == ["", ""]
        with pytest.raises(DataError, match=f"^{tmp_path}/a.{suffix}"):
            read_samples(tmp_path / f"a.{suffix}")


def test_the_old_tools_databases(shared: Path, tmp_path: Path) -> None:
    wav, opus = (read_samples(shared / "fixtures/old_models" / f"x_{kind}.sdb") for kind in ("wav", "opus"))
    assert [one.transcript for one in wav] == [one.transcript for one in opus]
    assert [len(read_audio(one.audio)[0]) for one in wav] == [len(read_audio(one.audio)[0]) for one in opus]


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    st.lists(
        st.tuples(texts.filter(bool), st.none() | st.floats(0, 1e6), texts.filter(str.strip)), min_size=1, max_size=5
    )
)
def test_json_lines_hold_any_text(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float | None, str]]
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    samples = [
        Sample(str(folder / f"{n}.wav"), folder / f"{n}.wav", text, n, speaker, duration_s)
        for n, (text, duration_s, speaker) in enumerate(rows)
    ]
    with JsonlWriter(folder / "a.jsonl") as writer:
        for sample in samples:
            writer.write(sample)
    assert read_jsonl(folder / "a.jsonl") == samples


@given(st.lists(texts, max_size=5))
def test_databases_hold_any_text(tmp_path_factory: pytest.TempPathFactory, transcripts: list[str]) -> None:
    path = tmp_path_factory.mktemp("database") / "a.sdb"
    with SampleDatabaseWriter(path, WAV) as writer:
        for text in transcripts:
            writer.write(np.zeros(100, np.float32), 8000, text)
    assert [sample.transcript for sample in read_samples(path)] == transcripts


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not an object"),
        ('{"text": "a"}', "audio_filepath is missing"),
        ('{"audio_filepath": "a\\u0000.wav", "text": "a"}', "audio_filepath is missing or no path"),
        ('{"audio_filepath": "a.wav"}', "text is missing"),
        ('{"audio_filepath": "a.wav", "text": 3}', "text is missing or not a string"),
        ('{"audio_filepath": "a.wav", "text": "a", "offset": 1.5}', "names a part of a recording"),
        ('{"audio_filepath": "a.wav", "text": "a", "duration": -1}', "duration is no number"),
        ('{"audio_filepath": "a.wav", "text": "a", "duration": NaN}', "duration is no number"),
    ],
)
def test_a_bad_line_is_told(tmp_path: Path, line: str, reason: str) -> None:
    good = '{"audio_filepath": "a.wav", "text": "a"}\n\n'
    (tmp_path / "a.jsonl").write_text(good + line)
    with pytest.raises(DataError, match=f"^{tmp_path}/a.jsonl:3: {reason}"):
        read_samples(tmp_path / "a.jsonl")


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as file:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


SOUND = wav_bytes(tones("ab"), 16000)


def test_web_datasets(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.tar",
        {
            "b/é.1.txt": b"not its key", "b/two.wav": SOUND, "readme": b"x", "b/two.txt": b"zwei\n",
            "one.json": b'{"transcript": "eins", "speaker": 7, "duration": 0.5}', "one.wav": SOUND,
        },
    )  # fmt: skip
    two, one = read_samples(path)
    assert (two.id, two.audio.name, two.transcript, two.speaker) == (f"{path}:b/two.wav", "two.wav", "zwei", "")
    assert (one.transcript, one.speaker, one.duration_s, one.size_bytes) == ("eins", "7", 0.5, len(SOUND))
    assert np.array_equal(read_audio(one.audio)[0], read_audio(SOUND)[0])


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"a.wav": SOUND}, "no transcript; add a.txt"),
        ({"a.wav": SOUND, "a.flac": SOUND, "a.txt": b"a"}, "a second sound for a"),
        ({"a.wav": SOUND, "a.txt": b"\xff"}, "not UTF-8"),
        ({"a.wav": SOUND, "a.json": b"{"}, "not JSON"),
        ({"a.wav": SOUND, "a.json": b"[]"}, "not a JSON object"),
        ({"a.wav": SOUND, "samples.csv": b"wav_filename,wav_filesize,transcript\nb.wav,1,a\n"}, "b.wav is not in"),
        ({"a.wav": SOUND, "samples.csv": b"wav_filename\na.wav\n"}, "no column transcript"),
    ],
)
def test_what_is_wrong_with_an_archive_is_told(tmp_path: Path, members: dict[str, bytes], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_samples(archive(tmp_path / "a.tar", members))


def test_cut_archives_are_told(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.tar", {f"{n}.{s}": c for n in "ab" for s, c in (("wav", SOUND), ("txt", b"a"))})
    data = whole.read_bytes()
    # After a member, within one, within a header, before the first.
    for end in (len(SOUND) // 512 * 512 + 1024, 3000, 700, 100, 0):
        (tmp_path / "b.tar").write_bytes(data[:end])
        with pytest.raises(DataError, match=f"^{tmp_path}/b.tar: "):
            read_samples(tmp_path / "b.tar")
    with pytest.raises(DataError, match="cannot read the archive"):
        read_samples(tmp_path / "none.tar")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_archives_are_an_error_or_samples(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    data = bytearray(archive(folder / "a.tar", {"a.wav": SOUND[:600], "a.txt": b"a"}).read_bytes()[:3072])
    for place, value in changes:
        data[place % len(data)] = value
    (folder / "a.tar").write_bytes(data)
    with contextlib.suppress(DeepSpeechError):
        for sample in read_samples(folder / "a.tar"):
            read_audio(sample.audio)


def test_a_span_beyond_its_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(SOUND)
    span = AudioSlice(tmp_path / "x", 0, len(SOUND), "wav", "3")
    assert read_audio(span)[1] == 16000
    for changed in (replace(span, offset=1), replace(span, offset=1 << 70, size=0), replace(span, size=1 << 70)):
        with pytest.raises(AudioError, match=f"^{tmp_path}/x:3: cut off"):
            read_audio(changed)
    with pytest.raises(AudioError, match="there is no file"):
        probe(replace(span, file=tmp_path / "y"))


@given(st.binary(max_size=60))
def test_packets_that_are_none(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with contextlib.suppress(AudioError):
        opus_packets.probe(data, "x")
    whole = opus_packets.encode(tones("a"), 16000)
    assert opus_packets.probe(whole, "x")[2] == len(tones("a"))
    with pytest.raises(AudioError, match="cut off"):
        opus_packets.probe(whole[:200], "x")


def test_a_text_in_an_archive_whose_sound_is_of_a_coding_that_is_not_read_is_a_sample(tmp_path: Path) -> None:
    m4a = b"\0\0\0\x20ftypM4A " + bytes(100)
    members = {
        "a.m4a": m4a,
        "a.txt": b"a",
        "b.wav": SOUND,
        "b.m4a": m4a,
        "b.txt": b"b",
        "lone.mp4": m4a,
        "README.txt": b"",
    }
    path = archive(tmp_path / "a.tar", members)
    samples = read_samples(path)
    assert [sample.audio.inside for sample in samples] == ["a.m4a", "b.wav"]  # type: ignore[union-attr]
    with pytest.raises(AudioError, match=r"a\.m4a: is an M4A file"):
        probe(samples[0].audio)
    assert len(read_samples(path, labeled=False)) == 3
    with pytest.raises(DataError, match="no recordings in it, of 1 files"):
        read_samples(archive(tmp_path / "b.tar", {"README.txt": b"a"}))
