"""Exported step graphs of untrained networks, beside the networks that they are of."""

from pathlib import Path

import torch

from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.acoustic.registry import family, read_config
from deepspeech.features.config import LogMelConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.checksum import add_checksum
from deepspeech.modelfile.graph import write_card
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import Characters

LETTERS = Characters(list("abcdef"))
FEATURES = LogMelConfig(mel_bands=26)


def network(**settings: object) -> AcousticNetwork:
    torch.manual_seed(1)
    made = new_network(read_config(settings), FEATURES.dimensions, LETTERS.classes).eval()
    made.feature_mean.uniform_(-1, 1)
    made.feature_scale.uniform_(0.5, 2)
    return made


def exported(made: AcousticNetwork, path: Path, precision: str = "float32") -> Session:
    config = made.config
    card = ModelCard(LETTERS, FEATURES, config.described(), config.chunk, precision=precision)
    weights = {name: value.numpy() for name, value in made.state_dict().items()}
    model = family(config.kind).load_exporter()(weights, config, card)
    write_card(model, card)
    path.write_bytes(add_checksum(model.SerializeToString()))
    return Session(path)
