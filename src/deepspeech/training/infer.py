"""One clip through a checkpoint, without a data set around it."""

from pathlib import Path

import torch

from deepspeech.acoustic.restore import Restored
from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.features.mfcc import FeatureExtractor


def infer(restored: Restored, path: Path, options: DecodeOptions, scorer: Scorer | None = None) -> Transcript:
    """The best transcript of a sound file. Raises AudioError."""
    samples, rate_hz = read_audio(path)
    features = FeatureExtractor(restored.features)(resample(samples, rate_hz, restored.features.sample_rate_hz))
    with torch.no_grad():
        probabilities = restored.network(torch.from_numpy(features)[None])[0].softmax(-1).numpy()
    return decode(Emission(probabilities, restored.features.step_s), restored.alphabet, options, scorer=scorer)[0]
