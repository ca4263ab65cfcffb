"""References are normalized as the card says, and what changed is told."""

from pathlib import Path

import numpy as np
import soundfile

from deepspeech.evaluation.evaluated_model import EvaluatedModel, usable_samples
from deepspeech.features.config import MfccConfig
from deepspeech.text.config import TextConfig
from deepspeech.text.tokens import ENGLISH


def references(tmp_path: Path, text: TextConfig) -> tuple[list[str], list[str]]:
    soundfile.write(tmp_path / "a.wav", np.zeros(16000, np.float32), 16000)
    data, said = tmp_path / "a.csv", list[str]()
    data.write_text("wav_filename,wav_filesize,transcript\na.wav,1,Mr. X & I\na.wav,1,no change\n")
    model = EvaluatedModel((), ENGLISH, MfccConfig(), 1, False, int, lambda samples: iter(()), text)
    return [sample.transcript for sample in usable_samples([data], model, False, said.append)], said


def test_the_settings_of_the_card_are_applied_and_told(tmp_path: Path) -> None:
    texts, said = references(tmp_path, TextConfig(language="en"))
    assert texts == ["mister x and i", "no change"]
    assert len(said) == 1
    assert "1 of 2 transcripts normalized: abbreviations in 1, numbers and signs in 1, capitals in 1" in said[0]


def test_without_settings_references_stay_and_what_cannot_match_is_told(tmp_path: Path) -> None:
    texts, said = references(tmp_path, TextConfig())
    assert texts == ["Mr. X & I", "no change"]
    assert len(said) == 1
    assert "first in “Mr. X & I”; normalize the references" in said[0]
