"""The importer program: what is converted, kept, dropped, counted, and in which order."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.audio.formats import probe, read_audio, write_wav
from deepspeech.corpora.clip import Clip, Converted, convert
from deepspeech.corpora.engine import Rules, check_clip, import_set
from deepspeech.corpora.report import FAILED, INVALID_LABEL, TOO_LONG, TOO_SHORT, DroppedClip, SetReport
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import CorpusError, DataError
from deepspeech.text.labels import validate_english
from deepspeech.text.tokens import ENGLISH

RULES = Rules(validate_english)


def recording(path: Path, duration_s: float = 1.0, rate_hz: int = 48000, channels: int = 1) -> Path:
    soundfile.write(path, np.full((int(duration_s * rate_hz), channels), 0.1, np.float32), rate_hz)
    return path


def clip(folder: Path, sentence: str = "hello", name: str = "a", kind: str = "mp3") -> Clip:
    return Clip(folder / f"{name}.{kind}", folder / f"{name}.wav", sentence)


@pytest.mark.parametrize(("kind", "rate_hz", "channels"), [("mp3", 48000, 1), ("mp3", 44100, 2), ("flac", 8000, 3)])
def test_converts_to_16_khz_mono_16_bit(tmp_path: Path, kind: str, rate_hz: int, channels: int) -> None:
    recording(tmp_path / f"a.{kind}", 1.0, rate_hz, channels)
    sound = convert(clip(tmp_path, kind=kind))
    assert sound == Converted((tmp_path / "a.wav").stat().st_size, 1.0, wav=tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as wav:
        assert (wav.samplerate, wav.channels, wav.subtype, wav.frames) == (16000, 1, "PCM_16", 16000)
    assert np.abs(read_audio(tmp_path / "a.wav")[0][4000:-4000] - 0.1).max() < 0.01


def test_silence_at_the_ends_is_cut_where_requested(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    samples = random.normal(0, 0.001, 5 * 16000).astype(np.float32)
    samples[2 * 16000 : 3 * 16000] += random.normal(0, 0.1, 16000).astype(np.float32)
    write_wav(tmp_path / "source.wav", samples, 16000)
    source, wav = tmp_path / "source.wav", tmp_path / "wavs" / "a.wav"
    assert convert(Clip(source, wav, "hello")).wav == source  # as it lies
    sound = convert(Clip(source, wav, "hello", trim=True))
    assert sound.wav == wav
    assert sound.duration_s == pytest.approx(1.5, abs=0.1)  # with a quarter of a second on both sides
    loud = np.flatnonzero(np.abs(read_audio(wav)[0]) > 0.05)
    assert len(loud) > 0.95 * np.count_nonzero(np.abs(samples) > 0.05)
    noise = Clip(source, tmp_path / "noise.wav", "hello", end_s=1.9, trim=True)
    assert convert(noise).duration_s == pytest.approx(1.9, abs=0.01)  # where nobody speaks nothing is cut


def test_a_finished_wav_is_kept_even_without_its_source(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(8000, np.float32), 16000)
    before = (tmp_path / "a.wav").stat().st_mtime_ns
    assert convert(clip(tmp_path)) == Converted(16044, 0.5, wav=tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_mtime_ns == before


@pytest.mark.parametrize("leftover", ["empty", "cut off", "other rate"])
def test_a_broken_leftover_is_made_again(tmp_path: Path, leftover: str) -> None:
    recording(tmp_path / "a.mp3")
    write_wav(tmp_path / "a.wav", np.zeros(8000, np.float32), 48000 if leftover == "other rate" else 16000)
    if leftover != "other rate":
        content = (tmp_path / "a.wav").read_bytes()
        (tmp_path / "a.wav").write_bytes(content[: 100 if leftover == "cut off" else 0])
    assert convert(clip(tmp_path)).duration_s == 1.0
    assert probe(tmp_path / "a.wav").frames == 16000


def test_a_wav_file_that_is_right_is_used_where_it_lies(tmp_path: Path) -> None:
    source = tmp_path / "source.wav"
    write_wav(source, np.zeros(8000, np.float32), 16000)
    assert convert(Clip(source, tmp_path / "new" / "a.wav", "a")).wav == source
    assert convert(Clip(source, tmp_path / "new" / "a.wav", "a", end_s=0.25)).wav == tmp_path / "new" / "a.wav"
    write_wav(source, np.zeros(8000, np.float32), 48000)
    before = source.read_bytes()
    assert convert(Clip(source, tmp_path / "new" / "b.wav", "a")).wav == tmp_path / "new" / "b.wav"
    assert source.read_bytes() == before


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "NIST"])
def test_parts_and_sides_of_a_recording(tmp_path: Path, kind: str) -> None:
    left, right = np.repeat([0.1, 0.2, 0.3], 8000), np.repeat([0.4, 0.5, 0.6], 8000)
    soundfile.write(tmp_path / "talk", np.stack([left, right], axis=1), 8000, format=kind)
    for number, (channel, level) in enumerate(((0, 0.2), (1, 0.5), (None, 0.35))):
        wav = tmp_path / f"{number}.wav"
        part = Clip(tmp_path / "talk", wav, "a", start_s=1.25, end_s=1.75, channel=channel)
        assert convert(part).duration_s == 0.5
        assert np.abs(read_audio(wav)[0][1000:-1000] - level).max() < 0.02
    assert "no audio" in convert(Clip(tmp_path / "talk", tmp_path / "x.wav", "a", start_s=9, end_s=10)).detail
    assert "there is no channel 2" in convert(Clip(tmp_path / "talk", tmp_path / "x.wav", "a", channel=2)).detail


def test_a_recording_inside_a_data_set(tmp_path: Path) -> None:
    content = recording(tmp_path / "a.flac").read_bytes()
    packed = Clip(Path("train.parquet:7"), tmp_path / "new" / "a.wav", "a", content=content)
    assert convert(packed).duration_s == 1.0
    damaged = Clip(Path("train.parquet:8"), tmp_path / "b.wav", "a", content=content[:30])
    assert convert(damaged).detail.startswith("train.parquet:8: ")


def test_what_cannot_be_converted(tmp_path: Path) -> None:
    assert convert(clip(tmp_path)).fault == "the clip is not there"
    (tmp_path / "a.mp3").touch()
    assert convert(clip(tmp_path)).fault == "the clip cannot be read"
    recording(tmp_path / "b.flac", duration_s=1 / 48000)
    assert "no audio" in convert(clip(tmp_path, name="b", kind="flac")).detail
    assert not list(tmp_path.glob("*.wav"))


def test_a_full_disk_ends_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    recording(tmp_path / "a.mp3")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CorpusError, match=r"a\.wav: cannot be written \(No space left on device\)"):
        convert(clip(tmp_path))


def test_one_wav_file_that_cannot_be_written_does_not(tmp_path: Path) -> None:
    recording(tmp_path / "a.mp3")
    (tmp_path / "a.wav").mkdir()
    assert convert(clip(tmp_path)).fault == "the clip cannot be read"


@pytest.mark.parametrize(
    ("sentence", "sound", "reason"),
    [
        ("hello", Converted(1, 10.0), None),
        ("hello", Converted(1, 10.01), TOO_LONG),
        ("hello", Converted(1, 0.1), None),
        ("hello", Converted(1, 0.0999), TOO_SHORT),
        ("7", Converted(1, 1.0), INVALID_LABEL),
        ("", Converted(1, 1.0), INVALID_LABEL),
        ("straße", Converted(1, 1.0), INVALID_LABEL),
        ("7" * 999, Converted(1, 20.0), INVALID_LABEL),
        ("a" * 999, Converted(1, 11.0), TOO_SHORT),
        ("7", Converted(fault="gone"), FAILED),
    ],
)
def test_the_first_reason_counts(sentence: str, sound: Converted, reason: str | None) -> None:
    report = SetReport("a", Path("a.csv"), 10)
    verdict = check_clip(Clip(Path("a.mp3"), Path("a.wav"), sentence), sound, Rules(validate_english, ENGLISH), report)
    found = verdict.reason if isinstance(verdict, DroppedClip) else None
    assert found == reason
    assert (report.clips, report.imported, report.total_s) == (1, int(reason is None), sound.duration_s)
    assert report.imported_s == (sound.duration_s if reason is None else 0)
    assert reason is None or report.skipped(reason) == 1
    assert dict(report.characters) == ({"ß": 1} if sentence == "straße" else {})


def test_a_shortest_clip() -> None:
    report = SetReport("a", Path("a.csv"), 10)
    rules = Rules(validate_english, min_s=0.85)
    verdict = check_clip(Clip(Path("a.mp3"), Path("a.wav"), "a"), Converted(1, 0.8), rules, report)
    assert isinstance(verdict, DroppedClip)
    assert (verdict.reason, verdict.detail) == (TOO_SHORT, "0.80 s")


@pytest.mark.parametrize("speakers", [("ann", "", "bo, the 2nd"), ("", "", "")])
def test_speakers_that_a_corpus_names_are_written(tmp_path: Path, speakers: tuple[str, ...]) -> None:
    recording(tmp_path / "b.mp3", 1.0)
    clips = [replace(clip(tmp_path, "Hello", "b"), speaker=name) for name in speakers]
    report = SetReport("set", tmp_path / "set.csv", 10)
    import_set(clips, None, RULES, report, workers=1)
    assert [sample.speaker for sample in read_csv(report.csv)] == list(speakers)
    header = report.csv.read_text().splitlines()[0]
    assert header == "wav_filename,wav_filesize,transcript" + (",speaker" if any(speakers) else "")


def test_a_whole_set(tmp_path: Path) -> None:
    recording(tmp_path / "ü.mp3", 2.0)
    recording(tmp_path / "b.mp3", 1.0)
    (tmp_path / "c.mp3").write_bytes(b"no sound at all")
    clips = [
        clip(tmp_path, "Second, first!", "ü"),
        clip(tmp_path, "Broken", "c"),
        clip(tmp_path, "Hello", "b"),
        clip(tmp_path, "Hello again", "b"),
        clip(tmp_path, "room 7", "b"),
        Clip(Path("row"), Path("row"), "?", fault="the row is incomplete"),
    ]
    report = SetReport("set", tmp_path / "set.csv", 10)
    kept: list[Sample] = []
    import_set(iter(clips), None, RULES, report, workers=2, each=kept.append)
    assert [(s.audio.name, s.transcript) for s in kept] == [
        ("ü.wav", "second first"), ("b.wav", "hello"), ("b.wav", "hello again"),
    ]  # fmt: skip
    assert [(s.audio, s.transcript, s.size_bytes) for s in read_csv(report.csv)] == [
        (s.audio, s.transcript, s.size_bytes) for s in kept
    ]
    assert (report.clips, report.imported, report.imported_s, report.total_s) == (6, 3, 4.0, 5.0)
    assert report.dropped_file == tmp_path / "set.dropped.jsonl"
    dropped = [json.loads(line) for line in report.dropped_file.read_text().splitlines()]
    assert [(d["clip"], d["reason"]) for d in dropped] == [
        ("c.mp3", FAILED), ("b.mp3", INVALID_LABEL), ("row", FAILED),
    ]  # fmt: skip
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.name.startswith(".")) == []

    again = SetReport("set", tmp_path / "set.csv", 10)
    import_set(clips[:1], 1, RULES, again)
    assert again.dropped_file is None
    assert not report.dropped_file.exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = SetReport("set", tmp_path / "file" / "set.csv", 10)
    with pytest.raises((CorpusError, DataError), match="cannot be written"):
        import_set([], 0, RULES, report)


def test_a_rule_that_breaks_leaves_no_csv(tmp_path: Path) -> None:
    recording(tmp_path / "a.mp3")

    def broken(sentence: str) -> str:
        raise RuntimeError(sentence)

    with pytest.raises(RuntimeError):
        import_set([clip(tmp_path)], 1, Rules(broken), SetReport("set", tmp_path / "set.csv", 10))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp3", "a.wav"]


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(2.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (float("inf"), None)]
)
def test_times_that_make_no_sense(tmp_path: Path, start_s: float, end_s: float | None) -> None:
    part = Clip(recording(tmp_path / "a.mp3"), tmp_path / "a.wav", "a", start_s=start_s, end_s=end_s)
    assert convert(part).fault == "its start and end are invalid"


def test_a_corpus_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    recording(tmp_path / "outside.mp3")
    (tmp_path / "corpus").mkdir()
    stray = Clip(tmp_path / "corpus" / ".." / "outside.mp3", tmp_path / "corpus" / ".." / "outside.wav", "hello")
    report = SetReport("set", tmp_path / "corpus" / "set.csv", 10)
    import_set([stray], 1, RULES, report)
    assert report.dropped == {(FAILED, "its name leads out of the corpus's folder"): 1}
    assert not (tmp_path / "outside.wav").exists()
