"""The front ends there are, by the kind that settings name; and how they are read from and written to plain values."""

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
_DEFAULT = "mfcc"  # of settings that name none, as all did before there were others


def config_of_kind(page: Mapping[str, Any]) -> tuple[type[FrontEndConfig], dict[str, Any]]:
    """The settings of the kind that `page` names, and what else it says. Raises ConfigError for an unknown kind."""
    values = dict(page)
    kind = values.pop("kind", _DEFAULT)
    if not isinstance(kind, str) or kind not in FRONT_ENDS:
        raise ConfigError(f"features.kind is {kind!r}; use {' or '.join(FRONT_ENDS)}")
    return FRONT_ENDS[kind][0], values


def read_config(page: Mapping[str, Any]) -> FrontEndConfig:
    """Settings as they were saved. Raises ConfigError or TypeError where they are none."""
    config, values = config_of_kind(page)
    return config(**values)


def new_front_end(config: FrontEndConfig, normalization: Normalization | None = None) -> FrontEnd:
    """The front end of these settings. Raises ConfigError where they cannot be computed."""
    return FRONT_ENDS[config.kind][1](config, normalization)


def read_front_end(page: Mapping[str, Any]) -> FrontEnd:
    """What `FrontEnd.to_dict` gave. Raises ConfigError, KeyError or TypeError where it is damaged."""
    settings = {name: value for name, value in page.items() if name not in ("mean", "deviation")}
    normalization = Normalization.of(page) if len(settings) < len(page) else None
    return new_front_end(read_config(settings), normalization)
