"""From what a person names to recordings and outputs; shards; what is done stays done."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.formats import probe
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.runtime.jobs import (
    Job,
    apart,
    find,
    is_whole,
    of_channels,
    output,
    read_manifest,
    take_shard,
    to_do,
    write,
)
from deepspeech.runtime.recording import channels


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.wav", "a.flac", "deep/er/c.MP3", "notes.txt", "deep/d.opus"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_gives_its_recordings_in_order(tree: Path) -> None:
    jobs = find([str(tree)])
    assert [str(job.name) for job in jobs] == ["a", "b", "deep/d", "deep/er/c"]
    assert jobs[3].audio == tree / "deep/er/c.MP3"
    assert output(Path("out"), jobs[3], "srt") == Path("out/deep/er/c.srt")


def test_patterns_and_files_are_found(tree: Path) -> None:
    assert [job.audio.name for job in find([str(tree / "**/*.[om]p*"), str(tree / "b.wav")])] == ["d.opus", "b.wav"]
    assert find(["gone.wav"]) == [Job(Path("gone.wav"), Path("gone"))]  # reading it says what is wrong
    with pytest.raises(AudioError, match="no recordings"):
        find([str(tree / "*.ogg")])
    (tree / "empty").mkdir()
    with pytest.raises(AudioError, match="no recordings"):
        find([str(tree / "empty")])


def test_a_name_with_dots_and_brackets_is_kept(tree: Path) -> None:
    (tree / "v1.2 [x].wav").touch()
    (job,) = find([str(tree / "v1.2 [x].wav")])
    assert output(Path("o"), job, "txt") == Path("o/v1.2 [x].txt")


def test_a_manifest_is_a_list_or_a_csv(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("clips/a.wav\n\n/data/b.flac\n../c.wav\n")
    jobs = read_manifest(tmp_path / "list")
    assert [job.audio for job in jobs] == [tmp_path / "clips/a.wav", Path("/data/b.flac"), tmp_path / "../c.wav"]
    assert [str(job.name) for job in jobs] == ["clips/a", "data/b", "c"]
    (tmp_path / "a.csv").write_text("wav_filename,wav_filesize\na.wav,3\n")
    assert read_manifest(tmp_path / "a.csv") == [Job(tmp_path / "a.wav", Path("a"))]
    (tmp_path / "b.csv").write_text("path\na.wav\n")
    with pytest.raises(DataError, match="wav_filename"):
        read_manifest(tmp_path / "b.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / "gone")


def test_folders_in_a_manifest_are_jobs_that_fail(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("/\n.\n..\n../a.wav\n")
    jobs = read_manifest(tmp_path / "list")
    assert [str(job.name) for job in jobs] == ["unnamed", "unnamed", "unnamed", "a"]
    names = {job.name for job in to_do(apart(jobs), tmp_path, "txt")}
    assert len(names) == 4
    assert Path() not in names
    with pytest.raises(AudioError, match="is a folder"):
        probe(jobs[0].audio)


def test_a_zero_byte_in_a_manifest_is_told(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.wav\nb\0.wav\n")
    with pytest.raises(DataError, match="list: a zero byte in 'b"):
        read_manifest(tmp_path / "list")


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
def test_a_manifest_is_read_by_the_rules_of_data_sets(tmp_path: Path, separator: str) -> None:
    rows = (("transcript", "wav_filename"), ("one", "a.wav"), ("", ""), ("two", "b.wav"))
    (tmp_path / "a.csv").write_text("".join(separator.join(row) + "\n" for row in rows))
    assert [job.audio.name for job in read_manifest(tmp_path / "a.csv")] == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("rows", "line", "fault"),
    [
        ('a.wav,"one\nb.wav,two\nc.wav,three\n', 2, "quote"),
        ("a.wav,one\nb.wav,two,three\n", 3, "3 columns"),
        ("a.wav,one\n ,two\n", 3, "no wav_filename"),
        ("a.wav,one\nb.wav,\0\n", 3, "a zero byte"),
    ],
)
def test_a_row_that_would_be_lost_is_told(tmp_path: Path, rows: str, line: int, fault: str) -> None:
    (tmp_path / "a.csv").write_text("wav_filename,transcript\n" + rows)
    with pytest.raises(DataError, match=rf"a\.csv:{line}: .*{fault}"):
        read_manifest(tmp_path / "a.csv")


@given(count=st.integers(0, 50), shards=st.integers(1, 9))
def test_shards_share_a_list_out(count: int, shards: int) -> None:
    jobs = [Job(Path(f"{n}.wav"), Path(str(n))) for n in range(count)]
    parts = [take_shard(jobs, f"{number}/{shards}") for number in range(1, shards + 1)]
    assert sorted((job for part in parts for job in part), key=lambda job: int(job.name.name)) == jobs
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])
def test_what_is_no_shard_is_refused(shard: str) -> None:
    with pytest.raises(ConfigError, match="--shard"):
        take_shard([], shard)


def test_what_is_done_is_left_out(tmp_path: Path) -> None:
    jobs = [Job(Path(f"{name}.wav"), Path("x") / name) for name in "abcd"]
    write(output(tmp_path, jobs[0], "txt"), "said\n")
    output(tmp_path, jobs[1], "txt").touch()
    output(tmp_path, jobs[2], "txt").write_text("half a li")
    assert to_do(jobs, tmp_path, "txt") == jobs[1:]
    assert to_do(jobs, tmp_path, "txt", overwrite=True) == jobs
    assert to_do(jobs, tmp_path, "srt") == jobs
    assert is_whole(tmp_path / "x" / "a.txt")
    assert [path.name for path in (tmp_path / "x").iterdir() if path.name.startswith(".")] == []


def test_recordings_of_one_name_have_outputs_of_their_own() -> None:
    def names(*given: str) -> list[str]:
        return [str(job.name) for job in apart(Job(Path(one), Path(Path(one).stem)) for one in given)]

    assert names("2/a.wav", "b.wav", "1/a.wav") == ["2/a", "b", "1/a"]
    assert names("talk.wav", "talk.mp3") == ["talk.wav", "talk.mp3"]
    assert names("1/a.wav", "1/a.mp3", "2/a.wav") == ["1/a.wav", "1/a.mp3", "2/a.wav"]
    assert names("a.wav", "a.wav", "../x/b.wav") == ["a", "a", "b"]  # the same recording again is no other
    with pytest.raises(ConfigError, match="same output"):
        names("talk.mp3", "talk.wav", "talk.mp3.flac")


def test_one_recording_named_twice_is_done_once(tmp_path: Path) -> None:
    jobs = [Job(Path("a.wav"), Path("a")), Job(Path("b.wav"), Path("b")), Job(Path("./a.wav"), Path("a"))]
    assert to_do(apart(jobs), tmp_path, "txt") == jobs[:2]


@given(names=st.lists(st.sampled_from(["a", "b/a", "c/a", "c/b", "c/b/a"]), min_size=1), data=st.data())
def test_outputs_differ_where_recordings_do(names: list[str], data: st.DataObject) -> None:
    suffixes = data.draw(st.lists(st.sampled_from([".wav", ".mp3"]), min_size=len(names), max_size=len(names)))
    jobs = [Job(Path(n + s), Path(n).with_suffix("")) for n, s in zip(names, suffixes, strict=True)]
    found = apart(jobs)
    assert [job.audio for job in found] == [job.audio for job in jobs]
    assert len({job.name for job in found}) == len({job.audio for job in found})


def test_outputs_of_a_pattern_lie_below_its_fixed_part(tree: Path) -> None:
    (tree / "calls/mon").mkdir(parents=True)
    (tree / "calls/tue").mkdir()
    for day in ("mon", "tue"):
        (tree / "calls" / day / "audio.wav").touch()
    assert [str(job.name) for job in find([str(tree / "calls/*/audio.wav")])] == ["mon/audio", "tue/audio"]
    assert [str(job.name) for job in find([str(tree / "calls/mon/*.wav")])] == ["audio"]


def test_hidden_files_are_passed_over(tree: Path) -> None:
    (tree / ".ipynb_checkpoints").mkdir()
    for name in ("._b.wav", ".ipynb_checkpoints/b-checkpoint.wav", "deep/._d.opus"):
        (tree / name).touch()
    assert [str(job.name) for job in find([str(tree)])] == ["a", "b", "deep/d", "deep/er/c"]
    assert [job.audio.name for job in find([str(tree / "**/*.*[ow]*")])] == ["b.wav", "d.opus"]
    assert find([str(tree / "._b.wav")])[0].audio.name == "._b.wav"  # what is named is meant
    assert [job.audio.name for job in find([str(tree / ".ipynb_checkpoints")])] == ["b-checkpoint.wav"]


def test_recordings_that_cannot_be_read_here_are_jobs_unless_they_were_converted(tree: Path) -> None:
    for name in ("talk.M4A", "b.aac", "f.aac", "film.webm", "e.w64", "f.au", "__MACOSX/b.wav"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).touch()
    assert [job.audio.name for job in find([str(tree)])] == [
        "a.flac", "b.wav", "d.opus", "c.MP3", "e.w64", "f.aac", "f.au", "film.webm", "talk.M4A",
    ]  # fmt: skip


def test_links_that_lead_nowhere_and_pipes_in_a_folder_are_jobs_that_fail(tree: Path) -> None:
    (tree / "gone.wav").symlink_to(tree / "elsewhere.wav")
    os.mkfifo(tree / "pipe.wav")
    for named in (tree, tree / "*.wav"):
        audios = [job.audio for job in find([str(named)]) if job.audio.name in ("gone.wav", "pipe.wav")]
        assert len(audios) == 2
        for audio in audios:
            with pytest.raises(AudioError, match=r"no such file|device, pipe or socket"):
                probe(audio)


def test_an_empty_result_is_a_result(tmp_path: Path) -> None:
    job = Job(Path("a.wav"), Path("a"))
    write(output(tmp_path, job, "srt"), "")
    assert to_do([job], tmp_path, "srt") == []


def test_a_name_that_is_no_utf_8_is_written_as_json_writes_it(tmp_path: Path) -> None:
    write(tmp_path / "a.json", json.dumps({"file": "caf\udce9.wav"}, ensure_ascii=False) + "\n")
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"file": "caf\udce9.wav"}


def test_what_cannot_be_written_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"n{300}\.txt: cannot be written"):
        write(tmp_path / f"{'n' * 300}.txt", "x")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file: the folder cannot be created"):
        write(tmp_path / "file" / "a.txt", "x")


def test_each_channel_of_a_pipe_is_refused_before_it_is_read() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"sound")
    os.close(writer)
    try:
        jobs = find([f"/dev/fd/{reader}"])
        with pytest.raises(ConfigError, match="a pipe is read once"):
            of_channels(jobs, "each", channels)
        assert [job.channel for job in of_channels(jobs, 1, channels)] == [1]
        assert of_channels(jobs, None, channels) == jobs
        assert os.read(reader, 10) == b"sound"
    finally:
        os.close(reader)
