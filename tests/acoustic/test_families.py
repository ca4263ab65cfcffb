"""Every family of networks keeps the contract; a new one goes through the whole house, which does not know its name."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import Recognizer, checkpoint
from deepspeech.acoustic import registry
from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.acoustic.registry import FAMILIES, Family, read_config
from deepspeech.acoustic.restore import restore
from deepspeech.audio.formats import wav_bytes
from deepspeech.audio.vad import SilenceRules
from deepspeech.cli.export import export
from deepspeech.config import page as settings_text
from deepspeech.config import resolve
from deepspeech.decoder.options import DecodeOptions
from deepspeech.errors import CheckpointError, ConfigError, DataError
from deepspeech.features.chunks import ChunkBuffer
from deepspeech.runtime.emission_stream import EmissionStream
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.session import Session
from deepspeech.training.infer import infer_samples
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.test import test as run_test
from tests.fakes import config, corpus, tones
from tests.tiny.config import TinyConfig

TINY = {"tiny": Family(TinyConfig, "tests.tiny.network:Tiny", "tests.tiny.graph:to_onnx")}
SHAPES = [
    {"hidden": 12},
    {"hidden": 12, "lstm_layers": 2, "stride": 2, "context_frames": 3, "layer_norm": True},
    {"hidden": 12, "recurrent": "relu"},
    {"hidden": 12, "recurrent": "relu", "bidirectional": True, "stride": 2},
    {"kind": "tiny"},
    {"kind": "deep_lstm", "width": 12, "blocks": 2, "chunk_frames": 2, "look_ahead": 0},
    {"kind": "deep_lstm", "width": 12, "blocks": 2, "chunk_frames": 2, "look_ahead": 3},
    {"kind": "conformer", "width": 16, "blocks": 3, "heads": 2, "kernel": 5, "left_frames": 6, "chunk_frames": 2},
]
DIMENSIONS, CLASSES = 26, 7


@pytest.fixture(autouse=True)
def tiny() -> Iterator[None]:
    """One line a family."""
    registry.FAMILIES.update(TINY)
    yield
    del registry.FAMILIES["tiny"]


def network(shape: dict[str, object]) -> AcousticNetwork:
    torch.manual_seed(1)
    made = new_network(read_config(shape), DIMENSIONS, CLASSES).eval()
    made.feature_mean.uniform_(-1, 1)
    made.feature_scale.uniform_(0.5, 2)
    return made


# ---- the contract --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("frames", [0, 1, 8, 33])
@torch.no_grad()
def test_chunks_give_what_the_whole_gives(shape: dict[str, object], frames: int) -> None:
    made, features = network(shape), torch.randn(2, frames, DIMENSIONS)
    whole, lengths_B = made(features)
    assert whole.shape == (2, made.config.outputs(frames), CLASSES)
    assert lengths_B.tolist() == [whole.shape[1]] * 2
    buffers = [ChunkBuffer(made.config.chunk, DIMENSIONS) for _ in range(2)]
    pieces, states = [torch.zeros(2, 0, CLASSES)], made.start(2)
    for first in range(0, frames, 5):
        fed = [buffer.feed(clip[first : first + 5].numpy()) for buffer, clip in zip(buffers, features, strict=True)]
        for chunks in zip(*fed, strict=True):
            logits, states = made.step(torch.from_numpy(np.stack(chunks)), states)
            pieces.append(logits)
    for chunks in zip(*(buffer.finish() for buffer in buffers), strict=True):
        logits, states = made.step(torch.from_numpy(np.stack(chunks)), states)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_a_clip_alone_is_decoded_as_in_a_batch(shape: dict[str, object]) -> None:
    made, lengths = network(shape), [9, 30, 4]
    clips = [torch.randn(length, DIMENSIONS) for length in lengths]
    together, lengths_B = made(torch.nn.utils.rnn.pad_sequence(clips, batch_first=True), torch.tensor(lengths))
    for clip, batched, outputs in zip(clips, together, lengths_B, strict=True):
        torch.testing.assert_close(batched[:outputs], made(clip[None])[0][0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.get("recurrent") != "relu"])
def test_16_bits_are_nearly_32_with_gradients_of_the_parameters_own_type(shape: dict[str, object]) -> None:
    made, lengths = network(shape), torch.tensor([24, 17])
    features = torch.randn(2, 24, DIMENSIONS)
    features[1, 17:] = 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, outputs = made(features, lengths)
    due, _ = made(features, lengths)
    for clip, count in enumerate(outputs):
        assert (logits[clip, :count].float() - due[clip, :count]).norm() < 0.1 * due[clip, :count].norm()
    gradients = torch.autograd.grad(logits.float().square().sum(), list(made.parameters()))
    assert all(
        g.dtype == p.dtype and torch.isfinite(g).all() for g, p in zip(gradients, made.parameters(), strict=True)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_every_parameter_belongs_to_a_layer(shape: dict[str, object]) -> None:
    made = network(shape)
    groups = made.groups()
    assert list(groups) == ["features", *made.config.layers]
    assert all(groups.values())
    assert sorted(name for names in groups.values() for name in names) == sorted(made.state_dict())
    assert made.config.head == made.config.layers[-1]
    assert {v.shape[0] for n, v in made.named_parameters() if n in groups[made.config.head]} == {CLASSES}


def test_only_networks_of_whole_clips_have_no_states() -> None:
    for shape in SHAPES:
        made = network(shape)
        assert bool(made.start(3)) == (made.config.chunk.hop > 0)


@pytest.mark.parametrize("kind", [*FAMILIES, *TINY])
def test_a_config_names_its_family(kind: str) -> None:
    run = resolve({"network": {"kind": kind}})
    assert (f'kind = "{kind}"' in settings_text(run)) == (kind != registry.DEFAULT)
    assert resolve(run.to_dict(), warn=False) == run
    assert run.network.described()["kind"] == kind
    assert read_config({**asdict(run.network), **run.network.described()}) == run.network


def test_a_config_without_a_family_is_of_the_first() -> None:
    """So it is read by versions that know no other, and theirs by this one."""
    run = resolve({"network": {"hidden": 8, "kind": "deepspeech"}})
    assert run == resolve({"network": {"hidden": 8}})
    assert "kind" not in run.to_dict()["network"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "transformer"}, "network.kind is 'transformer'; use deepspeech or deep_lstm or conformer or tiny"),
        ({"kind": 3}, "network.kind is 3"),
        ({"kind": ["tiny"]}, "network.kind is"),
        ({"kind": "tiny", "hidden": 8}, "unknown setting network.hidden"),
    ],
)
def test_other_families_settings_are_refused_by_name(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve({"network": table})


# ---- a new family through the house --------------------------------------------------------------------------------

SMALL = {
    "tiny": {"kind": "tiny"},
    "deep_lstm": {"kind": "deep_lstm", "width": 24, "blocks": 2},
    "conformer": {"kind": "conformer", "width": 24, "blocks": 2, "heads": 2, "left_frames": 16},
}


def run_of(folder: Path, kind: str = "tiny", **changes: object) -> Run:
    changes = {"network": SMALL[kind], "training__epochs": 3, **changes}
    return Run(config(folder, **changes), Log())


@pytest.fixture(scope="module", params=SMALL)
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints of a family, named by it."""
    folder: Path = tmp_path_factory.mktemp("families") / request.param
    registry.FAMILIES.update(TINY)
    run_of(folder, request.param).train()
    return folder


