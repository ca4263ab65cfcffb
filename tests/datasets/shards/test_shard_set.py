"""Sharded sets: what is written is what is read, whatever is damaged is told, and each epoch has each clip once."""

import json
import shutil
import tarfile
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepspeech.audio.formats import read_audio
from deepspeech.datasets.augment.spec import keyed_random
from deepspeech.datasets.check import examine_all
from deepspeech.datasets.config import ORDERS, DataConfig
from deepspeech.datasets.formats.tar_files import read_tar
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.sampler import batches
from deepspeech.datasets.samples import join, read_samples
from deepspeech.datasets.shards.check import examine_shards
from deepspeech.datasets.shards.order import durations, epoch_plan, windows
from deepspeech.datasets.shards.shard_set import MANIFEST, ShardSet
from deepspeech.datasets.shards.writer import ShardOptions, index_shards, write_shards
from deepspeech.errors import ConfigError, DataError
from deepspeech.features.config import MfccConfig
from deepspeech.text.tokens import ENGLISH
from tests.datasets.test_pipeline import clip

TEXTS = ("hello", "a b c", "don't", "nine", "a\u2028b", 'say "x"\n', "été", "", "i j", "k")


def clips(folder: Path, count: int = 10) -> list[Sample]:
    return [
        replace(clip(folder, f"{i}.v.wav", TEXTS[i % 10], 8000 + 400 * i), speaker="ab"[i % 2] if i % 3 else "")
        for i in range(count)
    ]


def sharded(folder: Path, samples: Sequence[Sample], **changes: object) -> ShardSet:
    write_shards(samples, folder, ShardOptions(**{"shard_mb": 1, "shuffle": False, **changes}))  # type: ignore[arg-type]
    found = read_samples(folder)
    assert isinstance(found, ShardSet)
    return found


@pytest.mark.parametrize("kind", ["", "wav", "flac"])
def test_what_is_read_is_what_was_written(tmp_path: Path, kind: str) -> None:
    given = clips(tmp_path / "clips")
    found = sharded(tmp_path / "shards", given, kind=kind)
    assert len(found) == len(given)
    for one, other in zip(found, given, strict=True):
        assert (one.transcript, one.speaker) == (other.transcript, other.speaker)
        sound, rate_hz = read_audio(one.audio)
        np.testing.assert_array_equal(sound, read_audio(other.audio)[0])
        assert one.duration_s == pytest.approx(len(sound) / rate_hz, abs=1e-6)
    np.testing.assert_allclose(found.durations_s, [sample.duration_s or 0 for sample in found], rtol=1e-6)


def test_a_shard_is_whole_without_its_manifest(tmp_path: Path) -> None:
    found = sharded(tmp_path / "shards", clips(tmp_path / "clips"))
    alone = read_tar(tmp_path / "shards" / "shard-000000.tar")
    assert [replace(sample, id="") for sample in alone] == [replace(sample, id="") for sample in found]


def test_sound_is_resampled_on_request(tmp_path: Path) -> None:
    found = sharded(tmp_path / "shards", [clip(tmp_path, "a.wav", count=16000)], kind="flac", rate_hz=8000)
    sound, rate_hz = read_audio(found[0].audio)
    assert (len(sound), rate_hz) == (8000, 8000)


def test_many_shards_hold_each_clip_once_and_the_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    given = [clip(tmp_path / "clips", f"{i}.wav", "x", 200_000) for i in range(9)]  # 0.4 MB each
    for name, workers in (("one", 1), ("two", 3)):
        written = write_shards(given, tmp_path / name, ShardOptions(1), workers)
        assert (written.shards, written.clips) == (3, 9)
        assert written.seconds == pytest.approx(9 * 12.5)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    found = read_samples(tmp_path / "one" / MANIFEST)
    numbers = [int(sample.audio.name.split("-")[0]) for sample in found]
    assert sorted(numbers) == list(range(9)) != numbers


