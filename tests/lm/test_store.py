"""Tables that are larger than the memory: sorted whole all the same, and gone at the end."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.errors import LmError
from deepspeech.lm.store import LEAST_DATABASE_BYTES, MEGABYTE, PROCESS_BYTES, Store

LITTLE = PROCESS_BYTES + LEAST_DATABASE_BYTES + MEGABYTE


@pytest.mark.parametrize("same", [False, True], ids=["any keys", "many equal keys"])
@pytest.mark.parametrize("expected_rows", [1, 1 << 23], ids=["in memory", "in a file"])
def test_sorts_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_rows: int, same: bool) -> None:
    monkeypatch.setattr("deepspeech.lm.store.SORTING_BYTES", 10_000)
    draw = np.random.default_rng(1)
    high = draw.integers(0, 3 if same else 1 << 63, 50_000, dtype=np.uint64)
    low = draw.integers(0, 1 << 32, 50_000, dtype=np.uint32)
    store = Store(LITTLE, tmp_path)
    store.open(expected_rows, words=0)
    with store.filling():
        for start in range(0, 50_000, 7_000):
            store.append("unsorted", ("high", "low"), (high[start : start + 7_000], low[start : start + 7_000]))
    store.sort("unsorted", into="sorted")
    found = [np.concatenate(columns) for columns in zip(*store.pieces("sorted", ("high", "low"), 9_999), strict=True)]
    order = np.lexsort((low, high))
    assert (found[0] == high[order]).all()
    assert (found[1] == low[order]).all()
    store.close()
    assert not any(tmp_path.iterdir())


def test_too_many_words_for_the_memory(tmp_path: Path) -> None:
    store = Store(LITTLE, tmp_path)
    with pytest.raises(LmError, match=r"too low for a text of this size; allow at least 301 MB"):
        store.open(expected_rows=1, words=1_000_000)
    store.close()