@pytest.mark.parametrize("kind", SMALL)
def test_it_trains_and_is_tested(kind: str, tmp_path: Path) -> None:
    made = config(tmp_path, network=SMALL[kind], training__epochs=8, training__select_by="loss")
    log = tmp_path / "checkpoints"
    Run(made, Log(log)).train()
    lines = [json.loads(line) for line in (log / "log.jsonl").read_text().splitlines()]
    losses = [line["train_loss"] for line in lines if "train_loss" in line]
    assert losses[-1] < 0.7 * losses[0]
    tested = resolve(made.to_dict() | {"data": made.to_dict()["data"] | {"test": list(made.data.dev)}}, warn=False)
    assert all(scores.words for scores in run_test(tested, Log()).values())


@pytest.mark.parametrize("kind", SMALL)
def test_it_resumes_with_the_same_weights(kind: str, tmp_path: Path) -> None:
    run_of(tmp_path / "once", kind, training__epochs=4).train()
    run_of(tmp_path / "twice", kind, training__epochs=2).train()
    run_of(tmp_path / "twice", kind, training__epochs=4).train()
    weights = []
    for name in ("once", "twice"):
        path = checkpoint.newest(tmp_path / name / "checkpoints", ("train",))
        assert path
        weights.append(checkpoint.load(path).weights)
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value, weights[1][name])


