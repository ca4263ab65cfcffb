"""The index of a manifest: the same set with it and without it, and what training refuses is found without reading."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.datasets.pipeline import frames_needed
from deepspeech.datasets.shards import index as index_file
from deepspeech.datasets.shards import shard_set as sharded
from deepspeech.datasets.shards import writer
from deepspeech.datasets.shards.check import examine_shards
from deepspeech.datasets.shards.index import RECORD, CharacterPlaces, frames_at_most
from deepspeech.datasets.shards.order import Plan, durations
from deepspeech.datasets.shards.shard_set import Manifest, ShardSet, read_shards
from deepspeech.datasets.shards.writer import ShardOptions, write_shards
from deepspeech.errors import DataError
from deepspeech.features.config import MfccConfig
from deepspeech.text.characters import is_space
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes
from tests.datasets.test_pipeline import clip

PIECES = Subwords(["▁", "a", "b", "▁b", "aaaa", "xyz", "▁c"])  # c can be spelled where a word begins
TEXTS = ["ab", "c", "a" * 60, "é", "", "b a", "xyz", "ćab"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sharded, "INDEXED", 1)
    rows: list[dict[str, object]] = []
    for number, text in enumerate(TEXTS):
        if number % 3 == 0:
            rows.append({"shard": f"{number}.tar", "bytes": 9000})
            with (tmp_path / f"{number}.tar").open("wb") as file:
                file.truncate(9000)
        row = {"member": f"{number}.wav", "offset": 512 * number, "size": 100 + number, "duration": 0.5 + number / 9}
        rows.append(row | {"text": text})
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_a_set_read_by_its_index_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(read_shards(folder))
    assert (folder / "manifest.jsonl.index").is_file()
    monkeypatch.setattr(Manifest, "rows", lambda _: pytest.fail("read line by line"))
    assert list(read_shards(folder)) == first
    assert [sample.transcript for sample in first] == TEXTS


@pytest.mark.parametrize("alphabet", [ENGLISH, Characters(["a", "b", "é"]), Utf8Bytes(), PIECES, None])
@pytest.mark.parametrize("stride", [1, 2])
def test_what_training_refuses_is_what_reading_every_line_finds(
    folder: Path, alphabet: TokenSet | None, stride: int
) -> None:
    found = read_shards(folder)
    good, faults = examine_shards(found, alphabet, MfccConfig(), "x", DeepSpeechConfig(stride=stride).outputs)
    found.contents = None
    all_good, all_faults = examine_shards(found, alphabet, MfccConfig(), "x", DeepSpeechConfig(stride=stride).outputs)
    assert [s.id for s in good] == [s.id for s in all_good]
    assert faults == all_faults


def test_only_clips_under_suspicion_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, read, get = read_shards(folder), list[int](), ShardSet.__getitem__
    monkeypatch.setattr(ShardSet, "__getitem__", lambda self, place: (read.append(place), get(self, place))[1])
    examine_shards(found, ENGLISH, MfccConfig(), "x")
    assert [int(place) for place in read] == [2, 3, 4, 7]


@pytest.mark.parametrize("damage", ["other manifest", "cut", "foreign", "beyond the end", "out of order"])
def test_an_index_that_does_not_fit_is_rebuilt(folder: Path, damage: str) -> None:
    read_shards(folder)
    manifest, index = folder / "manifest.jsonl", folder / "manifest.jsonl.index"
    if damage == "other manifest":
        manifest.write_text(manifest.read_text().replace('"xyz"', '"zyx"'))
    elif damage == "beyond the end":
        index.write_bytes(index.read_bytes()[: -RECORD.itemsize] + np.full(1, 2**30, np.int64).astype(RECORD).tobytes())
    elif damage == "out of order":
        records = np.frombuffer(index.read_bytes()[-len(TEXTS) * RECORD.itemsize :], RECORD)
        index.write_bytes(index.read_bytes()[: -records.nbytes] + records[::-1].tobytes())
    else:
        index.write_bytes(index.read_bytes()[:-1] if damage == "cut" else b"[]\n")
    texts = [sample.transcript for sample in read_shards(folder)]
    assert texts == [text if text != "xyz" or damage != "other manifest" else "zyx" for text in TEXTS]


def test_a_manifest_of_many_chunks_is_read_as_one_of_few(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = read_shards(folder)
    monkeypatch.setattr(index_file, "CHUNK", 3)
    many = read_shards(folder)
    assert list(many) == list(few)
    assert many.identity() == few.identity()
    (folder / "manifest.jsonl.index").unlink()
    assert list(read_shards(folder)) == list(few)
    assert many.contents
    assert few.contents
    suspects = [one.contents.suspects(ENGLISH, MfccConfig(), DeepSpeechConfig().outputs) for one in (many, few)]
    assert suspects[0].tolist() == suspects[1].tolist()


def test_no_room_for_the_records_of_a_manifest_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(index_file, "CHUNK", 3)
    monkeypatch.setattr(index_file, "TemporaryFile", full)
    with pytest.raises(DataError, match=r"no room for the index.*No space left"):
        read_shards(folder)


def test_a_large_set_is_written_with_its_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, least in (("large", 2), ("small", 3)):
        for module in (writer, sharded):
            monkeypatch.setattr(module, "INDEXED", least)
        write_shards([clip(tmp_path, f"{n}.wav", "x") for n in range(2)], tmp_path / name, ShardOptions())
        assert (tmp_path / name / "manifest.jsonl.index").exists() == (name == "large")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30))
def test_no_alphabet_needs_more_frames(text: str) -> None:
    characters = Characters(sorted(set(text)))
    for alphabet in (characters, Utf8Bytes()):
        assert frames_needed(alphabet.encode(text)) <= frames_at_most(text)
    if text.strip(" ") and not any(map(is_space, text.replace(" ", ""))) and "▁" not in text:
        pieces = Subwords(["▁", *sorted(set(text) - {" "}), *{"aa", "▁a"} - set(text)])
        assert frames_needed(pieces.encode(text)) <= frames_at_most(text) + 1
    assert CharacterPlaces().mask(text).bit_count() == min(64, len(set(text)))


@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=5), max_size=9), st.integers(0, 9), st.integers(0, 9))
def test_a_plan_is_its_batches(groups: list[list[int]], first: int, count: int) -> None:
    plan, lengths = Plan.of(groups), np.arange(100.0)
    assert list(plan) == groups
    assert list(plan[first : first + count]) == groups[first : first + count]
    assert list(Plan.joined([plan, plan])) == groups + groups
    if groups:
        assert plan.largest(lengths) == max(groups, key=lambda group: len(group) * max(group))


def test_lengths_of_a_sharded_set_are_known_without_reading(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_shards(folder)
    monkeypatch.setattr(Manifest, "sample", lambda *_: pytest.fail("read a line"))
    np.testing.assert_allclose(durations(found), [0.5 + n / 9 for n in range(len(TEXTS))], rtol=1e-6)
