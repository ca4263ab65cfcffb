r"""Augmentations as text: `name[p=0.5,key=value,…]`, the grammar of DeepSpeech's `--augment`.

A value is `v`, `v~r` (drawn from v-r to v+r), `a:b` (moves from a to b over the whole training) or `a:b~r` (both).
Randomness has a key (seed, epoch, sample, position in the list): the same on any number of workers, and after a resume.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from deepspeech.errors import ConfigError
from deepspeech.renamed import current

Random = np.random.Generator


@dataclass(frozen=True)
class Range:
    """A parameter that may change during training and may be drawn from an interval around its center."""

    start: float
    end: float
    radius: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Range":
        center, _, radius = text.partition("~")
        start, _, end = center.partition(":")
        numbers = (float(start), float(end or start), float(radius or 0))
        if not all(map(math.isfinite, numbers)):
            raise ValueError(text)
        return cls(*numbers)

    def draw(self, clock: float, random: Random) -> float:
        """Draw a value at `clock`, the progress of training from 0 to 1."""
        center = self.start + clock * (self.end - self.start)
        return center + self.radius * float(random.uniform(-1, 1)) if self.radius else center


@dataclass(frozen=True)
class Kind:
    """Parameters of an augmentation with their defaults, and the domains it can act on."""

    parameters: Mapping[str, str]
    domains: tuple[str, ...]  # the first is the default
    words: Mapping[str, str] = field(default_factory=dict)  # text parameters; "" has no default
    choices: tuple[str, ...] = ()  # allowed text values, one or several joined by "|"; empty: any


KINDS = {
    "overlay": Kind({"snr": "3", "layers": "1"}, ("signal",), {"source": ""}),
    "codec": Kind({"bitrate": "3200"}, ("signal",), {"format": "opus"}, ("opus", "gsm", "alaw", "ulaw")),
    "reverb": Kind({"delay": "20", "decay": "10"}, ("signal",)),
    "resample": Kind({"rate": "8000"}, ("signal",)),
    "room": Kind({"rt60": "0.4~0.3", "direct": "5~5"}, ("signal",), {"source": "simulated"}),
    "speed": Kind({"factor": "1~0.1"}, ("signal",)),
    "noise": Kind({"snr": "20~10", "color": "0~1"}, ("signal",)),
    "clipping": Kind({"gain": "10~5"}, ("signal",)),
    "packet_loss": Kind({"rate": "0.05~0.05", "size": "20"}, ("signal",)),
    "volume": Kind({"dbfs": "3.0103"}, ("signal",)),
    "pitch": Kind({"pitch": "1.075~0.125"}, ("spectrogram",)),
    "tempo": Kind({"factor": "1.1", "max_time": "-1"}, ("spectrogram",)),
    "warp": Kind({"nt": "1", "nf": "1", "wt": "0.1", "wf": "0"}, ("spectrogram",)),
    "frequency_mask": Kind({"n": "3", "size": "2"}, ("spectrogram",)),
    "time_mask": Kind({"n": "3", "size": "10"}, ("spectrogram", "features", "signal")),
    "adaptive_time_mask": Kind({"n": "0.04", "size": "0.04"}, ("features", "spectrogram")),
    "spec_augment": Kind(
        {"bands": "27", "n_bands": "2", "share": "0.375", "size": "1000"}, ("features", "spectrogram")
    ),
    "dropout": Kind({"rate": "0.05"}, ("spectrogram", "features", "signal")),
    "add": Kind({"stddev": "5"}, ("features", "spectrogram", "signal")),
    "multiply": Kind({"stddev": "5"}, ("features", "spectrogram", "signal")),
}
SYNTHETIC = ("babble", "simulated", "white", "pink", "brown")  # sources that need no files


@dataclass(frozen=True)
class Augmentation:
    """A parsed augmentation."""

    name: str
    domain: str
    probability: float
    values: Mapping[str, Range]
    words: Mapping[str, str] = field(default_factory=dict)

    def draw(self, clock: float, random: Random) -> dict[str, float]:
        return {name: value.draw(clock, random) for name, value in self.values.items()}


def parse(text: str) -> Augmentation:
    """Parse one augmentation. Raises ConfigError."""
    match = re.fullmatch(r"([a-z_]+)(?:\[(.*)\])?", text.strip())
    if not match:
        raise ConfigError(f"augment '{text}': write name[key=value,…], for example volume[p=0.2,dbfs=-10:-40]")
    name = match[1]
    if name not in KINDS:
        raise ConfigError(f"augment '{name}' is unknown; available: {', '.join(KINDS)}")
    kind = KINDS[name]
    options = current(name, dict(_pairs(text, match[2] or "")))
    domain = options.pop("domain", kind.domains[0])
    if domain not in kind.domains:
        raise ConfigError(f"augment '{text}': {name} does not act on domain '{domain}'; use {', '.join(kind.domains)}")
    known = [*kind.parameters, *kind.words]
    for key in options:
        if key != "p" and key not in known:
            raise ConfigError(f"augment '{text}': {name} has no '{key}'; it takes p, {', '.join(known)}")
    words = _words(text, kind, options)
    try:
        probability = float(options.pop("p", "1"))
        values = {key: Range.parse(options.get(key, default)) for key, default in kind.parameters.items()}
    except ValueError:
        raise ConfigError(f"augment '{text}': values are numbers such as 5, 5~2, 1:5 or 1:5~2") from None
    if not 0 <= probability <= 1:
        raise ConfigError(f"augment '{text}': p is a probability from 0 to 1")
    return Augmentation(name, domain, probability, values, words)


def _words(text: str, kind: Kind, options: dict[str, str]) -> dict[str, str]:
    words = {key: options.get(key, default) for key, default in kind.words.items()}
    for key, value in words.items():
        if not value:
            raise ConfigError(f"augment '{text}': set {key}=… to a CSV, a folder, a sound file or one of {_listed()}")
        if value in SYNTHETIC and (value == "simulated") != (kind.words[key] == "simulated"):
            raise ConfigError(f"augment '{text}': '{value}' cannot be its {key}; name a CSV, a folder or a sound file")
        for choice in value.split("|"):
            if kind.choices and choice not in kind.choices:
                raise ConfigError(f"augment '{text}': {key} is one of {', '.join(kind.choices)}")
    return words


def _listed() -> str:
    return ", ".join(name for name in SYNTHETIC if name != "simulated")


def _pairs(text: str, inside: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in inside.split(",") if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ConfigError(f"augment '{text}': write parameters as key=value, for example p=0.5")
    return [(key.strip(), value.strip()) for key, _, value in pairs]


def keyed_random(*key: int) -> Random:
    """A random generator seeded by `key` alone."""
    return np.random.default_rng(np.random.SeedSequence(key))