def test_it_transfers_and_freezes_by_its_own_layers(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("a\nb\nc\nd\n \n")
    kind, head = trained.name, "output"
    changes = {"data__alphabet": str(tmp_path / "other.txt"), "checkpoint__load": str(trained / "checkpoints")}
    first, second, *_ = read_config(SMALL[kind]).layers
    with pytest.raises(CheckpointError, match=r'another alphabet; .* transfer.drop=\["output"\]'):
        run_of(tmp_path / "a", kind, **changes)
    with pytest.raises(ConfigError, match=f"layers are {first}, {second}, .*output"):
        run_of(tmp_path / "a", kind, transfer__drop=["layer_6"])
    run = run_of(tmp_path / "a", kind, **changes, transfer__drop=[head], transfer__freeze=[first])
    best = restore(checkpoint.best_or_newest(trained / "checkpoints")).network.state_dict()
    groups = run.network.groups()
    assert all(torch.equal(run.network.state_dict()[name], best[name]) for name in groups[first] + groups[second])
    run.train()
    after = run.network.state_dict()
    assert all(torch.equal(after[name], best[name]) for name in groups[first])
    assert not any(torch.equal(after[name], best[name]) for name in groups[second])


def test_a_folder_of_another_family_is_refused(trained: Path) -> None:
    features = restore(checkpoint.best_or_newest(trained / "checkpoints")).features
    other = {"network": {"hidden": 8}, "features": {"kind": features.kind}}
    with pytest.raises(CheckpointError, match=rf"network\.kind is deepspeech here and {trained.name} there"):
        run_of(trained, **other)
    with pytest.raises(CheckpointError, match=r"the source has no layer_1\.weight"):
        run_of(trained / "other", **other, checkpoint__load=str(trained / "checkpoints"))


@pytest.mark.parametrize("trained", ["conformer"], indirect=True)
def test_a_checkpoint_of_other_heads_is_refused(trained: Path) -> None:
    """Its weights have the same shapes and mean something else."""
    with pytest.raises(CheckpointError, match=r"network\.heads is 4 here and 2 there"):
        run_of(trained, network={**SMALL["conformer"], "heads": 4})


@pytest.mark.parametrize("kind", SMALL)
def test_clips_too_short_for_its_outputs_are_refused(kind: str, tmp_path: Path) -> None:
    csv = corpus(tmp_path / "long", characters="a")
    rows = csv.read_text().splitlines()
    csv.write_text("\n".join([rows[0], *(row.rsplit(",", 1)[0] + "," + "a" * 40 for row in rows[1:])]))
    with pytest.raises(DataError, match=r"it needs 79 frames, the clip has 15\n"):
        run_of(tmp_path, kind, data={"train": [str(csv)], "dev": []})


@pytest.mark.parametrize("int8", [False, True])
def test_it_is_exported_and_decoded_the_same_whole_streamed_and_in_batches(trained: Path, int8: bool) -> None:
    export(trained / "checkpoints", trained / "a.onnx", int8=int8, tolerance=1.0, language="en")
    restored = restore(checkpoint.best_or_newest(trained / "checkpoints"))
    card = Session(trained / "a.onnx").card
    assert (card.model, card.frame_s) == (restored.network.config.described(), pytest.approx(0.04))
    model = Recognizer.open(trained / "a.onnx", options=DecodeOptions(beam_width=16))
    sounds = [tones("abcd " * n, n) for n in (1, 3, 2)]
    whole = [model.transcribe(sound).text for sound in sounds]
    assert any(whole)
    if not int8:
        assert whole == [infer_samples(restored, sound, model.options).text for sound in sounds]
    for sound, text in zip(sounds, whole, strict=True):
        stream = model.stream()
        for first in range(0, len(sound), 1111):
            stream.feed(sound[first : first + 1111])
        assert stream.finish()[0].text == text
    found = model.transcribe_all([wav_bytes(sound, 16000) for sound in sounds])
    if not int8:
        assert [one.text for one in found] == [text.strip() for text in whole]  # type: ignore[union-attr]


@torch.no_grad()
def test_its_streams_choose_the_chunks(trained: Path) -> None:
    """Those that its card allows, with the result that the network has for whole clips at that chunk."""
    export(trained / "checkpoints", trained / "a.onnx", language="en")
    model = Recognizer.open(trained / "a.onnx", options=DecodeOptions(beam_width=16))
    restored = restore(checkpoint.best_or_newest(trained / "checkpoints"))
    sound, chunk = tones("abcd " * 6), model.card.chunk
    sizes_ms = [round(1000 * hop * model.card.features.step_s) for hop in chunk.sizes]
    assert sizes_ms == ([40, 80, 160, 640] if trained.name == "tiny" else [160, 320, 640])
    for hop, chunk_ms in zip(chunk.sizes, sizes_ms, strict=True):
        if trained.name == "conformer":
            restored.network.chunk_frames = hop // chunk.stride
        with torch.no_grad():
            logits, _ = restored.network(torch.from_numpy(model._extractor(sound))[None])
        stream = EmissionStream(model._session, model._extractor, chunk.sized(hop))
        found = np.concatenate([stream.feed(sound[:7777]), stream.feed(sound[7777:]), stream.finish()])
        np.testing.assert_allclose(found, logits[0].softmax(-1), atol=1e-5)
        plain = model.stream(chunk_ms=chunk_ms)
        plain.feed(sound)
        assert plain.finish()[0].text == infer_samples(restored, sound, model.options).text
    with pytest.raises(ConfigError, match=f"chunk_ms is 100; this model takes one of {', '.join(map(str, sizes_ms))}$"):
        model.stream(chunk_ms=100)


@pytest.mark.parametrize("trained", ["tiny"], indirect=True)
def test_endpoint_rules_must_fit_the_chunk(trained: Path) -> None:
    export(trained / "checkpoints", trained / "a.onnx", language="en")
    model = Recognizer.open(trained / "a.onnx", options=DecodeOptions(beam_width=16))
    stream = model.stream(endpoints=EndpointRules(trailing_silence_s=0.1), chunk_ms=40)
    assert stream.events([tones("abcd " * 6)])
    with pytest.raises(ConfigError, match=r"trailing_silence_s is 0\.1; this model needs at least 0\.18"):
        model.stream(endpoints=EndpointRules(trailing_silence_s=0.1))


def test_its_streams_end_utterances_and_long_recordings_are_cut(trained: Path) -> None:
    export(trained / "checkpoints", trained / "a.onnx", language="en")
    model = Recognizer.open(trained / "a.onnx", options=DecodeOptions(beam_width=16))
    parts = [part for n in range(3) for part in (tones("abcd " * 4, n), np.zeros(32000, np.float32))]
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=2.0))
    uttered = list(stream.over(np.split(np.concatenate(parts), 40)))
    assert len(uttered) > 1
    times = [utterance.words[0].start_s for utterance in uttered]
    assert times == sorted(times)
    (found,) = model.transcribe_all([wav_bytes(np.concatenate(parts), 16000)], rules=SilenceRules(max_segment_s=3))
    assert len(found.segments) > 1  # type: ignore[union-attr]


def test_no_room_knows_a_family_by_name() -> None:
    """The old network's name stands in its own folder, in the registry, and where its old files are read."""
    source = Path(registry.__file__).parents[1]
    known = (
        "acoustic/deepspeech/",
        "acoustic/registry.py",
        "compat/",
        "old_models/",
        "modelfile/old_cards.py",
        "runtime/engines/int8.py",
        "untrusted.py",  # ranges of whatever a page may name
    )
    for path in source.rglob("*.py"):
        name = str(path.relative_to(source))
        text = path.read_text(encoding="utf-8")
        if not name.startswith(known):
            for word in ("DeepSpeechConfig", "layer_6", "lstm_layers", "context_frames", "acoustic.deepspeech"):
                assert word not in text, f"{name} knows {word}"


def test_settings_of_a_family_are_a_network_config() -> None:
    for kind, family in FAMILIES.items():
        assert issubclass(family.config, NetworkConfig)
        assert family.config().kind == kind
