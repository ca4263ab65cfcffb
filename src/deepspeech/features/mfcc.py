"""Mfcc: mel-frequency cepstral coefficients, equal to those of DeepSpeech 0.9.3 (TensorFlow 1.15) to the bit."""

from deepspeech._native import FrameKernel, mfcc_kernel
from deepspeech.features.config import MfccConfig
from deepspeech.features.front_end import Float32 as Float32
from deepspeech.features.front_end import FrontEnd


class Mfcc(FrontEnd):
    """Periodic Hann window → magnitudes → triangular mel channels → natural logarithm → DCT-II."""

    config: MfccConfig

    def new_kernel(self) -> FrameKernel:
        c = self.config
        high_hz = c.sample_rate_hz / 2 if c.high_hz is None else c.high_hz
        return mfcc_kernel(
            c.sample_rate_hz, c.window_samples, c.step_samples, c.mel_bands, c.low_hz, high_hz, c.coefficients
        )
