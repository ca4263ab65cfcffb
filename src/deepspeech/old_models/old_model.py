"""ImportedModel: a network of DeepSpeech 0.7 to 0.9 or Coqui STT, from any file, under our parameter names.

Each reader (`from_tflite.py`, `from_graph.py`, `from_checkpoint.py`) passes the layers and the metadata of its file;
`assemble` checks that they fit together. Sources: DeepSpeech 0.9.3 `train.py::create_model`,
`native_client/alphabet.cc`, `native_client/modelstate.cc`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech._version import __version__
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.errors import ConfigError, ModelFileError, TextError
from deepspeech.features.config import MfccConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Quantized
from deepspeech.renamed import renamed
from deepspeech.text.serialized import parse_alphabet
from deepspeech.text.tokens import Characters, TokenSet, Utf8Bytes

MEL_BANDS = 40
OLDEST_GRAPH = 6  # metadata_version since DeepSpeech 0.7
DENSE = ("1", "2", "3", "5", "6")
NORMED = DENSE[:-1]  # where `--layer_norm` was set

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer: weight [outputs, inputs], bias [outputs]."""

    weight: Float32 | Quantized
    bias: Float32


@dataclass(frozen=True)
class ExportMetadata:
    """Metadata of an export."""

    tokens: TokenSet
    sample_rate_hz: int
    window_ms: int
    step_ms: int
    context_frames: int = 9
    coefficients: int = 26
    beam_width: int = 500
    language: str = ""


@dataclass(frozen=True, eq=False)
class ImportedModel:
    """Weights by the names of `acoustic/deepspeech/network.py`, its shape, and the card that describes them."""

    weights: dict[str, Float32 | Quantized]
    network: DeepSpeechConfig
    card: ModelCard
    kind: str  # format of the file, for people
    moments: tuple[dict[str, Float32], dict[str, Float32]] = field(default_factory=lambda: ({}, {}))  # Adam's, by name
    step: int = 0  # number of training steps, if known

    def float_weights(self) -> dict[str, Float32]:
        """The weights, dequantized."""
        return {name: v.to_float() if isinstance(v, Quantized) else v for name, v in self.weights.items()}

    def in_words(self) -> str:
        """A one-line summary."""
        card = self.card
        characters = "bytes" if card.tokens.bytes_mode else f"{len(card.tokens.labels)} characters"
        features = card.features
        parts = [
            f"{self.network.hidden} wide",
            characters,
            card.language and f"language {card.language}",
            card.precision + (", layer norm" if self.network.layer_norm else ""),
            f"{features.sample_rate_hz} Hz, windows of {features.window_ms:g} ms every {features.step_ms:g} ms",
            f"beam {card.beam_width}",
        ]
        return f"{self.kind}: {', '.join(part for part in parts if part)}"


def assemble(
    dense: Mapping[str, Layer],
    lstm: Layer,
    norms: Mapping[str, tuple[Float32, Float32]],
    relu_clip: float,
    metadata: ExportMetadata,
    kind: str,
) -> ImportedModel:
    """Build the network from its layers. Raises ModelFileError if they do not fit together.

    `lstm.weight` is [4H, 2H]: rows are TensorFlow's gates i, j, f, o; columns are first the input, then the state.
    `norms` are (gamma, beta) of a dense layer.
    """
    hidden = len(lstm.bias) // 4
    weights = _named(dense, lstm, norms, hidden)
    for name, value in weights.items():
        numbers = np.array(value.scale) if isinstance(value, Quantized) else value
        if not np.isfinite(numbers).all():
            raise ModelFileError(f"is damaged ({name} contains numbers that are not finite)")
    if not 0 < relu_clip < 1e6:
        raise ModelFileError(f"is damaged (its layers are clipped at {relu_clip:g})")
    if not (1 <= metadata.coefficients <= MEL_BANDS and 0 <= metadata.context_frames <= 1000):
        raise ModelFileError(
            f"is damaged (frames of {metadata.coefficients} numbers, {metadata.context_frames} on each side)"
        )
    network = DeepSpeechConfig(
        hidden=hidden,
        context_frames=metadata.context_frames,
        relu_clip=relu_clip,
        layer_norm="norms.1.weight" in weights,
        normalize_features=False,
    )
    card = _card(metadata, network, kind, any(isinstance(value, Quantized) for value in weights.values()))
    _check_shapes(weights, network, card)
    weights["feature_mean"] = np.zeros(metadata.coefficients, np.float32)  # the old system did not normalize features
    weights["feature_scale"] = np.ones(metadata.coefficients, np.float32)
    return ImportedModel(weights, network, card, kind)


