"""The beam search against ds_ctcdecoder 0.9.3; `fixtures/decoder/README.md` says how that was run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech.decoder.beam import BeamDecoder
from deepspeech.decoder.options import DecodeOptions
from deepspeech.text.alphabet import ENGLISH

TIED = "edge_uniform"  # all classes equally probable: the old decoder left it to chance which of equals stays
SETTINGS = ["beam1", "beam32", "beam500", "beam500_top40", "beam500_cutoff099_top10", "beam1024"]


@pytest.mark.parametrize("name", SETTINGS)
def test_same_as_the_old_decoder(shared: Path, name: str) -> None:
    folder = shared / "fixtures" / "decoder"
    golden = json.loads((folder / "outputs" / f"noscorer_{name}.json").read_text())
    setting = golden["setting"]
    options = DecodeOptions(setting["beam_size"], setting["cutoff_prob"], setting["cutoff_top_n"])
    for clip, expected in golden["outputs"].items():
        decoder = BeamDecoder(ENGLISH, options, 0.02)
        decoder.feed(np.load(folder / "inputs" / f"{clip}.npy"))
        found = decoder.candidates(setting["num_results"])
        assert len(found) >= len(expected)
        if clip == TIED:
            continue
        for ours, theirs in zip(found, expected, strict=False):
            assert abs(ours.confidence - theirs["confidence"]) < 1e-3, clip
        compare_best(clip, found[0], expected[0])


def compare_best(clip: str, ours: Any, theirs: dict[str, Any]) -> None:
    assert ours.text == theirs["text"], clip
    assert ENGLISH.encode(ours.text) == theirs["tokens"] if ours.text else not theirs["tokens"], clip
    assert [token.frame for token in ours.tokens] == theirs["timesteps"], clip
