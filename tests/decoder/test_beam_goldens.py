"""The beam search against ds_ctcdecoder 0.9.3; `fixtures/decoder/README.md` says how that was run."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import ENGLISH
from tests.fakes import exact

TIED = "edge_uniform"  # all classes equally probable: the old decoder left it to chance which of equals stays
DEAD = -1e30  # the old decoder's score of prefixes that no alignment reaches; it could return them
SCORERS = {"pruned_lm.scorer": "data/scorers", "an4.scorer": "fixtures/decoder"}
WITHOUT_SCORER = ["beam1", "beam32", "beam500", "beam500_top40", "beam500_cutoff099_top10", "beam1024"]
WORDS = [
    "a0.5_b2.0_beam500",
    "a2.5_b0.2_beam500",
    "default_beam32",
    "default_beam500",
    "default_cutoff099_top10_beam500",
    "default_hotwords_beam500",
]
SETTINGS = [
    *(f"noscorer_{name}" for name in WITHOUT_SCORER),
    *(f"{scorer}_{name}" for scorer in ("an4", "en") for name in WORDS),
]


@pytest.mark.parametrize("name", SETTINGS)
def test_same_as_the_old_decoder(shared: Path, name: str) -> None:
    folder = shared / "fixtures" / "decoder"
    golden = json.loads((folder / "outputs" / f"{name}.json").read_text())
    setting = golden["setting"]
    alpha, beta = setting["alpha_beta"] or (None, None)
    options = exact(setting["beam_size"], setting["cutoff_prob"], setting["cutoff_top_n"], alpha, beta)
    scorer = setting["scorer"] and Scorer.open(shared / SCORERS[setting["scorer"]] / setting["scorer"])
    for clip, results in golden["outputs"].items():
        decoder = BeamDecoder(ENGLISH, options, 0.02, scorer, setting["hot_words"])
        decoder.feed(np.load(folder / "inputs" / f"{clip}.npy"))
        found = decoder.candidates(setting["num_results"])
        expected = [result for result in results if result["confidence"] > DEAD]
        if clip == TIED or not expected:
            continue
        assert len(found) >= len(expected), clip
        for ours, theirs in zip(found, expected, strict=False):
            assert abs(ours.confidence - theirs["confidence"]) < 1e-3, clip
        ours, theirs = found[0], expected[0]
        assert ours.text == theirs["text"], clip
        assert [ENGLISH.labels.index(token.text) for token in ours.tokens] == theirs["tokens"], clip
        assert [token.frame for token in ours.tokens] == theirs["timesteps"], clip
