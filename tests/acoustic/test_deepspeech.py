"""The network: shapes, streaming, look-ahead, limits, and where its randomness comes from."""

import pytest
import torch

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.errors import ConfigError

FRAMES, COEFFICIENTS, CLASSES = 40, 26, 29


def network(**settings: object) -> DeepSpeech:
    torch.manual_seed(1)
    made = DeepSpeech(DeepSpeechConfig(**{"hidden": 24, **settings}), COEFFICIENTS, CLASSES).eval()  # type: ignore[arg-type]
    made.feature_mean.uniform_(-1, 1)
    made.feature_scale.uniform_(0.5, 2)
    return made


@pytest.mark.parametrize("settings", [{}, {"layer_norm": True}, {"lstm_layers": 2}, {"context_frames": 3}])
def test_steps_of_any_size_equal_the_whole(settings: dict[str, object]) -> None:
    made = network(**settings)
    context = made.config.context_frames
    features = torch.randn(2, FRAMES, COEFFICIENTS)
    whole, _ = made(features)
    assert whole.shape == (2, FRAMES, CLASSES)
    padded = torch.nn.functional.pad(features, (0, 0, context, context))
    states, pieces, first = made.start(2), [], 0
    for size in (1, 16, 5, 18):
        logits, states = made.step(padded[:, first : first + size + 2 * context], states)
        pieces.append(logits)
        first += size
    assert torch.allclose(torch.cat(pieces, 1), whole, atol=1e-5)


def test_the_network_sees_nine_frames_ahead_and_no_more() -> None:
    made = network()
    features = torch.randn(1, FRAMES, COEFFICIENTS)
    changed = features.clone()
    changed[:, 30] += 1
    difference = (made(features)[0] - made(changed)[0]).abs().amax(-1)[0]
    assert difference[:21].max() == 0
    assert difference[21] > 0


def test_frames_beyond_the_ends_are_zeros() -> None:
    made = network()
    features = torch.randn(1, FRAMES, COEFFICIENTS)
    longer = torch.nn.functional.pad(features, (0, 0, 0, 12))
    assert torch.allclose(made(features)[0], made(longer)[0][:, :FRAMES], atol=1e-6)


def test_dense_outputs_are_clipped() -> None:
    made = network(relu_clip=0.5)
    x = made._dense("1", made.layer_1, torch.randn(1, 5, 494) * 100)
    assert x.min() >= 0
    assert x.max() == 0.5


def test_dropout_depends_on_the_callers_generator_alone() -> None:
    made = network(dropout_1=0.5).train()
    features = torch.randn(1, FRAMES, COEFFICIENTS)
    same = [made(features, random=torch.Generator().manual_seed(7))[0] for _ in range(2)]
    other, _ = made(features, random=torch.Generator().manual_seed(8))
    assert torch.equal(same[0], same[1])
    assert not torch.equal(same[0], other)


def test_dropout_zeroes_its_share_and_keeps_the_mean() -> None:
    made = network().train()
    kept = made._dropped(torch.ones(1000, 100), 0.3, torch.Generator().manual_seed(1))
    assert (kept == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert kept.mean().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "settings", [{"hidden": 0}, {"lstm_layers": 0}, {"context_frames": -1}, {"relu_clip": 0.0}, {"dropout_2": 1.0}]
)
def test_impossible_shapes_are_refused_by_name(settings: dict[str, object]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f"network.{name}"):
        DeepSpeechConfig(**settings)  # type: ignore[arg-type]
