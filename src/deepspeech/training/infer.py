"""Transcribes audio files and samples with a checkpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepspeech.acoustic.restore import Restored
from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.audio.source import AudioSource, NamedPath
from deepspeech.cores import cores
from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript
from deepspeech.pool import ordered_map


def infer(restored: Restored, path: AudioSource, options: DecodeOptions, scorer: Scorer | None = None) -> Transcript:
    """The best transcript of a sound file. Raises AudioError."""
    samples, rate_hz = read_audio(NamedPath(path) if isinstance(path, Path) else path)
    return infer_samples(restored, resample(samples, rate_hz, restored.features.sample_rate_hz), options, scorer)


@torch.no_grad()
def infer_samples(
    restored: Restored, samples: NDArray[np.float32], options: DecodeOptions, scorer: Scorer | None = None
) -> Transcript:
    """The best transcript of mono samples [N] at the network's rate."""
    features = restored.front_end(samples)
    logits_BTV, _ = restored.network(torch.from_numpy(features)[None])
    return decode(
        Emission(logits_BTV[0].softmax(-1).numpy(), restored.frame_s), restored.tokens, options, scorer=scorer
    )[0]


def infer_all(
    restored: Restored, sounds: Sequence[NDArray[np.float32]], options: DecodeOptions, scorer: Scorer | None = None
) -> Iterator[Transcript]:
    """infer_samples() of each, in order, on all cores. Sets torch to one thread for the process."""
    torch.set_num_threads(1)
    yield from ordered_map(lambda samples: infer_samples(restored, samples, options, scorer), sounds, cores())
