"""Folders of pairs: one data set, resumed where it stopped, errors told and passed over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepspeech.alignment import folder
from deepspeech.alignment.clips import ClipRules
from deepspeech.alignment.folder import Pair, Settings, align_pairs, find_pairs, outdated, write_all
from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import DataError
from deepspeech.modelfile.checksum import add_checksum
from deepspeech.runtime.session import Session
from tests.conftest import Command
from tests.fakes import tones


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    for name, text in {"ann/one": "abba cad dab", "ann/two": "dad cab bad add", "bob/one": "cab dab abba"}.items():
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, tones(text), 16000)
        path.with_suffix(".txt").write_text(f"{text.capitalize()}.\n")
    (folder / "bob" / "alone.wav").write_bytes(b"")
    (folder / "bob" / "broken.wav").write_bytes(b"no sound")
    (folder / "bob" / "broken.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nabba\n")
    return folder


def test_a_folder_becomes_one_data_set(deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    run = ("import", "aligned", books, target, "--model", hearing_model, "--speakers", "--min-score", "-3")
    code, out, err = deepspeech(*run)
    assert code == 2
    assert "broken.wav" in err
    assert "alone.wav: has no text" in err
    samples = read_samples(target / "all.csv")
    assert {sample.speaker for sample in samples} == {"ann", "bob"}
    assert all(Path(sample.audio).is_file() for sample in samples)
    assert f"{len(samples)} clips of 3 recordings" in out
    one = next(sample for sample in samples if sample.speaker == "bob")
    sound = Path(one.audio).relative_to(target / "bob" / "one")
    (target / "bob" / "one" / "accepted.csv").write_text(
        f"wav_filename,wav_filesize,transcript,speaker\n{sound},1,by hand,bob\n"
    )
    first = (target / "ann" / "one" / "one.json").stat().st_mtime_ns
    (books / "bob" / "broken.wav").unlink()
    assert deepspeech(*run)[0] == 0
    assert [sample.transcript for sample in read_samples(target / "all.csv")].count("by hand") == 1
    assert (target / "ann" / "one" / "one.json").stat().st_mtime_ns == first


def test_what_differs_makes_pairs_anew(deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path) -> None:
    (books / "bob" / "broken.srt").unlink()
    target, other = tmp_path / "out", tmp_path / "other.onnx"
    run = ("import", "aligned", books, target, "--speakers", "--min-score", "-3")
    times = [books.parent / "out" / "ann" / name / f"{name}.json" for name in ("one", "two")]

    def made_anew(model: Path, *more: object) -> tuple[list[bool], str]:
        before = [path.stat().st_mtime_ns if path.exists() else 0 for path in times]
        code, _, err = deepspeech(*run, "--model", model, *more)
        assert code == 0
        lines = [line for line in err.splitlines() if "anew" in line]
        return [path.stat().st_mtime_ns != at for path, at in zip(times, before, strict=True)], "".join(lines)

    assert made_anew(hearing_model) == ([True, True], "")
    assert made_anew(hearing_model) == ([False, False], "")
    said = "deepspeech: 3 recordings are aligned anew; what differs: "
    cut = "deepspeech: 3 recordings are cut anew; what differs: clips"
    assert made_anew(hearing_model, "--max-sec", "9") == ([True, True], cut)
    other.write_bytes(add_checksum(hearing_model.read_bytes()))  # hears the same, but has other bytes
    assert made_anew(other, "--max-sec", "9") == ([True, True], said + "model")
    (books / "ann" / "two.txt").write_text("Dad cab bad add!\n")
    changed = "deepspeech: 1 recordings are aligned anew; what differs: text"
    assert made_anew(other, "--max-sec", "9") == ([False, True], changed)


def test_cutting_anew_is_as_if_it_were_aligned_anew_and_needs_no_model(
    hearing_model: Path, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [pair for pair in find_pairs(books)[0] if pair.sound.stem != "broken"]
    first, strict = Settings("model"), Settings("model", rules=ClipRules(least_score=-0.001, min_s=0.3))

    def made(target: Path, settings: Settings) -> dict[Path, bytes]:
        assert not any(done.error for done in align_pairs(Session(hearing_model), pairs, target, settings, 1))
        found = (path for path in target.rglob("*") if path.is_file() and path.suffix != ".html")  # its Ogg is random
        return {path.relative_to(target): path.read_bytes() for path in found}

    fresh = made(tmp_path / "fresh", strict)
    again = made(tmp_path / "again", first)
    assert again != fresh
    monkeypatch.setattr(folder, "align", lambda *_: pytest.fail("it was aligned"))
    again = made(tmp_path / "again", strict)
    here = str(tmp_path / "again").encode()
    assert {path: again[path].replace(here, str(tmp_path / "fresh").encode()) for path in fresh} == fresh
    (tmp_path / "again/ann/one/one.json").write_text("{}")
    monkeypatch.undo()
    assert made(tmp_path / "again", first)[Path("ann/one/one.json")] == fresh[Path("ann/one/one.json")]


def test_a_pair_that_was_interrupted_while_it_was_made_anew_is_not_done(
    deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path
) -> None:
    pairs, target = [pair for pair in find_pairs(books)[0] if pair.sound.stem != "broken"], tmp_path / "out"
    settings = Settings("model", {}, ClipRules(least_score=-3))
    session = Session(hearing_model)
    assert not any(done.error for done in align_pairs(session, pairs, target, settings, 1))
    assert outdated(pairs, target, settings) == {}
    other = replace(settings, all_spoken=True)
    assert set(map(tuple, outdated(pairs, target, other).values())) == {("all_spoken",)}
    pairs[0].sound.write_bytes(b"no sound")
    assert next(align_pairs(session, pairs[:1], target, other, 1)).error
    assert outdated(pairs, target, settings) == {pairs[0]: []}
    assert all("one" not in str(sample.audio) for sample in written(pairs[:1], target))


def test_a_recording_that_does_not_fit_its_text_is_told_and_left_out(
    deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path
) -> None:
    (books / "bob" / "broken.srt").unlink()
    write_wav(books / "ann" / "one.wav", tones(" " * 40), 16000)
    (books / "ann" / "two.txt").write_text("Dad cab 7 add.\n")
    (books / "bob" / "one.txt").write_text("Εν αρχή.\n", encoding="utf-8")
    code, out, err = deepspeech("import", "aligned", books, tmp_path / "out", "--model", hearing_model)
    assert code == 2
    assert "one.wav: hardly a word of its text is heard there" in err
    assert "one.txt: the model's alphabet can write none of the 2 words" in err
    assert "1 words are wildcards that any sound fits" in err
    assert "clips of 1 recordings" in out


def test_with_all_spoken_it_is_told_and_cut(
    deepspeech: Command, hearing_model: Path, books: Path, tmp_path: Path
) -> None:
    (books / "bob" / "broken.srt").unlink()
    write_wav(books / "ann" / "one.wav", tones(" " * 40), 16000)
    code, out, err = deepspeech("import", "aligned", books, tmp_path, "--model", hearing_model, "--all-spoken")
    assert code == 0
    assert "one.wav: hardly a word of its text is heard there" in err
    assert "clips of 3 recordings" in out


def test_a_recording_that_is_gone_meanwhile_stops_no_other(hearing_model: Path, books: Path, tmp_path: Path) -> None:
    pairs = [pair for pair in find_pairs(books)[0] if pair.name.name != "broken"]
    pairs[0].sound.unlink()
    done = list(align_pairs(Session(hearing_model), pairs, tmp_path / "out", Settings("model"), 1))
    assert [str(pairs[0].sound) in one.error for one in done] == [True, False, False]
    assert [bool(one.error) for one in done] == [True, False, False]
    assert outdated(pairs[:1], tmp_path / "out", Settings("model")) == {pairs[0]: []}


def test_a_clip_accepted_by_hand_takes_the_place_of_later_ones_of_its_sound(tmp_path: Path) -> None:
    pair, folder = Pair(tmp_path / "a.wav", tmp_path / "a.txt", Path("a")), tmp_path / "a"
    places = {"clips": [(0, 900), (1000, 2000), (2000, 3000)], "accepted": [(900, 1500)]}
    for part, times in places.items():
        (folder / part).mkdir(parents=True)
        names = [folder / part / f"a-{start:07}-{end:07}.wav" for start, end in times]
        for name in names:
            write_wav(name, np.zeros(160, np.float32), 16000)
        write_csv(folder / f"{part}.csv", [Sample(str(name), name, part, 1) for name in names])
    pair.made_with(tmp_path).write_text("{}")
    assert [Path(one.audio).stem for one in written([pair], tmp_path)] == [
        "a-0000000-0000900",
        "a-0002000-0003000",
        "a-0000900-0001500",
    ]


def written(pairs: list[Pair], target: Path) -> list[Sample]:
    write_all(pairs, target, False)
    return read_samples(target / "all.csv") if len((target / "all.csv").read_text().splitlines()) > 1 else []


def test_folders_without_pairs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        find_pairs(tmp_path / "none")
    with pytest.raises(DataError, match="no recording with a text"):
        find_pairs(tmp_path)
    for name in ("a.wav", "a.flac", "a.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="two recordings are called a"):
        find_pairs(tmp_path)
