"""Convert old models to model files.

In: `.tflite`, `.pb`, `.pbmm` or a TensorFlow checkpoint of DeepSpeech 0.7 to 0.9 or Coqui STT 0.9 to 1.4, recognized
by their content. Out: an ONNX file; int8 weights stay int8. Commands call `as_model_file` with any path that a user
names as a model. `to_checkpoint.py` converts to checkpoints for further training.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from deepspeech.acoustic.deepspeech.graph import build
from deepspeech.errors import ModelFileError
from deepspeech.files import atomic_path
from deepspeech.modelfile.checksum import add_checksum, has_checksum
from deepspeech.modelfile.graph import Quantized, write_card
from deepspeech.old_models import from_checkpoint, from_graph, from_tflite, memmapped, tflite
from deepspeech.old_models.cache import cached
from deepspeech.old_models.old_model import ImportedModel
from deepspeech.text.tokens import TokenSet

SUFFIXES = (".tflite", ".pb", ".pbmm")
GRAPH_START = b"\x0a"  # field 1 of a GraphDef, a node; an ONNX file starts with a number, its version
LARGEST_FILE = 1 << 31  # no protocol buffer or FlatBuffer is larger
LARGEST_DIRECTORY = 1 << 20
BLOCK = 1 << 20


def as_model_file(path: Path) -> Path:
    """The model file for `path`: `path` itself, or the conversion of an old model.

    An old model is converted once and kept in the user's cache. Raises ModelFileError or CheckpointError, with the
    path and the cause, where an old model is damaged or cannot be converted.
    """
    if any(path.glob("*/run.json")):  # own checkpoints, perhaps converted from old ones next to them
        return path
    if prefix := from_checkpoint.find(path):
        key = _hash(block for file in from_checkpoint.files(prefix) for block in _blocks(file))
        return cached(key, lambda: model_file(from_checkpoint.read(prefix)))
    if not is_old_file(path):
        return path
    data = _whole(path)
    return cached(_hash([data]), lambda: model_file(_read(path, data)))


def read(path: Path, alphabet: TokenSet | None = None, moments: bool = False) -> ImportedModel:
    """An old model. `alphabet` is for checkpoints without one; `moments`: read Adam's, which only checkpoints have."""
    if prefix := from_checkpoint.find(path):
        return from_checkpoint.read(prefix, alphabet, moments)
    if not path.exists():
        raise ModelFileError(f"{path}: there is no such file; name a .tflite, .pb or .pbmm file, or a checkpoint")
    if path.is_file() and has_checksum(path):
        raise ModelFileError(
            f"{path}: is a model file already; to train it further, start from its checkpoint{_beside(path)}: "
            "deepspeech train CONFIG.toml --set checkpoint.load=FOLDER"
        )
    if path.is_dir() or not is_old_file(path):
        raise ModelFileError(
            f"{path}: not a model of DeepSpeech 0.7 to 0.9 or Coqui STT; name a .tflite, .pb or .pbmm file, or a "
            "TensorFlow checkpoint"
        )
    return _read(path, _whole(path))


def _beside(path: Path) -> str:
    """Names the checkpoints that lie beside a model file, if any do."""
    folders = sorted({run.parent.parent for run in path.parent.glob("*/*/run.json")})
    return f" (perhaps {folders[0]})" if folders else ""


def model_file(model: ImportedModel) -> bytes:
    """The bytes of an ONNX file. Int8 matrices stay int8, except the first, which is dequantized.

    Dynamic quantization uses one scale for all inputs, and the first MFCC is a hundred times larger than the others,
    which would be lost. The first matrix is 2 % of the weights. docs/decisions/0008-old-8-bit-models.md
    """
    weights = dict(model.weights)
    if isinstance(first := weights["layer_1.weight"], Quantized):
        weights["layer_1.weight"] = first.to_float()
    made = build(weights, model.network, model.card)
    write_card(made, model.card)
    return add_checksum(made.SerializeToString())


def write_model_file(model: ImportedModel, target: Path) -> None:
    """Write an ONNX file atomically."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as partial:
        partial.write_bytes(model_file(model))


def is_old_file(path: Path) -> bool:
    """Whether a file is an export of the old system, by its suffix or content."""
    if not path.is_file() or path.suffix == ".onnx" or has_checksum(path):
        return False
    if path.suffix in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            head = file.read(8)
            if head[4:8] == tflite.MAGIC or head[:1] == GRAPH_START:
                return True
            size = path.stat().st_size
            file.seek(max(0, size - LARGEST_DIRECTORY))
            return memmapped.is_package(file.read(LARGEST_DIRECTORY), size)
    except OSError:
        return False


def _read(path: Path, data: bytes) -> ImportedModel:
    try:
        if data[4:8] == tflite.MAGIC or path.suffix == ".tflite":
            return from_tflite.read(data)
        return from_graph.read(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None


def _whole(path: Path) -> bytes:
    try:
        if path.stat().st_size >= LARGEST_FILE:
            raise ModelFileError(f"{path}: too large for a model of DeepSpeech or Coqui STT")
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot read the model ({error.strerror})") from None


def _blocks(path: Path) -> Iterator[bytes]:
    yield path.name.encode()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise ModelFileError(f"{path}: cannot read the model ({error.strerror})") from None


def _hash(blocks: "Iterator[bytes] | list[bytes]") -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
