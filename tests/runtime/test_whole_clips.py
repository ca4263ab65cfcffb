"""Networks of the paper's shape in recognition: both ways means whole clips, strides mean long frames."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import Model, Recognizer, checkpoint
from deepspeech.acoustic.restore import restore
from deepspeech.audio.formats import write_wav
from deepspeech.cli.export import export
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import ConfigError
from deepspeech.features.registry import new_front_end
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.session import Session
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests.fakes import config, tones

SHAPES = {
    "both ways": {"recurrent": "relu", "bidirectional": True},
    "both ways, strides": {"recurrent": "relu", "bidirectional": True, "stride": 2},
    "one way, strides": {"recurrent": "relu", "stride": 3},
    "LSTM, strides": {"stride": 2},
}


@pytest.fixture(scope="module", params=SHAPES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shape")
    Run(config(made, network={"hidden": 16, **SHAPES[request.param]}, training__epochs=3), Log()).train()
    export(made / "checkpoints", made / "a.onnx", language="en")
    return made


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("both")
    Run(config(made, network={"hidden": 16, **SHAPES["both ways"]}), Log()).train()
    export(made / "checkpoints", made / "a.onnx", language="en")
    return made / "a.onnx"


def test_a_model_file_hears_what_its_checkpoint_hears_alone_and_in_bulk(folder: Path) -> None:
    restored, session = restore(checkpoint.best_or_newest(folder / "checkpoints")), Session(folder / "a.onnx")
    extractor, stride = new_front_end(restored.features), restored.network.config.chunk.stride
    assert session.card.frame_s == pytest.approx(0.02 * stride)
    sounds = [tones("abc d" * n, n) for n in (2, 5, 1)] + [np.zeros(100, np.float32)]
    items = [BatchItem(extractor(sound), session.card.chunk) for sound in sounds]
    run_batch(session, items)
    for sound, item in zip(sounds[:-1], items[:-1], strict=True):
        features = extractor(sound)
        with torch.no_grad():
            expected = restored.network(torch.from_numpy(features)[None])[0][0].softmax(-1).numpy()
        assert len(expected) == -(-len(features) // stride)
        one = FileAcousticModel(session).emit_samples(sound)
        assert one.frame_s == session.card.frame_s
        np.testing.assert_allclose(one.probabilities_TV, expected, atol=1e-4)
        np.testing.assert_allclose(np.concatenate([piece for _, piece in item.pieces]), expected, atol=1e-4)
    assert items[-1].pieces == []  # too short for a frame
    assert len(FileAcousticModel(session).emit_samples(sounds[-1]).probabilities_TV) == 0


def test_eight_bits_are_near_and_smaller(folder: Path) -> None:
    export(folder / "checkpoints", folder / "int8.onnx", int8=True, tolerance=1.0)
    assert (folder / "int8.onnx").stat().st_size < (folder / "a.onnx").stat().st_size
    one, other = (
        FileAcousticModel(Session(folder / name)).emit_samples(tones("abc d", 4)) for name in ("a.onnx", "int8.onnx")
    )
    assert one.probabilities_TV.shape == other.probabilities_TV.shape
    assert np.abs(one.probabilities_TV - other.probabilities_TV).mean() < 0.02


def test_times_are_those_of_the_sound(folder: Path, tmp_path: Path) -> None:
    model, sound = Recognizer.open(folder / "a.onnx"), tones("abcd abcd", 1)
    write_wav(tmp_path / "a.wav", sound, 16000)
    end_s = len(sound) / 16000
    one = model.transcribe(sound)
    assert all(0 <= token.frame * model.card.frame_s <= end_s for token in one.tokens)
    (found,) = model.transcribe_all([tmp_path / "a.wav"])
    assert found.text == one.text.strip()  # type: ignore[union-attr]


def test_a_long_recording_is_cut_at_its_silences_alone(both_ways: Path, tmp_path: Path) -> None:
    parts = [part for n in range(4) for part in (tones("abcd " * 12, n), np.zeros(32000, np.float32))]
    write_wav(tmp_path / "long.wav", np.concatenate(parts), 16000)
    (found,) = Recognizer.open(both_ways).transcribe_all([tmp_path / "long.wav"])
    assert found.duration_s == pytest.approx(sum(map(len, parts)) / 16000)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "begin",
    [
        lambda model: model.stream(),
        lambda model: model.stream(endpoints=EndpointRules()),
    ],
)
def test_one_that_listens_both_ways_does_not_stream(both_ways: Path, begin: Callable[[Recognizer], object]) -> None:
    model = Recognizer.open(both_ways, options=DecodeOptions(beam_width=16))
    with pytest.raises(ConfigError, match="cannot stream") as refused:
        begin(model)
    assert "\n" not in str(refused.value)


def test_the_old_api_reads_whole_sound_with_it(both_ways: Path) -> None:
    sound = tones("abba", 3)
    model = Model(str(both_ways))
    assert (
        model.stt((sound * 32767).astype(np.int16))
        == Recognizer.open(both_ways).transcribe((sound * 32767).astype(np.int16)).text
    )
    with pytest.raises(ConfigError, match="cannot stream"):
        model.createStream()
