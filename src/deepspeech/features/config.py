"""Configuration of feature extraction. Saved with every checkpoint and in every exported model.

`features.kind` names the front end; each has a frozen dataclass of its own, with its own defaults.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from deepspeech.errors import ConfigError
from deepspeech.settings import setting


class FrontEndConfig:
    """Settings common to all front ends."""

    kind: str
    sample_rate_hz: int
    window_ms: float
    step_ms: float
    online_cmn_s = 0.0  # seconds that the running mean of a clip remembers; 0: none is subtracted
    normalize = False  # whether the front end subtracts the training set's mean and divides by its deviation
    end: str  # samples after the last whole window: "drop" them, or "pad" them with zeros to one more window

    def __post_init__(self) -> None:
        if self.end not in ("drop", "pad"):
            raise ConfigError(f"features.end is '{self.end}'; use 'drop' or 'pad'")
        for name in ("window_ms", "step_ms"):
            samples = self.sample_rate_hz * getattr(self, name) / 1000
            if samples < 1 or samples % 1:  # the second is true of what is not a number too
                raise ConfigError(
                    f"features.{name} = {getattr(self, name)} is {samples:g} samples at {self.sample_rate_hz} Hz; "
                    "choose one that makes a whole number of samples"
                )

        if self.step_ms > self.window_ms:
            raise ConfigError(
                f"features.step_ms = {self.step_ms:g} would skip audio; use at most window_ms = {self.window_ms:g}"
            )

    @property
    def dimensions(self) -> int:
        """Feature dimension."""
        raise NotImplementedError

    @property
    def window_samples(self) -> int:
        return int(self.sample_rate_hz * self.window_ms / 1000)

    @property
    def step_samples(self) -> int:
        return int(self.sample_rate_hz * self.step_ms / 1000)

    @property
    def step_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.step_samples / self.sample_rate_hz

    def frames(self, samples: int) -> int:
        """Number of frames of a clip of `samples` samples."""
        whole = 0 if samples < self.window_samples else 1 + (samples - self.window_samples) // self.step_samples
        return whole + (self.end == "pad")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as saved; `registry.read_config` reads them."""
        values: dict[str, Any] = asdict(self)  # type: ignore[call-overload]  # every front end's settings are a dataclass
        return values


@dataclass(frozen=True)
class MfccConfig(FrontEndConfig):
    """Mel-frequency cepstral coefficients; the defaults are those of DeepSpeech 0.9.3.

    The old trainer dropped samples after the last whole window, the old client padded them: training and inference
    of one model follow the same rule.
    """

    sample_rate_hz: int = setting(
        16000, "sample rate of the model; other recordings are resampled", "8000 for telephone speech only", "Hz"
    )
    window_ms: float = setting(32.0, "length of a window", "seldom", "milliseconds")
    step_ms: float = setting(
        20.0, "from one window to the next", "10 for twice the outputs, as in the paper", "milliseconds"
    )
    coefficients: int = setting(26, "cepstral coefficients of a frame", "seldom", "coefficients")
    mel_bands: int = setting(40, "mel bands that they are computed from", "seldom", "bands")
    low_hz: float = setting(20.0, "lower end of the lowest mel band", "seldom", "Hz")
    high_hz: float | None = setting(
        None,
        "upper end of the highest mel band; not set: half the sample rate",
        "3800 for telephone speech at 16 kHz",
        "Hz",
    )
    end: str = setting(
        "drop", 'samples after the last whole window: "drop", or "pad" with zeros', '"pad" for models that 0.9.3 made'
    )
    kind = "mfcc"  # no field: saved settings without `kind` are these, also for versions that know no other

    @property
    def dimensions(self) -> int:
        return self.coefficients


@dataclass(frozen=True)
class LogMelConfig(FrontEndConfig):
    """Log-mel filter bank energies (fbank), the input of most end-to-end systems (Kaldi, NeMo, icefall: 80 bins)."""

    kind: str = field(default="log_mel", init=False)
    sample_rate_hz: int = setting(
        16000, "sample rate of the model; other recordings are resampled", "8000 for telephone speech only", "Hz"
    )
    window_ms: float = setting(25.0, "length of a window", "seldom", "milliseconds")
    step_ms: float = setting(
        10.0, "from one window to the next", "seldom: networks of stride 4 expect 10", "milliseconds"
    )
    mel_bands: int = setting(80, "mel bands of a frame", "40 for small networks and 8 kHz", "bands")
    low_hz: float = setting(20.0, "lower end of the lowest mel band", "seldom", "Hz")
    high_hz: float | None = setting(
        None,
        "upper end of the highest mel band; not set: half the sample rate",
        "3800 for telephone speech at 16 kHz",
        "Hz",
    )
    preemphasis: float = setting(0.97, "y[t] = x[t] - preemphasis * x[t - 1]; 0: none", "seldom")
    normalize: bool = setting(
        True, "subtract the training set's mean and divide by its deviation, per mel band", "seldom"
    )
    online_cmn_s: float = setting(
        0.0,
        "subtract the running mean of each recording as well (online CMN), over so many seconds; 0: do not",
        "10 for little data from many microphones, if no recording begins with long silence",
        "seconds",
    )
    end: str = setting(
        "drop", 'samples after the last whole window: "drop", or "pad" with zeros', '"pad" for models that 0.9.3 made'
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.preemphasis <= 1:
            raise ConfigError(f"features.preemphasis is {self.preemphasis:g}; it must be between 0 and 1")
        if not 0 <= self.online_cmn_s < float("inf"):
            raise ConfigError(f"features.online_cmn_s is {self.online_cmn_s:g}; it must be 0 or a number of seconds")

    @property
    def dimensions(self) -> int:
        return self.mel_bands
