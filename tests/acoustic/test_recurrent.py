"""The paper's recurrent layer: it is the formula, its gradients are exact, and padding has no effect."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.acoustic.recurrent import ClippedRecurrence, _Unroll, turned_frames
from deepspeech.errors import ConfigError

HIDDEN, COEFFICIENTS, CLASSES = 12, 26, 29


def layer(bidirectional: bool, clip: float = 0.7) -> ClippedRecurrence:
    torch.manual_seed(2)
    made = ClippedRecurrence(HIDDEN, bidirectional, clip)
    torch.nn.init.normal_(made.input.bias)
    return made


def formula(made: ClippedRecurrence, x_TH: Tensor) -> Tensor:
    """One clip, written as in the paper."""
    outputs = torch.zeros(len(x_TH), HIDDEN)
    for direction, matrix in enumerate(made.recurrent):
        state = torch.zeros(HIDDEN)
        for frame in range(len(x_TH)) if direction == 0 else reversed(range(len(x_TH))):
            state = (made.input(x_TH[frame]) + matrix @ state).clamp(0, made.clip)
            outputs[frame] = outputs[frame] + state
    return outputs


@pytest.mark.parametrize("bidirectional", [False, True])
def test_it_is_the_papers_formula_and_so_are_its_gradients(bidirectional: bool) -> None:
    made, x_TH = layer(bidirectional), torch.randn(9, HIDDEN, requires_grad=True)
    wanted, (found, _) = formula(made, x_TH), made(x_TH[None])
    assert wanted.max() > 0.7 - 1e-6  # some units are clipped,
    assert (wanted == 0).any()  # and some are silent
    torch.testing.assert_close(found[0], wanted)
    pull = torch.randn_like(wanted)
    inputs = [x_TH, *made.parameters()]
    for one, other in zip(
        torch.autograd.grad((found[0] * pull).sum(), inputs),
        torch.autograd.grad((wanted * pull).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("frames", [1, 7])
def test_gradients_are_those_of_small_steps(directions: int, frames: int) -> None:
    torch.manual_seed(3)
    sums = torch.randn(frames, directions, 3, 5, dtype=torch.float64, requires_grad=True)
    recurrent = (0.6 * torch.randn(directions, 5, 5, dtype=torch.float64)).requires_grad_()
    start = torch.rand(directions, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda *tensors: _Unroll.apply(*tensors, 1.0), (sums, recurrent, start))


def network(**changes: object) -> DeepSpeech:
    torch.manual_seed(1)
    made = DeepSpeech(DeepSpeechConfig(hidden=HIDDEN, recurrent="relu", **changes), COEFFICIENTS, CLASSES).eval()  # type: ignore[arg-type]
    made.feature_mean.uniform_(-1, 1)
    return made


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(1, 4), st.booleans())
def test_a_clip_alone_is_decoded_as_in_a_batch(lengths: list[int], stride: int, bidirectional: bool) -> None:
    made = network(stride=stride, bidirectional=bidirectional)
    clips = [torch.randn(length, COEFFICIENTS) for length in lengths]
    together, counts = made(torch.nn.utils.rnn.pad_sequence(clips, batch_first=True), torch.tensor(lengths))
    assert counts.tolist() == [-(-length // stride) for length in lengths]
    for clip, batched in zip(clips, together, strict=True):
        alone = made(clip[None])[0][0]
        assert len(alone) == made.config.outputs(len(clip))
        torch.testing.assert_close(batched[: len(alone)], alone, atol=2e-5, rtol=1e-4)


def test_what_padding_holds_moves_no_weight() -> None:
    made, lengths = layer(True), torch.tensor([4, 9])
    gradients = []
    for filled in (0.0, 5.0):
        x = torch.linspace(-1, 1, 2 * 9 * HIDDEN).view(2, 9, HIDDEN).clone()
        x[0, 4:] = filled
        out, _ = made(x, lengths)
        gradients.append(torch.autograd.grad(out[0, :4].sum() + out[1].sum(), list(made.parameters())))
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_a_one_way_network_goes_on_from_its_state() -> None:
    made, features = network(), torch.randn(2, 40, COEFFICIENTS)
    padded = torch.nn.functional.pad(features, (0, 0, 9, 9))
    states, pieces = made.start(2), []
    for first, end in ((0, 1), (1, 17), (17, 40)):
        logits, states = made.step(padded[:, first : end + 18], states)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, 1), made(features)[0], atol=1e-5, rtol=1e-4)


def test_sixteen_bits_elsewhere_leave_the_recurrence_in_32() -> None:
    made = layer(True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out, _ = made(torch.randn(2, 5, HIDDEN))
    assert out.dtype == torch.float32


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_turned_twice_is_unturned(lengths: list[int]) -> None:
    turns = turned_frames(9, len(lengths), torch.tensor(lengths))
    assert torch.equal(turns.gather(0, turns), torch.arange(9)[:, None].expand(-1, len(lengths)))
    for clip, length in enumerate(lengths):
        assert turns[:length, clip].tolist() == list(range(length))[::-1]


@pytest.mark.parametrize(
    "changes",
    [{"recurrent": "gru"}, {"recurrent": "relu", "lstm_layers": 2}, {"bidirectional": True}, {"stride": 0}],
)
def test_what_cannot_be_built_is_refused_by_name(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"network.{list(changes)[-1]}"):
        DeepSpeechConfig(**changes)  # type: ignore[arg-type]