def test_what_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    given = clips(tmp_path / "clips")
    cut = given[3].audio
    assert isinstance(cut, Path)
    cut.write_bytes(cut.read_bytes()[:1000])
    missing = Sample("none", tmp_path / "none.wav", "x", 0)
    written = write_shards([*given, missing], tmp_path / "shards", ShardOptions(1))
    assert written.clips == 9
    assert sorted("cut off" in line for line in written.left_out) == [False, True]
    assert len(read_samples(tmp_path / "shards")) == 9


def test_a_writer_that_was_stopped_goes_on(tmp_path: Path) -> None:
    given = [clip(tmp_path / "clips", f"{i}.wav", "x", 200_000) for i in range(9)]
    write_shards(given, tmp_path / "whole", ShardOptions(1))
    blocked = tmp_path / "stopped" / MANIFEST
    blocked.parent.mkdir()
    (tmp_path / "stopped" / "shard-000002.tar").mkdir()  # in the way of the third shard
    with pytest.raises(DataError, match="to resume"):
        write_shards(given, tmp_path / "stopped", ShardOptions(1))
    assert not blocked.exists()
    (tmp_path / "stopped" / "shard-000002.tar").rmdir()
    moment = (tmp_path / "stopped" / "shard-000000.tar").stat().st_mtime_ns
    write_shards(given, tmp_path / "stopped", ShardOptions(1))
    assert (tmp_path / "stopped" / "shard-000000.tar").stat().st_mtime_ns == moment
    assert {p.name: p.read_bytes() for p in blocked.parent.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "whole").iterdir()
    }


def test_an_earlier_try_with_other_options_is_not_gone_on_with(tmp_path: Path) -> None:
    given = [clip(tmp_path / "clips", f"{i}.wav", "x", 200_000) for i in range(6)]
    (tmp_path / "s" / "shard-000001.tar").mkdir(parents=True)
    with pytest.raises(DataError):
        write_shards(given, tmp_path / "s", ShardOptions(1))
    (tmp_path / "s" / "shard-000001.tar").rmdir()
    write_shards(given, tmp_path / "s", ShardOptions(1, kind="flac"))
    assert {sample.audio.name.rpartition(".")[2] for sample in read_samples(tmp_path / "s")} == {"flac"}


def test_tar_files_of_others_get_a_manifest(tmp_path: Path) -> None:
    given = clips(tmp_path / "clips")
    first = sharded(tmp_path / "shards", given)
    (tmp_path / "shards" / MANIFEST).rename(tmp_path / "old")
    written = index_shards([tmp_path / "shards" / "shard-000000.tar"])
    assert written.clips == len(given)
    assert list(read_samples(tmp_path / "shards")) == list(first)


def test_sets_are_joined_and_cut(tmp_path: Path) -> None:
    one, two = (sharded(tmp_path / name, clips(tmp_path / f"clips-{name}", 4)) for name in "ab")
    both = join([one, two])
    assert isinstance(both, ShardSet)
    assert list(both) == [*one, *two]
    assert both.shards.tolist() == [0] * 4 + [1] * 4
    assert list(both[2:6]) == [*one[2:], *two[:2]]
    assert both[-1] == two[3]
    mixed = join([one, clips(tmp_path / "c", 2)])
    assert not isinstance(mixed, ShardSet)
    assert len(mixed) == 6


