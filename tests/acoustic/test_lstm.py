"""The LSTM that learns on a CPU equals torch's: outputs and all gradients; in 16 bits it learns the same."""

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from deepspeech import _native
from deepspeech.acoustic import lstm as lstm_module
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.acoustic.lstm import lstm
from deepspeech.acoustic.products import Prepared, linear

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=8).map(lambda counts: sorted(counts, reverse=True))


def results(outputs: Tensor, x: Tensor, layers: nn.LSTM) -> Iterator[Tensor]:
    yield outputs
    weights = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    yield from torch.autograd.grad((outputs * weights).sum(), [x, *layers.parameters()])


@settings(max_examples=25, deadline=None)
@given(counts=COUNTS, layers=st.integers(1, 2), hidden=st.sampled_from([1, 7, 16, 37]))
def test_outputs_and_gradients_are_torchs(counts: list[int], layers: int, hidden: int) -> None:
    torch.manual_seed(len(counts) + hidden)
    theirs = nn.LSTM(5, hidden, layers)
    x = torch.randn(sum(counts), 5, requires_grad=True)
    packed = theirs(PackedSequence(x, torch.tensor(counts)))[0].data
    for ours, expected in zip(results(lstm(x, theirs, counts), x, theirs), results(packed, x, theirs), strict=True):
        assert torch.allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("why", ["wide", "no kernel"])
