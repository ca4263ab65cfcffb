"""LogMel: log-mel filter bank energies (fbank).

The window is the periodic Hann window, as in Mfcc, so that both share one transform. Whisper and torchaudio use it too;
Kaldi's and NeMo's windows differ from it only at the edges. The first coefficient of the window is 0, so pre-emphasis
never needs the sample before a window, and streams and padding follow Mfcc's rules.
"""

from deepspeech._native import FrameKernel, log_mel_kernel
from deepspeech.features.config import LogMelConfig
from deepspeech.features.front_end import FrontEnd


class LogMel(FrontEnd):
    """Pre-emphasis → periodic Hann window → squared magnitudes → triangular mel channels → log of at least 1e-10."""

    config: LogMelConfig

    def new_kernel(self) -> FrameKernel:
        c = self.config
        high_hz = c.sample_rate_hz / 2 if c.high_hz is None else c.high_hz
        return log_mel_kernel(
            c.sample_rate_hz, c.window_samples, c.step_samples, c.mel_bands, c.low_hz, high_hz, c.preemphasis
        )
