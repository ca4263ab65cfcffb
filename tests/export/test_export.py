"""Export: the file does what the checkpoint does, or it is not written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepspeech import checkpoint
from deepspeech.acoustic.deepspeech import graph
from deepspeech.acoustic.restore import Restored, restore
from deepspeech.audio.formats import write_wav
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import ModelFileError
from deepspeech.export.export import export
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.session import Session
from deepspeech.training.infer import infer
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests.fakes import config


@pytest.fixture(scope="module", params=[{}, {"layer_norm": True, "lstm_layers": 2}], ids=["plain", "norm-two-layers"])
def restored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Restored:
    folder = tmp_path_factory.mktemp("export")
    run = config(folder, network={"hidden": 16, **request.param}, training__epochs=3, training__average_decay=0.9)
    Run(run, Log()).train()
    newest = checkpoint.newest(folder / "checkpoints", ("best",))
    assert newest
    return restore(newest)


def card(restored: Restored, precision: str = "float32") -> ModelCard:
    shape = restored.network.config
    return ModelCard(restored.tokens, restored.features, shape.described(), shape.chunk, precision=precision)


def clips(restored: Restored) -> list[Path]:
    return sorted(restored.path.parent.parent.glob("dev*.wav"))


def test_float32_equals_torch(restored: Restored, tmp_path: Path) -> None:
    proof = export(restored, card(restored), tmp_path / "m.onnx", clips(restored), 0)
    assert (proof.clips, proof.different) == (4, 0)
    assert proof.largest_difference < 1e-4
    session = Session(tmp_path / "m.onnx")
    chunk = torch.randn(3, 7 + 18, 26)
    states = {name: torch.randn_like(value) for name, value in restored.network.start(3).items()}
    with torch.no_grad():
        logits, due = restored.network.step(chunk, states)
    given = session.start(3)
    given.update({name: value.numpy() for name, value in states.items()})
    probabilities, after = session.step(chunk.numpy(), given)
    np.testing.assert_allclose(probabilities, logits.softmax(-1).numpy(), atol=1e-5)
    assert set(after) == set(due) == {"state_h", "state_c"}
    for name, value in after.items():
        np.testing.assert_allclose(value, due[name].numpy(), atol=1e-5)


def test_int8_is_smaller_and_near(restored: Restored, tmp_path: Path) -> None:
    export(restored, card(restored), tmp_path / "a.onnx", clips(restored), 0)
    proof = export(restored, card(restored, "int8"), tmp_path / "b.onnx", clips(restored), 1.0)
    assert (tmp_path / "b.onnx").stat().st_size < (tmp_path / "a.onnx").stat().st_size
    assert proof.largest_difference < 0.2
    assert Session(tmp_path / "b.onnx").card.precision == "int8"


def test_a_file_that_differs_is_not_written(
    restored: Restored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = graph.build

    def wrong(*arguments: Any) -> object:
        model = build(*arguments)
        for constant in model.graph.initializer:
            if constant.name == "layer_6.bias":
                constant.raw_data = np.linspace(9, -9, 29).astype(np.float32).tobytes()
        return model

    monkeypatch.setattr(graph, "build", wrong)
    with pytest.raises(ModelFileError, match="not written"):
        export(restored, card(restored), tmp_path / "m.onnx", clips(restored), 0)
    assert not list(tmp_path.iterdir())


def test_sound_shorter_than_a_window_says_nothing(restored: Restored, tmp_path: Path) -> None:
    """In the network, in `--one_shot_infer` and in the proof of an export."""
    for samples in (1, 100, 511):
        short = tmp_path / f"short{samples}.wav"
        write_wav(short, np.zeros(samples, np.float32), 16000)
        assert infer(restored, short, DecodeOptions()).text == ""
        proof = export(restored, card(restored), tmp_path / "short.onnx", [short], 0.0)
        assert (proof.clips, proof.different) == (1, 0)
