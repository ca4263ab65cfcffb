"""Export a checkpoint to an ONNX model file, after checking the ONNX model against the PyTorch network.

In: a checkpoint, a model card, audio files for the check. Out: one ONNX file. A float32 model is written only if its
greedy transcripts equal PyTorch's on every clip; an int8 model only if their CER against PyTorch's is within tolerance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepspeech.acoustic.registry import family
from deepspeech.acoustic.restore import Restored
from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.audio.source import AudioSource
from deepspeech.decoder.beam import greedy
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ModelFileError
from deepspeech.files import partial_folder
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.checksum import add_checksum
from deepspeech.modelfile.graph import write_card
from deepspeech.progress import Progress
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session
from deepspeech.text.distance import character_errors

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class ParityReport:
    """The exported model's greedy transcripts and probabilities, compared with the PyTorch network's."""

    clips: int
    different: int  # clips whose greedy transcripts differ
    characters: int
    character_errors: int
    largest_difference: float  # of any probability
    recorded: bool = True  # on recordings, not on made-up sound

    @property
    def cer(self) -> float:
        """Character error rate of the exported model, the PyTorch network's transcripts being the reference."""
        return self.character_errors / max(1, self.characters)


def export(
    restored: Restored, card: ModelCard, target: Path, clips: Sequence[AudioSource], tolerance: float
) -> ParityReport:
    """Write `target` in the card's precision; `tolerance` is the CER allowed for int8.

    Without `clips` the check runs on a synthetic signal. Raises ModelFileError, and writes nothing, if it fails.
    """
    sounds = [_sound(path, card) for path in clips] or [_synthetic(card)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial_folder(target) as folder:
        exported = folder / "exported.onnx"
        exported.write_bytes(model_file(restored, card))
        report = _compare(restored, Session(exported), sounds)
        allowed = 0.0 if card.precision == "float32" else tolerance
        if report.cer > allowed:
            raise ModelFileError(
                f"{target}: not written: its transcripts differ from the checkpoint's (CER {report.cer:.2%} in "
                f"{report.different} of {report.clips} clips, allowed {allowed:.2%}); export float32, or train longer"
            )
        exported.replace(target)
    return replace(report, recorded=bool(clips))


def model_file(restored: Restored, card: ModelCard) -> bytes:
    """The bytes of the model file of a network, in the card's precision; not compared with the network."""
    weights = {name: value.detach().cpu().numpy() for name, value in restored.network.state_dict().items()}
    config = restored.network.config
    model = family(config.kind).load_exporter()(weights, config, card)
    write_card(model, card)
    return add_checksum(model.SerializeToString())


def _compare(restored: Restored, session: Session, sounds: Sequence[Float32]) -> ParityReport:
    extractor, exported = restored.front_end, FileAcousticModel(session)
    report = ParityReport(len(sounds), 0, 0, 0, 0.0)
    with Progress(len(sounds), "checking the export", "clips") as progress:
        for sound in sounds:
            with torch.no_grad():
                logits, _ = restored.network(torch.from_numpy(extractor(sound))[None])
            expected = Emission(logits[0].softmax(-1).numpy(), restored.frame_s)
            found = exported.emit_samples(sound)
            texts = [greedy(emission, restored.tokens).text for emission in (expected, found)]
            errors, characters = character_errors(texts[0], texts[1])
            gap = float(np.abs(expected.probabilities_TV - found.probabilities_TV).max(initial=0))
            report = replace(
                report,
                different=report.different + (texts[0] != texts[1]),
                characters=report.characters + characters,
                character_errors=report.character_errors + errors,
                largest_difference=max(report.largest_difference, gap),
            )
            progress.advance()
    return report


def _sound(path: AudioSource, card: ModelCard) -> Float32:
    samples, rate_hz = read_audio(path)
    return resample(samples, rate_hz, card.features.sample_rate_hz)


def _synthetic(card: ModelCard) -> Float32:
    """Three seconds of a frequency sweep in noise, used where no recording is given."""
    rate = card.features.sample_rate_hz
    time_s = np.arange(3 * rate) / rate
    noise = np.random.default_rng(0).standard_normal(len(time_s)) * 0.01
    return (0.3 * np.sin(2 * np.pi * (100 + 300 * time_s) * time_s) + noise).astype(np.float32)
