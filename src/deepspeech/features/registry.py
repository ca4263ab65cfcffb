"""Registry of front ends by `features.kind`, and their (de)serialization."""

from collections.abc import Mapping
from typing import Any

from deepspeech.errors import ConfigError
from deepspeech.features.config import FrontEndConfig, LogMelConfig, MfccConfig
from deepspeech.features.front_end import FrontEnd
from deepspeech.features.log_mel import LogMel
from deepspeech.features.mfcc import Mfcc
from deepspeech.features.normalization import Normalization

FRONT_ENDS: dict[str, tuple[type[FrontEndConfig], type[FrontEnd]]] = {
    "mfcc": (MfccConfig, Mfcc),
    "log_mel": (LogMelConfig, LogMel),
}
_DEFAULT = "mfcc"  # kind of settings without one, as older versions wrote


def config_of_kind(entries: Mapping[str, Any]) -> tuple[type[FrontEndConfig], dict[str, Any]]:
    """The config class of the kind in `entries`, and its other entries. Raises ConfigError for an unknown kind."""
    values = dict(entries)
    kind = values.pop("kind", _DEFAULT)
    if not isinstance(kind, str) or kind not in FRONT_ENDS:
        raise ConfigError(f"features.kind is {kind!r}; use {' or '.join(FRONT_ENDS)}")
    return FRONT_ENDS[kind][0], values


def read_config(entries: Mapping[str, Any]) -> FrontEndConfig:
    """Read saved settings. Raises ConfigError or TypeError where they are invalid."""
    config, values = config_of_kind(entries)
    return config(**values)


def new_front_end(config: FrontEndConfig, normalization: Normalization | None = None) -> FrontEnd:
    """Create the front end of these settings. Raises ConfigError where they are impossible."""
    return FRONT_ENDS[config.kind][1](config, normalization)


def read_front_end(entries: Mapping[str, Any]) -> FrontEnd:
    """Read the output of `FrontEnd.to_dict`. Raises ConfigError, KeyError or TypeError where it is damaged."""
    settings = {name: value for name, value in entries.items() if name not in ("mean", "deviation")}
    normalization = Normalization.of(entries) if len(settings) < len(entries) else None
    return new_front_end(read_config(settings), normalization)
