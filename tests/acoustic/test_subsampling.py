"""The front end of two families: four frames to one, causal, whole and in steps, for any number of dimensions."""

import pytest
import torch

from deepspeech.acoustic.contract import new_network
from deepspeech.acoustic.registry import read_config
from deepspeech.acoustic.subsampling.config import chunk_of
from deepspeech.acoustic.subsampling.network import Subsampling, filled


@pytest.mark.parametrize("dimensions", [1, 26, 79, 80])
@torch.no_grad()
def test_steps_equal_the_whole(dimensions: int) -> None:
    torch.manual_seed(1)
    made, x = Subsampling(dimensions, 8), torch.randn(2, 36, dimensions)
    whole = made(x)
    assert whole.shape == (2, 9, 8)
    states, pieces, first = made.start(2), [], 0
    for frames in (4, 20, 12):
        out, states = made.step(x[:, first : first + frames], states)
        pieces.append(out)
        first += frames
    torch.testing.assert_close(torch.cat(pieces, 1), whole, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_an_output_sees_its_four_frames_and_three_before() -> None:
    made, x = Subsampling(16, 8), torch.randn(1, 40, 16)
    for frame, seen in ((16, {4}), (17, {4, 5}), (19, {4, 5}), (20, {5})):
        changed = x.clone()
        changed[:, frame] += 1
        moved = (made(x) - made(changed)).abs().amax(-1)[0] > 1e-7
        assert set(moved.nonzero().flatten().tolist()) == seen, frame


def test_the_last_frames_are_filled_to_four() -> None:
    for frames in range(1, 13):
        assert filled(torch.ones(1, frames, 3)).shape[1] == 4 * chunk_of(8).outputs(frames)
    x = torch.ones(1, 8, 3)
    assert filled(x) is x


@pytest.mark.parametrize("kind", ["conformer", "deep_lstm"])
@pytest.mark.parametrize(("change", "words"), [({"width": 1 << 16}, "subsampling has"), ({"blocks": 999}, "2 blocks")])
def test_settings_of_a_larger_network_than_the_weights_are_refused(
    kind: str, change: dict[str, int], words: str
) -> None:
    """Before one of that size is made."""
    entries = {"kind": kind, "width": 16, "blocks": 2}
    shapes = {name: tuple(value.shape) for name, value in new_network(read_config(entries), 26, 5).state_dict().items()}
    read_config(entries).check_sizes(shapes, 26)
    with pytest.raises(TypeError, match=words):
        read_config({**entries, **change}).check_sizes(shapes, 26)


def test_streams_choose_from_chunks_of_whole_outputs() -> None:
    assert read_config(
        {"kind": "conformer", "train_chunks": [0, 2, 8], "train_chunk_weights": [1, 1, 1]}
    ).chunk.sizes == (8, 32)
    assert read_config({"kind": "deep_lstm", "chunk_frames": 2}).chunk.sizes == (8, 16, 32, 64)
    assert read_config({"kind": "conformer"}).chunk == chunk_of(8, [4, 16])
