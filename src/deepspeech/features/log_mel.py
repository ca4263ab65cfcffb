"""LogMel: log-mel filter bank energies (fbank).

The window is the periodic Hann window, as in Mfcc, so that both share one transform; it is also Whisper's and
torchaudio's choice, and Kaldi's and NeMo's differ from it at the edges alone. with a first
coefficient of 0, pre-emphasis never needs the sample before a window, so streams and padding follow Mfcc's rules.
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
