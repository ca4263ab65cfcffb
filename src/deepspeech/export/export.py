"""Checkpoint → model file, proved on recordings before it appears under its name.

In: a checkpoint, what the card says, sound files to prove it on. Out: one ONNX file. A float32 file is written only if
its greedy transcripts equal torch's on every clip; an int8 file, whose rounding may move a letter, only if they differ
in at most a stated share of letters.
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
from deepspeech.audio.span import Place
from deepspeech.decoder.beam import greedy
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ModelFileError
from deepspeech.features.registry import new_front_end
from deepspeech.files import partial_folder
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import write_card
from deepspeech.modelfile.seal import sealed
from deepspeech.progress import Progress
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session
from deepspeech.text.distance import letter_errors

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Proof:
    """How the file compares with torch on the clips it was proved on."""

    clips: int
    different: int  # clips whose greedy transcripts differ
    letters: int
    letter_errors: int
    largest_difference: float  # of any probability

    @property
    def share(self) -> float:
        return self.letter_errors / max(1, self.letters)


def export(restored: Restored, card: ModelCard, target: Path, clips: Sequence[Place], tolerance: float) -> Proof:
    """Write `target` in the card's precision. Raises ModelFileError, and writes nothing, where the proof fails."""
    sounds = [_sound(path, card) for path in clips] or [_made_up(card)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial_folder(target) as folder:
        made = _write(restored, card, folder)
        proof = _prove(restored, Session(made), sounds)
        allowed = 0.0 if card.precision == "float32" else tolerance
        if proof.share > allowed:
            raise ModelFileError(
                f"{target}: not written: its transcripts differ from the checkpoint's in {proof.share:.2%} of letters "
                f"({proof.different} of {proof.clips} clips), more than {allowed:.2%}; export float32, or train longer"
            )
        made.replace(target)
    return proof


def _write(restored: Restored, card: ModelCard, folder: Path) -> Path:
    weights = {name: value.detach().cpu().numpy() for name, value in restored.network.state_dict().items()}
    config = restored.network.config
    model = family(config.kind).load_exporter()(weights, config, card)
    write_card(model, card)
    path = folder / "made.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    return path


def _prove(restored: Restored, session: Session, sounds: Sequence[Float32]) -> Proof:
    extractor, model = new_front_end(restored.features), FileAcousticModel(session)
    proof = Proof(len(sounds), 0, 0, 0, 0.0)
    with Progress(len(sounds), "proving the export", "clips") as progress:
        for sound in sounds:
            with torch.no_grad():
                logits, _ = restored.network(torch.from_numpy(extractor(sound))[None])
            expected = Emission(logits[0].softmax(-1).numpy(), restored.frame_s)
            found = model.emit_samples(sound)
            texts = [greedy(emission, restored.alphabet).text for emission in (expected, found)]
            errors, letters = letter_errors(texts[0], texts[1])
            gap = float(np.abs(expected.probabilities_TV - found.probabilities_TV).max(initial=0))
            proof = replace(
                proof,
                different=proof.different + (texts[0] != texts[1]),
                letters=proof.letters + letters,
                letter_errors=proof.letter_errors + errors,
                largest_difference=max(proof.largest_difference, gap),
            )
            progress.advance()
    return proof


def _sound(path: Place, card: ModelCard) -> Float32:
    samples, rate_hz = read_audio(path)
    return resample(samples, rate_hz, card.features.sample_rate_hz)


def _made_up(card: ModelCard) -> Float32:
    """Three seconds of rising tones in noise, where no recording is at hand."""
    rate = card.features.sample_rate_hz
    time_s = np.arange(3 * rate) / rate
    noise = np.random.default_rng(0).standard_normal(len(time_s)) * 0.01
    return (0.3 * np.sin(2 * np.pi * (100 + 300 * time_s) * time_s) + noise).astype(np.float32)