def test_the_look_before_training_finds_what_it_finds_in_other_sets(tmp_path: Path) -> None:
    given = clips(tmp_path / "clips")
    given[5] = replace(given[5], transcript="a transcript of more letters than there are frames")
    found = sharded(tmp_path / "shards", given)
    good, faults = examine_shards(found, ENGLISH, MfccConfig(), "set")
    other, other_faults = examine_all(list(found), ENGLISH, MfccConfig(), "set", 1)
    assert [s.id for s in good] == [s.id for s in other]
    assert [f.reason for f in faults] == [f.reason for f in other_faults]
    assert len(faults) == 4  # two with letters that English lacks, one empty, one too long


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: (f / "shard-000000.tar").unlink(), "cannot be read"),
        (lambda f: (f / "shard-000000.tar").write_bytes(b"x" * 100), "has 100 bytes"),
        (lambda f: (f / MANIFEST).write_bytes((f / MANIFEST).read_bytes()[:-20]), r"manifest.jsonl:11: not a line"),
        (lambda f: change(f, 2, "offset", 10**9), "beyond the end"),
        (lambda f: change(f, 2, "duration", "long"), "manifest.jsonl:3: duration"),
        (lambda f: change(f, 2, "size", -1), "manifest.jsonl:3: size"),
        (lambda f: change(f, 2, "text", None), "a member and a text"),
    ],
)
def test_damage_is_told_in_one_line(tmp_path: Path, harm: object, words: str) -> None:
    sharded(tmp_path / "shards", clips(tmp_path / "clips"))
    harm(tmp_path / "shards")  # type: ignore[operator]
    with pytest.raises(DataError, match=words) as caught:
        read_samples(tmp_path / "shards")
    assert "\n" not in str(caught.value)


def change(folder: Path, number: int, key: str, value: object) -> None:
    lines = (folder / MANIFEST).read_text(encoding="utf-8").split("\n")
    lines[number] = json.dumps({**json.loads(lines[number]), key: value})
    (folder / MANIFEST).write_text("\n".join(lines), encoding="utf-8")


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"without manifest\.jsonl"):
        read_samples(tmp_path)


def test_a_set_is_not_written_over(tmp_path: Path) -> None:
    given = clips(tmp_path / "clips")
    sharded(tmp_path / "shards", given)
    with pytest.raises(DataError, match="already"):
        write_shards(given, tmp_path / "shards", ShardOptions())
    with pytest.raises(DataError, match="no clip"):
        write_shards([], tmp_path / "none", ShardOptions())
    for wrong in ({"kind": "mp3"}, {"rate_hz": 8000}, {"shard_mb": 0}):
        with pytest.raises(ConfigError):
            ShardOptions(**wrong)  # type: ignore[arg-type]


def test_other_tar_readers_open_it(tmp_path: Path) -> None:
    sharded(tmp_path / "shards", clips(tmp_path / "clips", 2))
    with tarfile.open(tmp_path / "shards" / "shard-000000.tar") as archive:
        assert archive.getnames() == ["00000000-0.wav", "00000000-0.json", "00000001-1.wav", "00000001-1.json"]
    shutil.rmtree(tmp_path / "clips")


# ---- the order ------------------------------------------------------------------------------------------------------


def made_up(shards: Sequence[int]) -> ShardSet:
    """A set of so many clips in each shard, of which only lengths and shards are known."""
    numbers = np.repeat(np.arange(len(shards), dtype=np.int32), shards)
    random = np.random.default_rng(len(numbers))
    nothing: NDArray[np.int64] = np.zeros(len(numbers), np.int64)
    lengths = random.uniform(1, 15, len(numbers)).astype(np.float32)
    one = np.zeros(1, np.int32)
    return ShardSet([], one, one, nothing, nothing.astype(np.int32), numbers, lengths)


def order(samples: ShardSet, data: DataConfig, seed: int, epoch: int, size: int = 4) -> list[list[int]]:
    return epoch_plan(samples, data, seed, epoch, lambda lengths, key: batches(lengths, size, data.order, key, epoch))


SHARDS = st.lists(st.integers(0, 30), min_size=1, max_size=12)


@given(SHARDS, st.integers(1, 60), st.sampled_from(ORDERS), st.integers(0, 9), st.integers(0, 3), st.data())
def test_an_epoch_has_each_clip_once_wherever_it_is_cut_and_gone_on_with(
    shards: list[int], window: int, kind: str, seed: int, epoch: int, data: st.DataObject
) -> None:
    samples, config = made_up(shards), DataConfig(order=kind, shuffle_window=window)
    plan = order(samples, config, seed, epoch)
    assert sorted(chain.from_iterable(plan)) == list(range(len(samples)))
    cut = data.draw(st.integers(0, len(plan)))
    again = order(made_up(shards), config, seed, epoch)
    assert plan[:cut] + again[cut:] == plan