def test_other_layers_go_frame_by_frame_to_the_same_end(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    layers, counts = nn.LSTM(5, 16, 2), [4, 4, 3, 1]
    x = torch.randn(sum(counts), 5, requires_grad=True)
    narrow = list(results(lstm(x, layers, counts), x, layers))
    if why == "wide":
        monkeypatch.setattr(lstm_module, "MOST_IN_ONE_CALL", 15)
    else:
        monkeypatch.setattr(_native, "Int8Network", SimpleNamespace(runs_here=lambda: False))
    monkeypatch.setattr(_native, "lstm_layer_forward", None)
    for wide, expected in zip(results(lstm(x, layers, counts), x, layers), narrow, strict=True):
        assert torch.allclose(wide, expected, rtol=1e-5, atol=1e-6)


def test_gradients_may_be_changed_in_place() -> None:
    """The two biases' are equal, but not one memory: whoever adds to both would add twice."""
    layers, counts = nn.LSTM(5, 7, 2), [3, 2]
    outputs = lstm(torch.randn(sum(counts), 5), layers, counts)
    gradients = torch.autograd.grad(outputs.sum(), list(layers.parameters()))
    assert len({gradient.data_ptr() for gradient in gradients}) == len(gradients)


def test_many_frames_do_not_drift_apart() -> None:
    torch.manual_seed(1)
    theirs, counts = nn.LSTM(40, 64), [4] * 150 + [2] * 50
    x = torch.randn(sum(counts), 40, requires_grad=True)
    packed = theirs(PackedSequence(x, torch.tensor(counts)))[0].data
    for ours, expected in zip(results(lstm(x, theirs, counts), x, theirs), results(packed, x, theirs), strict=True):
        assert (ours - expected).abs().max() <= 1e-5 * max(1.0, expected.abs().max().item())


def test_gradients_are_those_of_differences() -> None:
    torch.manual_seed(1)
    layers, counts = nn.LSTM(3, 4, 2).double(), [3, 3, 2, 1]
    x = torch.randn(sum(counts), 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: lstm(x, layers, counts), [x, *layers.parameters()])


def test_16_bit_products_stay_near_and_gradients_are_of_32_bits() -> None:
    torch.manual_seed(1)
    layers, counts = nn.LSTM(20, 48), [4, 4, 3, 3, 1]
    x = torch.randn(sum(counts), 20, requires_grad=True)
    exact = list(results(lstm(x, layers, counts), x, layers))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = lstm(x, layers, counts)
    assert outputs.dtype == torch.bfloat16
    for near, expected in zip(results(outputs.float(), x, layers), exact, strict=True):
        assert near.dtype == torch.float32
        assert (near - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize("fill", [float("nan"), float("inf"), -float("inf"), 1e30, -1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_what_is_not_a_number_stays_one_and_gates_saturate(fill: float, dtype: torch.dtype) -> None:
    def numbers(tensor: Tensor) -> np.ndarray:
        return (tensor.view(torch.uint16) if dtype == torch.bfloat16 and tensor.dtype == dtype else tensor).numpy()

    wide = torch.promote_types(dtype, torch.float32)
    sums, before = torch.full((2, 4 * 19), fill, dtype=dtype), torch.ones(2, 19, dtype=wide)
    gates, cells, outputs = torch.empty_like(sums), torch.empty_like(before), torch.empty(2, 19, dtype=dtype)
    _native.lstm_forward(numbers(sums), numbers(before), numbers(gates), numbers(cells), numbers(outputs))
    high, bent = torch.sigmoid(sums[:, :19].to(wide)), torch.tanh(sums[:, :19].to(wide))
    expected = high * torch.tanh(high + high * bent)
    assert torch.allclose(outputs.to(wide), expected, rtol=0.005, atol=1e-6, equal_nan=True)


def test_arrays_that_do_not_fit_are_refused() -> None:
    one, four = np.zeros((2, 3), np.float32), np.zeros((2, 12), np.float32)
    with pytest.raises(ValueError, match="do not fit"):
        _native.lstm_forward(four, one[:1], four.copy(), one.copy(), one.copy())
    with pytest.raises(TypeError):
        _native.lstm_forward(four, one.astype(np.float64), four.copy(), one.copy(), one.copy())


@pytest.mark.parametrize("counts", [[], [2, 0], [1, 2]])
def test_counts_of_frames_that_are_not_packed_are_refused(counts: list[int]) -> None:
    rows = max(1, sum(counts)) + 2
    one, four = np.zeros((rows, 3), np.float32), np.zeros((rows, 12), np.float32)
    with pytest.raises(ValueError, match="packed"):
        _native.lstm_layer_forward(counts, np.zeros((3, 12), np.float32), four, one, one.copy())
    with pytest.raises(ValueError, match="packed"):
        _native.lstm_layer_backward(counts, np.zeros((12, 3), np.float32), four, one, one.copy(), four.copy())


def test_a_layer_whose_arrays_do_not_fit_is_refused() -> None:
    weight, four, one = np.zeros((3, 12), np.float32), np.zeros((3, 12), np.float32), np.zeros((5, 3), np.float32)
    _native.lstm_layer_forward([2, 1], weight, four, one, one.copy())
    for counts, cells in (([2, 2], one), ([2, 1], one[:4])):
        with pytest.raises(ValueError, match="do not fit"):
            _native.lstm_layer_forward(counts, weight, four, cells, one.copy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 3, 16])
def test_products_are_torchs_for_other_numbers_of_rows_too(dtype: torch.dtype, rows: int) -> None:
    torch.manual_seed(1)
    x, weight, other = (torch.randn(*shape).to(dtype) for shape in ((rows, 33), (65, 33), (rows, 65)))
    near = {torch.float32: 1e-5, torch.float64: 1e-12, torch.bfloat16: 0.05}[dtype]
    expected = x.double() @ weight.double().t() + other.double()
    assert torch.allclose(Prepared(weight, 8).added(x, other).double(), expected, rtol=near, atol=near)
    assert torch.allclose(linear(x, weight, other[0]).double(), expected - other.double() + other[0].double(),
                          rtol=near, atol=near)  # fmt: skip


@pytest.mark.parametrize("shape", [{}, {"lstm_layers": 2}, {"layer_norm": True}])
def test_packed_clips_equal_padded_ones(shape: dict[str, object]) -> None:
    torch.manual_seed(1)
    network = DeepSpeech(DeepSpeechConfig(hidden=24, **shape), 26, 29).eval()  # type: ignore[arg-type]
    lengths = torch.tensor([17, 30, 4])
    valid = torch.arange(30) < lengths[:, None]
    features = torch.randn(3, 30, 26) * valid[..., None]
    whole, packed = network(features)[0], network(features, lengths)[0]
    assert torch.allclose(whole[valid], packed[valid], atol=1e-5)
    assert packed[~valid].abs().max() == 0
    gradients = [torch.autograd.grad(z[valid].square().sum(), list(network.parameters())) for z in (whole, packed)]
    for padded, ours in zip(*gradients, strict=True):
        assert torch.allclose(padded, ours, rtol=1e-4, atol=1e-5 * padded.abs().max().item())


def test_16_bits_train_like_32() -> None:
    """A tiny network memorises which of its classes follows which frame, as quickly in both."""
    curves = []
    for precision in (False, True):
        torch.manual_seed(3)
        network = DeepSpeech(DeepSpeechConfig(hidden=48, context_frames=1), 8, 5).train()
        features, wanted, lengths = torch.randn(4, 12, 8), torch.randint(5, (4, 12)), torch.tensor([12, 9, 12, 5])
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.01)
        valid, losses = torch.arange(12) < lengths[:, None], []
        for step in range(40):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision):
                logits, _ = network(features, lengths, torch.Generator().manual_seed(step))
            loss = nn.functional.cross_entropy(logits.float()[valid], wanted[valid])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        curves.append(losses)
    exact, near = curves
    assert exact[0] > 1.2
    assert max(exact[-5:] + near[-5:]) < 0.1
    assert abs(sum(exact) - sum(near)) < 0.1 * sum(exact)
