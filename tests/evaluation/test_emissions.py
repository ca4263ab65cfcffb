"""Emissions on disk: made once, made again when anything changed, and never believed when damaged."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import DataError
from deepspeech.evaluation.emissions import checksum, emissions_of
from deepspeech.evaluation.evaluate import Emitted


class Counting:
    """Emissions of random numbers, the last clip first; counts how often it was asked."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths, self.asked = lengths, 0

    def __call__(self, samples: Sequence[Sample]) -> Iterator[Emitted]:
        self.asked += 1
        random = np.random.default_rng(0)
        for sample, length in reversed(list(zip(samples, self.lengths, strict=True))):
            yield Emitted(sample, Emission(random.random((length, 5), np.float32), 0.02))


def samples(count: int) -> list[Sample]:
    return [Sample(f"{i}.wav", Path(f"{i}.wav"), "text", 1) for i in range(count)]


@pytest.mark.parametrize("lengths", [[3, 1, 4], [3, 0, 4], [0, 0, 2], [5, 2, 0], [7]])
def test_what_was_kept_is_what_was_made(tmp_path: Path, lengths: list[int]) -> None:
    emit, path = Counting(lengths), tmp_path / "folder" / "emissions-1.npz"
    made = emissions_of(samples(len(lengths)), emit, path)
    kept = emissions_of(samples(len(lengths)), emit, path)
    assert emit.asked == 1
    assert [len(e.probabilities_TV) for e in made] == lengths
    for a, b in zip(made, kept, strict=True):
        np.testing.assert_array_equal(a.probabilities_TV, b.probabilities_TV)
        assert (b.probabilities_TV.dtype, b.probabilities_TV.shape[1], a.frame_s, b.frame_s) == ("f4", 5, 0.02, 0.02)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_one_recording_listed_twice(tmp_path: Path) -> None:
    one = samples(1)[0]
    several = [one, replace(one, transcript="other"), one]
    assert len(emissions_of(several, Counting([2, 2, 2]), tmp_path / "e.npz")) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: str) -> None:
    emit, path = Counting([3, 4]), tmp_path / "e.npz"
    made = emissions_of(samples(2), emit, path)
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes({"cut": content[:-30], "flipped": content, "foreign": b"RIFF" * 9, "empty": b""}[damage])
    again = emissions_of(samples(2), emit, path)
    assert emit.asked == 2
    for a, b in zip(made, again, strict=True):
        np.testing.assert_array_equal(a.probabilities_TV, b.probabilities_TV)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    trap = np.array([{"a": 1}], dtype=object)
    np.savez(path, allow_pickle=True, probabilities=trap, ends=trap, frame_s=trap)
    emit = Counting([3])
    emissions_of(samples(1), emit, path)
    assert emit.asked == 1


def test_the_checksum_is_of_every_byte_and_of_the_order(tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    a.write_bytes(b"12")
    b.write_bytes(b"3")
    c.write_bytes(b"12")
    assert checksum([a, b]) == checksum([c, b])  # content counts, not names
    seen = {checksum([a, b]), checksum([b, a]), checksum([a]), checksum([])}
    a.write_bytes(b"1")
    b.write_bytes(b"23")  # the same bytes, otherwise divided
    seen |= {checksum([a, b])}
    a.write_bytes(b"13")
    seen |= {checksum([a, b])}
    assert len(seen) == 6


def test_what_cannot_be_read_or_kept_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.wav: cannot be read"):
        checksum([tmp_path / "none.wav"])
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write the emission cache"):
        emissions_of(samples(1), Counting([1]), tmp_path / "file" / "e.npz")
