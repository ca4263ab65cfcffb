"""The readers of old formats by themselves: any bytes are refused in one line, and numbers come back."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import DeepSpeechError, ModelFileError
from deepspeech.modelfile import wire
from deepspeech.old_models import from_graph, from_tflite, memmapped
from deepspeech.old_models.tf_checkpoint import MAGIC, TensorFlowCheckpoint
from tests.old_models.old_files import Network, bundle, entry, varint


def refused(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except ModelFileError as error:
        return "\n" not in str(error)
    return False


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert refused(from_graph.read, data)
    assert refused(from_tflite.read, data)
    assert refused(from_tflite.read, data[:4] + b"TFL3" + data[4:])
    assert refused(memmapped.regions, data + struct.pack("<Q", len(data) // 2))


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_any_index_is_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, footer: bytes) -> None:
    folder = tmp_path_factory.mktemp("index")
    (folder / "a.index").write_bytes(data + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC))
    with pytest.raises(DeepSpeechError, match=r"a\.index"):
        TensorFlowCheckpoint(folder / "a")


@given(st.integers(0, (1 << 64) - 1), st.binary(max_size=20))
def test_numbers_come_back(number: int, rest: bytes) -> None:
    data = varint(number)
    assert wire.varint(memoryview(data + rest), 0) == (number, len(data))


@pytest.mark.parametrize("data", [b"\x80" * 11, b"\x80", b""])
def test_a_number_that_does_not_end_is_refused(data: bytes) -> None:
    with pytest.raises(ModelFileError):
        wire.varint(memoryview(data), 0)


@pytest.mark.parametrize(
    "data",
    [
        entry(1, b"") * 30_000,  # nodes of one name
        entry(1, entry(3, "x") * 2000),  # a node of many inputs
    ],
)
def test_lists_without_end_are_refused_early(data: bytes) -> None:
    assert refused(from_graph.read, data)


def test_a_number_list_without_end_is_refused_early() -> None:
    assert refused(lambda data: wire.varints(memoryview(data)), varint(1) * 5000)


def test_a_checkpoint_gives_its_variables_back(tmp_path: Path) -> None:
    variables = Network().variables
    bundle(tmp_path / "train-1", variables)
    kept = TensorFlowCheckpoint(tmp_path / "train-1")
    assert set(kept.names) == set(variables)
    for name, value in variables.items():
        assert (kept.array(name) == value).all()


def test_a_checkpoint_whose_data_is_cut_off_is_told(tmp_path: Path) -> None:
    bundle(tmp_path / "train-1", Network().variables)
    data = tmp_path / "train-1.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(DeepSpeechError, match="cut off"):
        TensorFlowCheckpoint(tmp_path / "train-1").array("layer_6/weights")