@given(SHARDS, st.integers(1, 60), st.integers(0, 9), st.integers(1, 3))
def test_a_shard_is_open_for_one_window(shards: list[int], window: int, seed: int, epoch: int) -> None:
    samples = made_up(shards)
    parts = list(windows(samples.shards, window, True, seed, epoch))
    held = [set(samples.shards[part].tolist()) for part in parts]
    assert sum(map(len, held)) == len(set(chain.from_iterable(held)))
    assert all(len(part) <= 2 * window + max(shards) for part in parts)
    plan = order(samples, DataConfig(shuffle_window=window), seed, epoch)
    met = list(dict.fromkeys(next(n for n, h in enumerate(held) if samples.shards[g[0]] in h) for g in plan))
    assert met == sorted(met)


@given(SHARDS, st.integers(1, 60), st.booleans(), st.integers(0, 9), st.integers(0, 3))
def test_windows_are_those_of_a_stable_sort(shards: list[int], window: int, mixed: bool, seed: int, epoch: int) -> None:
    numbers = made_up(shards).shards
    clips = np.bincount(numbers) if len(numbers) else np.zeros(0, np.int64)
    drawn = keyed_random(seed, epoch).permutation(len(clips)) if mixed else np.arange(len(clips))
    window_of_shard, before = np.zeros(len(clips), np.int64), 0
    for shard in drawn:
        window_of_shard[shard] = before * max(1, len(numbers) // window) // max(1, len(numbers))
        before += int(clips[shard])
    expected = [
        np.flatnonzero(window_of_shard[numbers] == n).tolist() for n in range(window_of_shard.max(initial=0) + 1)
    ]
    found = [part.tolist() for part in windows(numbers, window, mixed, seed, epoch)]
    assert found == [part for part in expected if part]


def test_planning_takes_a_few_bytes_a_clip() -> None:
    samples = made_up([1000] * 300)
    tracemalloc.start()
    plan = epoch_plan(
        samples, DataConfig(shuffle_window=5000), 1, 1, lambda lengths, key: batches(lengths, 16, "shuffled", key, 1)
    )
    plan.largest(durations(samples))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * len(samples)


def test_shards_and_company_differ_by_epoch_and_seed() -> None:
    samples, data = made_up([20] * 10), DataConfig(shuffle_window=40)
    first = [
        [samples.shards[places[0]] for places in windows(samples.shards, 40, True, seed, epoch)]
        for seed, epoch in ((1, 1), (1, 2), (2, 1))
    ]
    assert first[0] != first[1]
    assert first[0] != first[2]
    plans = [{frozenset(group) for group in order(samples, data, 1, epoch)} for epoch in (1, 2)]
    assert len(plans[0] & plans[1]) < 3


def test_windows_of_one_size_are_drawn_apart() -> None:
    lengths = np.tile(np.linspace(1, 10, 20), 2)
    samples = made_up([20, 20])
    samples.durations_s = lengths.astype(np.float32)
    data = DataConfig(shuffle_window=20)
    plan = order(samples, data, 1, 1)
    one, two = ([sorted(i % 20 for i in group) for group in half] for half in (plan[:5], plan[5:]))
    assert one != two


def test_a_small_set_has_the_order_that_it_would_have_as_a_csv() -> None:
    samples, data = made_up([5, 9, 7]), DataConfig(shuffle_window=20)
    for epoch in (0, 1):
        assert order(samples, data, 3, epoch) == batches(samples.durations_s.tolist(), 4, "shuffled", 3, epoch)


def test_the_first_epoch_ascends_within_a_window_and_fixed_orders_know_no_epoch() -> None:
    samples = made_up([50] * 4)
    lengths = samples.durations_s
    first = list(chain.from_iterable(order(samples, DataConfig(shuffle_window=100), 1, 0)))
    assert all(np.diff(lengths[first[:100]]) >= 0)
    assert all(np.diff(lengths[first[100:]]) >= 0)
    fixed = DataConfig(order="descending", shuffle_window=100)
    assert order(samples, fixed, 1, 0) == order(samples, fixed, 2, 5)
