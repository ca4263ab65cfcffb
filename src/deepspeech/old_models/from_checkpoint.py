"""A TensorFlow checkpoint of DeepSpeech or Coqui STT as an ImportedModel, with Adam's moments if it has them.

Checkpoints contain only variables. Metadata comes from files next to them, `flags.txt` (written by the trainer) and
`alphabet.txt` (written by Coqui's), or from the caller. CuDNN checkpoints contain the same LSTM variables and an unused
`opaque_kernel`; only that LSTM's moments are missing.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import CheckpointError, ModelFileError
from deepspeech.old_models.old_model import DENSE, NORMED, ExportMetadata, ImportedModel, Layer, assemble, rename
from deepspeech.old_models.tf_checkpoint import TensorFlowCheckpoint
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes

COEFFICIENTS = 26  # never a flag
STATES = {"best": "best_dev_checkpoint", "last": "checkpoint"}
LARGEST_FLAGS = 1 << 20
MOMENTS = ("/Adam", "/Adam_1")  # first, second

Float32 = NDArray[np.float32]


def find(path: Path, kinds: tuple[str, ...] = ("best", "last")) -> Path | None:
    """The prefix of a checkpoint's files: `path` is a folder, one of the files, or the prefix itself; None: not one.

    In a folder, the first of `kinds` that exists.
    """
    if path.is_dir():
        named = (_state(path, STATES[kind]) for kind in kinds)
        return next((prefix for prefix in named if prefix and _has_index(prefix)), None)
    prefix = path.with_name(re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path.name))
    return prefix if _has_index(prefix) else None


def _has_index(prefix: Path) -> bool:
    return prefix.with_name(prefix.name + ".index").is_file()


def _state(folder: Path, name: str) -> Path | None:
    """The checkpoint that a state file names; only its base name counts, because folders move."""
    text = _text(folder / name)
    match = re.search(r'^model_checkpoint_path: "(.+)"', text, re.MULTILINE)
    base = re.split(r"[/\\]", match[1])[-1] if match else ""
    return folder / base if base else None


def files(prefix: Path) -> list[Path]:
    """All files that a conversion reads."""
    data = TensorFlowCheckpoint(prefix).data_files()
    beside = [prefix.with_name(name) for name in ("flags.txt", "alphabet.txt")]
    return [prefix.with_name(prefix.name + ".index"), *data, *(path for path in beside if path.is_file())]


def read(prefix: Path, alphabet: TokenSet | None = None, moments: bool = False) -> ImportedModel:
    """Read the network, and Adam's moments if `moments`.

    Raises CheckpointError if files are damaged or the alphabet is unknown.
    """
    kept = TensorFlowCheckpoint(prefix)
    flags = _flags(_text(prefix.with_name("flags.txt")))
    try:
        layers = _layers(kept, "")
        classes, (window, _) = len(layers[0]["6"].bias), kept.shape("layer_1/weights")
        if window % COEFFICIENTS or not window // COEFFICIENTS % 2:
            raise ModelFileError(f"has an input window of {window} numbers, which is not an odd number of frames")
        metadata = ExportMetadata(
            tokens=alphabet or _alphabet(prefix, flags, classes),
            sample_rate_hz=int(flags.get("audio_sample_rate", 16000)),
            window_ms=int(flags.get("feature_win_len", 32)),
            step_ms=int(flags.get("feature_win_step", 20)),
            context_frames=window // COEFFICIENTS // 2,
            beam_width=int(flags.get("export_beam_width", 500)),
            language=str(flags.get("export_language", "")),
        )
        model = assemble(*layers, float(flags.get("relu_clip", 20.0)), metadata, "TensorFlow checkpoint")
        step = int(kept.array("global_step")) if moments and "global_step" in kept.names else 0
        first, second = (_moments(kept, suffix) if step > 0 else {} for suffix in MOMENTS)
    except (ModelFileError, ValueError, TypeError) as error:
        raise CheckpointError(f"{prefix}: {error}") from None
    return replace(model, moments=(first, second), step=max(0, step))


Layers = tuple[dict[str, Layer], Layer, dict[str, tuple[Float32, Float32]]]


def _layers(kept: TensorFlowCheckpoint, suffix: str) -> Layers:
    """Dense layers, LSTM and norms; with a suffix, one of their moments, zeros if missing."""
    names = set(kept.names)

    def floats(name: str) -> Float32:
        if suffix and name + suffix not in names:
            return np.zeros(kept.shape(name), np.float32)
        values = kept.array(name + suffix)
        if values.dtype != np.float32:
            raise ModelFileError(f"has '{name}' in another type than float32")
        return values

    dense = {name: Layer(_turned(floats(f"layer_{name}/weights")), floats(f"layer_{name}/bias")) for name in DENSE}
    kernel = _lstm_kernel(names)
    lstm = Layer(_turned(floats(kernel)), floats(kernel.removesuffix("kernel") + "bias"))
    norms = {
        name: (floats(f"layer_{name}/LayerNorm/gamma"), floats(f"layer_{name}/LayerNorm/beta"))
        for name in NORMED
        if f"layer_{name}/LayerNorm/gamma" in names
    }
    return dense, lstm, norms


def _moments(kept: TensorFlowCheckpoint, suffix: str) -> dict[str, Float32]:
    """A moment of each parameter that has one."""
    names = set(kept.names)
    sources = {f"layer_{name}": f"layer_{name}/weights" for name in DENSE} | {"lstm": _lstm_kernel(names)}
    missing = {ours for ours, source in sources.items() if source + suffix not in names}
    named = rename(*_layers(kept, suffix))
    return {name: value for name, value in named.items() if name.split(".")[0] not in missing}


def _turned(weights: Float32) -> Float32:
    if weights.ndim != 2:
        raise ModelFileError(f"has weights of the shape {weights.shape} where a matrix is expected")
    return weights.T


def _lstm_kernel(names: set[str]) -> str:
    found = [name for name in names if name.endswith("lstm_cell/kernel")]
    if len(found) != 1:
        raise ModelFileError(f"has {len(found)} LSTM kernels; a DeepSpeech checkpoint has one")
    return found[0]


# ---- files next to it -----------------------------------------------------------------------------------------------


def _alphabet(prefix: Path, flags: dict[str, str | bool], classes: int) -> TokenSet:
    beside = prefix.with_name("alphabet.txt")
    if beside.is_file():
        return Characters.from_file(beside)
    if flags.get("bytes_output_mode") and classes == 256:
        return Utf8Bytes()
    if flags.get("alphabet_config_path", "data/alphabet.txt") == "data/alphabet.txt" and classes == ENGLISH.classes:
        return ENGLISH
    raise ModelFileError(
        f"does not contain its alphabet of {classes - 1} characters; put alphabet.txt next to it, or pass --alphabet"
    )


def _flags(text: str) -> dict[str, str | bool]:
    """`--name=value`, `--name`, `--noname` lines."""
    flags: dict[str, str | bool] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("--").partition("=")
        if equals:
            flags[name] = value
        elif name.startswith("no"):
            flags[name[2:]] = False
        else:
            flags[name] = True
    return flags


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FLAGS).decode("utf-8", errors="replace")
    except OSError:
        return ""
