"""Registry of network families by `network.kind`. Imports torch only to build a network.

A family is a folder here: `config.py` (a NetworkConfig), `network.py` (an AcousticNetwork, contract.py) and `graph.py`
(exports its weights as an ONNX graph). Training, export and inference do not depend on the family.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.conformer.config import ConformerConfig
from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.errors import ConfigError
from deepspeech.renamed import current


@dataclass(frozen=True)
class Family:
    """A family's settings, and where its network and its exporter are: "module:name"."""

    config: type[NetworkConfig]
    network: str  # a class; arguments: config, feature dimensions, classes
    to_onnx: str  # a function (weights by parameter name, config, ModelCard) → ModelProto

    def load_network(self) -> Any:
        return _named(self.network)

    def load_exporter(self) -> Any:
        return _named(self.to_onnx)


FAMILIES = {
    "deepspeech": Family(
        DeepSpeechConfig,
        "deepspeech.acoustic.deepspeech.network:DeepSpeech",
        "deepspeech.acoustic.deepspeech.graph:to_onnx",
    ),
    "deep_lstm": Family(
        DeepLstmConfig,
        "deepspeech.acoustic.deep_lstm.network:DeepLstm",
        "deepspeech.acoustic.deep_lstm.graph:to_onnx",
    ),
    "conformer": Family(
        ConformerConfig,
        "deepspeech.acoustic.conformer.network:Conformer",
        "deepspeech.acoustic.conformer.graph:to_onnx",
    ),
}
DEFAULT = "deepspeech"  # also of files without a kind, as older versions wrote


def family(kind: str) -> Family:
    """Look up a family. Raises ConfigError."""
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ConfigError(f"network.kind is {kind!r}; use {' or '.join(FAMILIES)}")
    return FAMILIES[kind]


def config_of_kind(entries: Mapping[str, Any]) -> tuple[type[NetworkConfig], dict[str, Any]]:
    """The config class of the kind in `entries`, and its other entries. Raises ConfigError for an unknown kind.

    `size` expands to its settings; explicit settings win.
    """
    values = current("network", entries, warn=False)  # as in files; config.py warns
    config = family(values.pop("kind", DEFAULT)).config
    if config.sizes and "size" in values:
        size = values.pop("size")
        if not isinstance(size, str) or size not in config.sizes:
            raise ConfigError(f"network.size is {size!r:.100}; use {' or '.join(config.sizes)}")
        values = {**config.sizes[size], **values}
    return config, values


def read_config(entries: Mapping[str, Any]) -> NetworkConfig:
    """Read saved settings. Raises ConfigError or TypeError where they are invalid."""
    config, values = config_of_kind(entries)
    return config(**values)


def _named(address: str) -> Any:
    module, _, name = address.partition(":")
    return getattr(import_module(module), name)
