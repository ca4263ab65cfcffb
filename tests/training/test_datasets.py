"""Limited sets: the shortest clips by wav_filesize, or the longest; a training set of several files is one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError, MissingPartError
from deepspeech.training import summaries
from deepspeech.training.datasets import Files, limited
from deepspeech.training.summaries import Summaries


def files(*sizes: list[int]) -> Files:
    return {
        f"{number}.csv": [Sample(f"{number}-{row}", Path("x"), "", size) for row, size in enumerate(file)]
        for number, file in enumerate(sizes)
    }


def ids(chosen: Files) -> list[list[str]]:
    return [[sample.id for sample in samples] for samples in chosen.values()]


def test_each_file_is_limited_or_all_together() -> None:
    two = files([5, 1, 3], [2, 9])
    assert limited(two, 0, False, True) == limited(two, 0, True, False) == two
    assert ids(limited(two, 2, False, False)) == [["0-1", "0-2"], ["1-0", "1-1"]]
    assert ids(limited(two, 2, False, True)) == [["0-1"], ["1-0"]]
    assert ids(limited(two, 2, True, True)) == [["0-0"], ["1-1"]]
    assert ids(limited(two, 1, True, False)) == [["0-0"], ["1-1"]]


def test_files_of_which_nothing_is_left_go_but_empty_ones_stay_to_be_told() -> None:
    assert list(limited(files([1, 2], [8], []), 2, False, True)) == ["0.csv", "2.csv"]


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=4), st.integers(1, 12), st.booleans())
def test_what_is_kept_is_never_longer_than_what_is_not(sizes: list[list[int]], limit: int, longest: bool) -> None:
    given_files = files(*sizes)
    kept = [sample for samples in limited(given_files, limit, longest, True).values() for sample in samples]
    every = [sample for samples in given_files.values() for sample in samples]
    left = [sample.size_bytes for sample in every if sample not in kept]
    assert len(kept) == min(limit, len(every))
    if kept and left and longest:
        assert max(left) <= min(sample.size_bytes for sample in kept)
    elif kept and left:
        assert min(left) >= max(sample.size_bytes for sample in kept)


def test_summaries_need_their_package_and_a_folder_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"training\.summaries is s3://bucket/tb"):
        Summaries("s3://bucket/tb", 0)
    monkeypatch.setattr(summaries, "EventsWriter", None)
    with pytest.raises(MissingPartError, match=r"pip install '\.\[summaries\]'"):
        Summaries("here", 0)
    Summaries("", 0).step(1, 1.0, 0.1)


def test_two_files_of_one_name_are_two_runs(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    written = Summaries(str(tmp_path), 0)
    for name in ("a/dev.csv", "b/dev.csv", "a/dev.csv"):
        written.epoch("dev", name, 1, {"loss": 1.0, "wer": None})
    assert sorted(path.name for path in (tmp_path / "dev").iterdir()) == ["b_dev.csv", "dev"]
