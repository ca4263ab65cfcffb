"""FeatureConfig: how sound becomes frames. Saved with every checkpoint and inside every exported model."""

from dataclasses import dataclass

from deepspeech.errors import ConfigError


@dataclass(frozen=True)
class FeatureConfig:
    """MFCC settings; the defaults are those of DeepSpeech 0.9.3.

    `end` says what becomes of samples after the last whole window: "drop" (as the old trainer did) or "pad" (one more
    window, filled with zeros, as the old client did). Training and recognition of one model follow the same rule.
    """

    sample_rate_hz: int = 16000
    window_ms: float = 32.0
    step_ms: float = 20.0
    coefficients: int = 26
    mel_bands: int = 40
    low_hz: float = 20.0
    high_hz: float | None = None  # None: half the sample rate
    end: str = "drop"

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
                f"features.step_ms = {self.step_ms:g} would skip sound; at most window_ms = {self.window_ms:g}"
            )

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
        """Frames that `samples` samples give."""
        whole = 0 if samples < self.window_samples else 1 + (samples - self.window_samples) // self.step_samples
        return whole + (self.end == "pad")
