"""Sharded sets at an address: the same clips in the same order as from a disk, in less room than they take."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.audio.formats import read_audio
from deepspeech.datasets.config import DataConfig
from deepspeech.datasets.feature_cache import FeatureCache
from deepspeech.datasets.sampler import batches
from deepspeech.datasets.samples import join, read_samples
from deepspeech.datasets.shards.cache import ShardCache
from deepspeech.datasets.shards.order import epoch_plan, some
from deepspeech.datasets.shards.prefetch import IN_FLIGHT, prefetch, uses
from deepspeech.datasets.shards.shard_set import MANIFEST, ShardSet
from deepspeech.datasets.shards.writer import ShardOptions, write_shards
from deepspeech.errors import AudioError, ConfigError, DataError, RemoteError
from deepspeech.features.config import MfccConfig
from deepspeech.remote.files import landing
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests import fakes
from tests.datasets.test_pipeline import clip

STORE = "flaky://bucket/shards"
CLIPS = 40  # of 0.16 MB; six or seven make a shard of 1 MB


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    samples = [clip(folder / "clips", f"{number}.wav", "hello", 80_000 + 50 * number) for number in range(CLIPS)]
    write_shards(samples, folder / "shards", ShardOptions(1))
    return folder / "shards"


@pytest.fixture
def there(written: Path) -> str:
    """The set in the store."""
    system = fsspec.filesystem("flaky")
    for path in written.iterdir():
        if not path.name.startswith("."):
            system.put_file(str(path), f"/bucket/shards/{path.name}")
    return STORE


def opened(place: str | Path, limit_mb: int = 100) -> ShardSet:
    found = read_samples(place, cache=ShardCache(limit_mb))
    assert isinstance(found, ShardSet)
    return found


def plan(samples: ShardSet, epoch: int = 1, window: int = 7) -> list[list[int]]:
    data = DataConfig(shuffle_window=window)
    return epoch_plan(samples, data, 3, epoch, lambda lengths, seed: batches(lengths, 2, "shuffled", seed, epoch))


def read_all(samples: ShardSet, groups: Sequence[list[int]]) -> Iterator[tuple[str, bytes]]:
    for group in prefetch(samples, groups):
        for place in group:
            sample = samples[place]
            yield sample.audio.name, read_audio(sample.audio)[0].tobytes()


def bytes_here(cache: Path) -> int:
    """Of shards, and of the one that is on its way.

    The least of three counts: one that another thread renames or replaces meanwhile would be counted twice.
    """
    return min(_counted(cache) for _ in range(3))


def _counted(cache: Path) -> int:
    total = 0
    for path in cache.rglob("*.tar*"):
        with suppress(FileNotFoundError):  # it went while we looked
            total += path.stat().st_size
    return total


@pytest.mark.parametrize("name", [STORE, f"{STORE}/", f"{STORE}/{MANIFEST}", Path(STORE)])
def test_the_folder_or_its_manifest_is_the_set_and_no_shard_is_downloaded_before_it_is_read(
    there: str, written: Path, cache: Path, name: str | Path
) -> None:
    found, local = opened(name), opened(written)
    assert len(local.shards) == CLIPS
    for one, other in zip(found, local, strict=True):
        assert (one.audio.name, one.transcript, one.duration_s) == (
            other.audio.name,
            other.transcript,
            other.duration_s,
        )
        assert one.random_key == other.random_key
        assert str(one.audio) == one.id == f"{STORE}/{Path(other.id).name}"
    assert bytes_here(cache) == 0
    assert read_audio(found[0].audio)[0].tobytes() == read_audio(local[0].audio)[0].tobytes()
    assert [path.name for path in cache.rglob("*.tar")] == [Path(str(local[0].audio).partition(":")[0]).name]


def test_epochs_are_those_from_a_disk_in_a_fraction_of_the_room(
    there: str, written: Path, cache: Path, flaky: Any
) -> None:
    found, local, before = opened(there, 5), opened(written), flaky.left
    whole = sum(path.stat().st_size for path in written.glob("*.tar"))
    most = 0
    for epoch in (0, 1, 2):
        groups = plan(found, epoch)
        assert groups == plan(local, epoch)
        for one, other in zip(read_all(found, groups), read_all(local, groups), strict=True):
            assert one == other
            most = max(most, bytes_here(cache))
    assert 2_000_000 < most <= 5_000_000 < whole
    fetched = before - flaky.left
    shards = len(list(written.glob("*.tar")))
    assert 2 * shards < fetched <= 3 * shards  # each at most once an epoch


def test_a_run_goes_on_in_the_middle_with_what_is_here(there: str, written: Path, flaky: Any) -> None:
    groups = plan(opened(written))
    undisturbed = list(read_all(opened(written), groups))
    first = list(read_all(opened(there), groups[:9]))
    flaky.sent.clear()
    before = flaky.left
    known = {int(shard) for shard in opened(written).shards[list(chain.from_iterable(groups[:9]))]}
    rest = {int(shard) for shard in opened(written).shards[list(chain.from_iterable(groups[9:]))]}
    assert first + list(read_all(opened(there), groups[9:])) == undisturbed
    assert before - flaky.left == len(rest - known)  # neither the manifest nor a shard is brought again


def test_the_next_shards_are_on_their_way_while_the_first_is_read(there: str, cache: Path) -> None:
    found = opened(there)
    coming = prefetch(found, plan(found))
    next(coming)
    (thread,) = (t for t in threading.enumerate() if t.name == "shard prefetch")
    thread.join(60)
    assert len(list(cache.rglob("*.tar"))) == len(set(found.shards.tolist()))
    coming.close()


def test_a_network_that_fails_is_one_line(there: str, flaky: Any) -> None:
    found = opened(there)
    flaky.left = 2
    with pytest.raises(RemoteError) as caught:
        list(read_all(found, plan(found)))
    assert str(caught.value).startswith(f"{STORE}/shard-00000")
    assert str(caught.value).endswith("cannot be fetched (connection reset by peer); check address, network and rights")
    flaky.left = 100
    assert len(list(read_all(found, plan(found)))) == CLIPS


def test_room_for_less_than_is_read_together_is_refused(there: str) -> None:
    with pytest.raises(ConfigError, match=r"data.shard_cache_mb is 2, but shards of \d\.\d MB are read together"):
        list(read_all(opened(there, 2), plan(opened(there), window=20)))
    with pytest.raises(ConfigError, match=r"data\.shard_cache_mb is 0"):
        DataConfig(shard_cache_mb=0)


def test_a_shard_larger_than_the_room_is_reported_at_once(there: str, written: Path) -> None:
    samples = [clip(written.parent / "large", f"{number}.wav", "x", 500_000) for number in range(3)]
    write_shards(samples, written.parent / "l", ShardOptions(3), 1)
    for path in (written.parent / "l").glob("*.*"):
        fsspec.filesystem("flaky").put_file(str(path), f"/bucket/l/{path.name}")
    with pytest.raises(ConfigError, match=r"flaky://bucket/l/shard-000000.tar: this shard has 3 MB"):
        opened("flaky://bucket/l", 1)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            lambda s: s.rm_file("/bucket/shards/shard-000001.tar"),
            r"shard-000001.tar: cannot be read \(there is no such",
        ),
        (lambda s: s.pipe_file("/bucket/shards/shard-000001.tar", b"x" * 9), "shard-000001.tar: has 9 bytes"),
        (lambda s: s.rm_file(f"/bucket/shards/{MANIFEST}"), r"a folder without manifest\.jsonl"),
        (
            lambda s: s.pipe_file(f"/bucket/shards/{MANIFEST}", b'{"shard": "a", "bytes": 5}\n{'),
            "manifest.jsonl:2: not",
        ),
    ],
)
def test_what_is_wrong_there_is_reported_before_anything_is_downloaded(there: str, harm: Any, words: str) -> None:
    harm(fsspec.filesystem("flaky"))
    with pytest.raises(DataError, match=words) as caught:
        opened(there)
    assert "\n" not in str(caught.value)
    assert "flaky:" in str(caught.value)


def test_a_set_that_is_rewritten_meanwhile_is_not_misread(there: str) -> None:
    found = opened(there)
    fsspec.filesystem("flaky").pipe_file("/bucket/shards/shard-000000.tar", b"x" * 9)
    with pytest.raises(DataError, match=r"has 9 bytes, its manifest says \d+; was the set rewritten"):
        found[0].audio.read()  # type: ignore[union-attr]


def test_a_copy_of_an_older_version_is_downloaded_again(there: str, cache: Path, flaky: Any) -> None:
    opened(there)[0].audio.read()  # type: ignore[union-attr]
    content = fsspec.filesystem("flaky").cat_file("/bucket/shards/shard-000000.tar")
    fsspec.filesystem("flaky").pipe_file("/bucket/shards/shard-000000.tar", bytes(len(content)))
    with pytest.raises(AudioError):
        read_audio(opened(there)[0].audio)


def test_two_sets_share_one_cache_and_one_plan(there: str, written: Path, cache: Path) -> None:
    shards = ShardCache(5)
    for path in written.glob("*.*"):
        fsspec.filesystem("flaky").put_file(str(path), f"/bucket/other/{path.name}")
    both = join(
        [read_samples(there, cache=shards), opened(written), read_samples("flaky://bucket/other", cache=shards)]
    )
    assert isinstance(both, ShardSet)
    taken = [bytes_here(cache) for _ in read_all(both, plan(both))]
    assert len(taken) == 3 * CLIPS
    assert 0 < max(taken) <= 5_000_000


def test_features_are_known_by_the_address_also_when_the_shard_went(there: str, tmp_path: Path, cache: Path) -> None:
    made = []
    features = np.ones((4, 26), np.float32)

    def make() -> Any:
        made.append(1)
        return features

    kept = FeatureCache(tmp_path / "features", MfccConfig(), print)
    kept.features(opened(there)[0], make)
    found = opened(there)
    for place in (0, 1):
        np.testing.assert_array_equal(kept.features(found[place], make), features)
    assert len(made) == 2
    assert bytes_here(cache) == 0


def test_what_stands_for_a_set_comes_from_few_shards(written: Path) -> None:
    found = opened(written)
    many = join([found] * 20)
    assert isinstance(many, ShardSet)
    chosen = some(many, 10)
    assert isinstance(chosen, ShardSet)
    shards = np.unique(chosen.shards)
    assert len(shards) <= 8
    assert shards.min() < 20 < shards.max()
    assert list(some(found, 10)) == list(found[:: CLIPS // 10])
    assert some([1, 2, 3, 4], 2) == [1, 3]  # type: ignore[list-item,comparison-overlap]


def test_first_and_last_use_of_shards() -> None:
    shards, first, last = uses(np.array([5, 5, 2, 9, 2], np.int32), [[3, 0], [2], [1, 4]])
    assert (shards.tolist(), first.tolist(), last.tolist()) == ([9, 5, 2], [0, 0, 1], [0, 2, 2])
    assert IN_FLIGHT > 4


def test_copies_may_be_deleted_at_any_time(there: str, cache: Path) -> None:
    found = opened(there)
    before = found[0].audio.read()  # type: ignore[union-attr]
    shutil.rmtree(cache)
    assert found[0].audio.read() == before  # type: ignore[union-attr]
    assert landing(f"{STORE}/shard-000000.tar").is_file()


def test_a_run_trains_the_same_from_a_store(tmp_path: Path) -> None:
    fakes.config(tmp_path)
    for name in ("train", "dev"):
        write_shards(read_samples(tmp_path / f"{name}.csv"), tmp_path / name, ShardOptions(1))
        for path in (tmp_path / name).iterdir():
            fsspec.filesystem("flaky").put_file(str(path), f"/bucket/{name}/{path.name}")
    results = []
    for number, place in enumerate((str(tmp_path), "flaky://bucket")):
        folder = tmp_path / f"checkpoints-{number}"
        data = {"train": [f"{place}/train"], "dev": [f"{place}/dev/{MANIFEST}"], "workers": 2, "shard_cache_mb": 2}
        Run(fakes.config(tmp_path, data=data, checkpoint={"folder": str(folder)}), Log()).train()
        weights = (folder / "train-000006" / "weights.safetensors").read_bytes()
        best = checkpoint.describe(checkpoint.found(folder, "best")[0])["position"]["progress"]["best"]
        results.append((weights, best))
    assert results[0] == results[1]
