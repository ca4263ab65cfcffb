"""Applies augmentations by name: float32 arrays in, arrays of the same kind out, not in place.

Domains: "signal" samples [N] in -1 to 1; "spectrogram" squared magnitudes [T, bins]; "features" [T, dimensions].
"""

from collections.abc import Callable

import numpy as np

from deepspeech.datasets.augment import masking, signal, spectrum
from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.spec import Augmentation, Random

OPERATIONS: dict[str, Callable[..., Float32]] = {
    "overlay": signal.overlay,
    "noise": signal.noise,
    "room": signal.room,
    "reverb": signal.reverb,
    "speed": signal.speed,
    "resample": signal.resampled,
    "codec": signal.codec,
    "packet_loss": signal.packet_loss,
    "clipping": signal.clipping,
    "volume": signal.volume,
    "pitch": spectrum.pitch,
    "tempo": spectrum.tempo,
    "warp": spectrum.warp,
    "frequency_mask": spectrum.frequency_mask,
    "time_mask": masking.time_mask,
    "adaptive_time_mask": masking.adaptive_time_mask,
    "spec_augment": masking.spec_augment,
    "dropout": masking.dropout,
    "add": masking.add,
    "multiply": masking.multiply,
}


def augment(x: Float32, entry: Augmentation, clock: float, random: Random, context: AugmentContext) -> Float32:
    """Apply one augmentation with its probability."""
    if len(x) == 0 or random.random() >= entry.probability:
        return x
    values = entry.draw(clock, random)
    result: Float32 = np.asarray(OPERATIONS[entry.name](x, random, context, **values, **entry.words), dtype=np.float32)
    return (
        np.maximum(result, 0) if context.domain == "spectrogram" else result
    )  # the square root of power is taken later
