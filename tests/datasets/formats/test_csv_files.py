"""CSV data sets as people and old importers write them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.datasets.formats.csv_files import SPEAKER_COLUMNS, CsvWriter, read_csv, write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError


def csv_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "set.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def fault(path: Path, labeled: bool = True) -> str:
    with pytest.raises(DataError) as caught:
        read_csv(path, labeled)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def test_reads_columns_by_name_and_paths_from_its_folder(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "speaker,transcript,wav_filename,wav_filesize\nx,hello you,clips/a.wav,120\ny,ünï,/abs/b.wav,7\n",
    )
    first, second = read_csv(path)
    audio = tmp_path / "clips" / "a.wav"
    assert first == Sample(str(audio), audio, "hello you", 120, "x")
    assert second == Sample("/abs/b.wav", Path("/abs/b.wav"), "ünï", 7, "y")


@pytest.mark.parametrize("column", SPEAKER_COLUMNS)
def test_speakers_are_read_under_any_of_their_names_and_written(tmp_path: Path, column: str) -> None:
    samples = read_csv(csv_file(tmp_path, f'wav_filename,transcript,{column}\na.wav,one,"x, y"\nb.wav,two\n'))
    assert [sample.speaker for sample in samples] == ["x, y", ""]
    with CsvWriter(tmp_path / "out.csv", speakers=True) as writer:
        for sample in samples:
            writer.write(sample)
    assert read_csv(tmp_path / "out.csv") == samples
    assert (tmp_path / "out.csv").read_text().startswith("wav_filename,wav_filesize,transcript,speaker\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, newline: str, mark: str) -> None:
    lines = ["wav_filename,wav_filesize,transcript", "a.wav,1,one", "", 'b.wav,2,"two, and ""three"""']
    rows = read_csv(csv_file(tmp_path, mark + newline.join(lines)))
    assert [row.transcript for row in rows] == ["one", 'two, and "three"']


@pytest.mark.parametrize(("text", "size"), [("", 0), ("12", 12), ("12.0", 12)])
def test_sizes(tmp_path: Path, text: str, size: int) -> None:
    path = csv_file(tmp_path, f"wav_filename,wav_filesize,transcript\na.wav,{text},one\n")
    assert read_csv(path)[0].size_bytes == size


def test_size_column_may_be_missing(tmp_path: Path) -> None:
    assert read_csv(csv_file(tmp_path, "wav_filename,transcript\na.wav,one\n"))[0].size_bytes == 0


def test_only_a_header_is_an_empty_set(tmp_path: Path) -> None:
    assert read_csv(csv_file(tmp_path, "wav_filename,wav_filesize,transcript\n")) == []


def test_transcripts_may_be_missing_where_no_labels_are_needed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "wav_filename,wav_filesize\na.wav,1\n")
    assert read_csv(path, labeled=False)[0].transcript == ""
    assert "no column transcript" in fault(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("wav_filesize,transcript\n1,one\n", "no column wav_filename"),
        ("wav_filename,transcript\na.wav,one\nb.wav\n", ":3: 1 columns, but the header names 2"),
        ("wav_filename,wav_filesize,transcript\na.wav,big,one\n", ":2: wav_filesize is 'big'"),
        ("wav_filename,wav_filesize,transcript\na.wav,inf,one\n", ":2: wav_filesize is 'inf'"),
        ("wav_filename,transcript\n,one\n", ":2: wav_filename is empty"),
        (b"wav_filename,transcript\na.wav,\xff\xfe\n", "not UTF-8"),
        ("wav_filename,transcript\na.wav," + "x" * 200_000, "not readable as CSV"),
    ],
)
def test_faults_name_file_line_and_column(tmp_path: Path, content: str | bytes, words: str) -> None:
    assert words in fault(csv_file(tmp_path, content))


def test_missing_file(tmp_path: Path) -> None:
    assert "cannot read the data set (No such file" in fault(tmp_path / "none.csv")


text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
names = st.text(st.characters(categories=["L", "N"], include_characters=" ,'\"-"), min_size=1, max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.integers(0, 2**40), text), max_size=8))
def test_written_rows_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    samples = [Sample(str(folder / n), folder / n, said, size) for n, size, said in rows]
    assert write_csv(folder / "a.csv", samples) == len(rows)
    assert read_csv(folder / "a.csv") == samples


def test_writes_paths_relative_to_its_folder_and_line_feeds(tmp_path: Path) -> None:
    inside, outside = tmp_path / "sets" / "ä" / "a.wav", tmp_path / "b.wav"
    (tmp_path / "sets").mkdir()
    rows = [Sample("1", inside, 'say "a"', 5), Sample("2", outside, "b", 6)]
    path = tmp_path / "sets" / "a.csv"
    write_csv(path, rows)
    head = "wav_filename,wav_filesize,transcript\n"
    assert path.read_text() == f'{head}ä/a.wav,5,"say ""a"""\n{outside},6,b\n'
    with CsvWriter(path, absolute=True) as writer:
        writer.write(rows[0])
    assert path.read_text() == f'{head}{inside},5,"say ""a"""\n'


def test_relative_paths_of_this_process_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv("a.csv", [Sample("1", Path("clips/a.wav"), "a", 5)])
    assert read_csv("a.csv")[0].audio == Path("clips/a.wav")


def test_a_broken_off_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "old")

    def rows() -> Iterator[Sample]:
        yield Sample("1", tmp_path / "a.wav", "a", 5)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_csv(path, rows())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match="cannot be written"):
        write_csv(tmp_path / "no folder" / "a.csv", [])