def rename(dense: Mapping[str, Layer], lstm: Layer, norms: Mapping[str, tuple[Float32, Float32]]) -> dict[str, Float32]:
    """Rename arrays shaped like the weights, such as Adam's moments."""
    named = _named(dense, lstm, norms, len(lstm.bias) // 4)
    named["lstm.bias_hh_l0"] = named["lstm.bias_ih_l0"]  # both have the one bias's gradient
    return {name: value for name, value in named.items() if not isinstance(value, Quantized)}


def _named(
    dense: Mapping[str, Layer], lstm: Layer, norms: Mapping[str, tuple[Float32, Float32]], hidden: int
) -> dict[str, Float32 | Quantized]:
    if hidden < 1 or lstm.weight.shape != (4 * hidden, 2 * hidden) or lstm.bias.shape != (4 * hidden,):
        raise ModelFileError(f"has an LSTM of shapes {lstm.weight.shape} and {lstm.bias.shape}; expected [4H, 2H]")
    weights: dict[str, Float32 | Quantized] = {}
    for name, layer in dense.items():
        weights[f"layer_{name}.weight"], weights[f"layer_{name}.bias"] = layer.weight, layer.bias
    if isinstance(lstm.weight, Quantized):
        values, scale = _gates(lstm.weight.values), lstm.weight.scale
        weights["lstm.weight_ih_l0"] = Quantized(values[:, :hidden], scale)
        weights["lstm.weight_hh_l0"] = Quantized(values[:, hidden:], scale)
    else:
        floats = _gates(lstm.weight)
        weights["lstm.weight_ih_l0"], weights["lstm.weight_hh_l0"] = floats[:, :hidden], floats[:, hidden:]
    weights["lstm.bias_ih_l0"] = _gates(lstm.bias)  # torch adds two biases, TensorFlow one
    weights["lstm.bias_hh_l0"] = np.zeros_like(lstm.bias)
    for name, (gamma, beta) in norms.items():
        weights[f"norms.{name}.weight"], weights[f"norms.{name}.bias"] = gamma, beta
    return weights


def _gates(value: NDArray[Any]) -> NDArray[Any]:
    """TensorFlow's gates i, j, f, o as torch's i, f, g, o: j and g are the same."""
    i, j, f, o = np.split(value, 4)
    return np.concatenate([i, f, j, o])


def _card(metadata: ExportMetadata, network: DeepSpeechConfig, kind: str, quantized: bool) -> ModelCard:
    if not (4000 <= metadata.sample_rate_hz <= 192_000 and 1 <= metadata.step_ms <= metadata.window_ms <= 1000):
        raise ModelFileError(
            f"is damaged (sound of {metadata.sample_rate_hz} Hz in windows of {metadata.window_ms} ms "
            f"every {metadata.step_ms} ms)"
        )
    if not 1 <= metadata.beam_width <= 100_000:
        raise ModelFileError(f"is damaged (its beam width is {metadata.beam_width})")
    try:
        features = MfccConfig(
            sample_rate_hz=metadata.sample_rate_hz,
            window_ms=float(metadata.window_ms),
            step_ms=float(metadata.step_ms),
            coefficients=metadata.coefficients,
            end="pad",  # as the old clients did
        )
    except ConfigError as error:
        raise ModelFileError(f"has invalid feature settings: {error}") from None
    return ModelCard(
        tokens=metadata.tokens,
        features=features,
        model=network.described(),
        chunk=network.chunk,
        beam_width=metadata.beam_width,
        precision="int8" if quantized else "float32",
        language="" if metadata.language.startswith("<") else metadata.language,  # a placeholder of the exporter
        made_with=f"deepspeech {__version__}, from a {kind}",
    )


def _check_shapes(weights: Mapping[str, Float32 | Quantized], network: DeepSpeechConfig, card: ModelCard) -> None:
    hidden, classes = network.hidden, card.tokens.classes
    window = (2 * network.context_frames + 1) * card.features.dimensions
    inputs = {"1": window, "2": hidden, "3": hidden, "5": hidden, "6": hidden}
    found = weights["layer_6.weight"].shape[0]
    if found != classes:
        raise ModelFileError(
            f"has {found} outputs, but the alphabet has {classes - 1} characters, {classes} classes with the blank"
        )
    due: dict[str, tuple[int, ...]]
    due = {f"layer_{name}.weight": (classes if name == "6" else hidden, size) for name, size in inputs.items()}
    due |= {f"layer_{name}.bias": (classes if name == "6" else hidden,) for name in inputs}
    due |= {f"norms.{name}.{key}": (hidden,) for name in "1235" for key in ("weight", "bias")}
    for name, value in weights.items():
        if value.shape != due.get(name, value.shape):
            raise ModelFileError(f"has {name} of shape {value.shape}; expected {due[name]}")


def checked_version(version: int) -> None:
    if version < OLDEST_GRAPH:
        raise ModelFileError(
            f"was exported before DeepSpeech 0.7 (graph version {version}; {OLDEST_GRAPH} is the oldest supported one)"
        )


def read_alphabet(data: bytes) -> Characters | Utf8Bytes:
    """Parse the alphabet of an export."""
    try:
        return parse_alphabet(data)
    except TextError as error:
        raise ModelFileError(f"has a damaged alphabet ({error})") from None


__getattr__ = renamed(
    __name__,
    {
        "OldModel": "deepspeech.old_models.old_model:ImportedModel",
        "Said": "deepspeech.old_models.old_model:ExportMetadata",
    },
)
