"""LogMel: logarithms of mel filter bank energies.

The window is the periodic Hann window, as in Mfcc, so that both share one transform; it is also Whisper's and
torchaudio's choice, and Kaldi's and NeMo's differ from it at the edges alone. It begins with 0: pre-emphasis takes a
share of the sample before off each sample, but what came before a window never matters, so that streams and padded ends
need no other rule than Mfcc's.
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
