"""A step of the Conformer as an ONNX graph, for chunks of any length.

    features [B, T, F], lengths [B], seen [B], frame [B, 1, F], convolved [B, C, 1, F / 2],
    keys, values [N, B, L, D], convolution [N, B, kernel - 1, D]
        → probabilities [B, T / 4, V], and new_seen … new_convolution

T is a multiple of 4. `lengths` are output frames: frames of a clip that ends within the chunk do not attend to the
padding. int8 models quantize the matrices after the convolutions. Imports no torch.
"""

from collections.abc import Mapping

import numpy as np

from deepspeech.acoustic.conformer.config import ROTARY_BASE, ConformerConfig
from deepspeech.acoustic.subsampling.graph import add_subsampling, quantize, states
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Float32, Graph, Model, Weights, as_float

HIDDEN = -1e9  # additive mask


def to_onnx(weights: Mapping[str, Float32], config: ConformerConfig, card: ModelCard) -> Model:
    """The network of float32 `weights` in the card's precision, as a model without its card."""
    weights = folded(weights, config)
    return _Builder(quantize(weights) if card.precision == "int8" else weights, config).build(card)


def folded(weights: Mapping[str, Float32], config: ConformerConfig) -> dict[str, Float32]:
    """Weights with constants folded in: half-step feed-forwards, scaled queries, and queries and keys reordered so that
    the two dimensions of a rotation are half a head apart."""
    out, size = dict(weights), config.width // config.heads
    order = np.arange(config.width).reshape(config.heads, size // 2, 2).transpose(0, 2, 1).reshape(-1)
    for block in config.block_names:
        for part in ("weight", "bias"):
            for name in (f"{block}.forward_1.down.{part}", f"{block}.forward_2.down.{part}"):
                out[name] = weights[name] * np.float32(0.5)
            name = f"{block}.attention.input.{part}"
            q, k, v = np.split(weights[name], 3)
            out[name] = np.concatenate([q[order] * np.float32(size**-0.5), k[order], v])
    return out


class _Builder:
    """Builds one graph; methods take and return names of values."""

    def __init__(self, weights: Weights, config: ConformerConfig) -> None:
        self.graph, self.weights, self.config = Graph(), weights, config
        self.caches: dict[str, list[str]] = {"keys": [], "values": [], "convolution": []}

    def build(self, card: ModelCard) -> Model:
        graph, c = self.graph, self.config
        x = add_subsampling(graph, self.weights, "features")
        self._shared(x)
        for number in range(c.blocks):
            x = self._block(number, x)
        for name, parts in self.caches.items():
            graph.add("Concat", parts, f"new_{name}", axis=0)
        graph.add("Softmax", [graph.linear(self.weights, "output", x)], "probabilities", axis=-1)
        cached = (c.blocks, "clips", c.left_frames, c.width)
        input_states = {
            "seen": ("clips",),
            **states(card.features.dimensions),
            "keys": cached,
            "values": cached,
            "convolution": (c.blocks, "clips", c.kernel - 1, c.width),
        }
        return graph.model(
            {"features": ("clips", "frames", card.features.dimensions), "lengths": ("clips",), **input_states},
            {"probabilities": ("clips", "outputs", card.tokens.classes)}
            | {f"new_{name}": shape for name, shape in input_states.items()},
        )

    # ---- common to all blocks --------------------------------------------------------------------------------------

    def _shared(self, x: str) -> None:
        """Positions, the mask of the keys, and constants used by many nodes."""
        graph, c = self.graph, self.config
        self.axes = {axis: self._ints(f"axis.{axis}", axis) for axis in (0, 1)}
        self.far = self._ints("far", 2**31)
        self.left = self._ints("left", -c.left_frames)
        size = c.width // c.heads
        self.split_heads = self._ints("split_heads", 0, 0, c.heads, size)
        self.join_heads = self._ints("join_heads", 0, 0, c.width)
        self.outputs = graph.add("Gather", [graph.add("Shape", [x], "shape"), self.axes[1]], "outputs")
        count = graph.add("Cast", [self.outputs], "outputs.float", to=1)
        keys = graph.add("Add", [count, self._float("left.float", c.left_frames)], "keys.count")
        bounds = [self._float("zero", 0), keys, self._float("one", 1)]
        place = graph.add("Range", [graph.add("Squeeze", [end], f"{end}.scalar") for end in bounds], "place")
        self._rotations(place, size)
        self._mask(place, count)

    def _rotations(self, place: str, size: int) -> None:
        """Cosines and sines [keys, 1, size] of all positions, and [outputs, 1, size] of the chunk's own."""
        graph = self.graph
        speeds = np.float32(ROTARY_BASE) ** (-np.arange(0, size, 2, dtype=np.float32) / np.float32(size))
        signed = np.concatenate([-speeds, speeds])  # (a, b) → (a·cos − b·sin, b·cos + a·sin)
        column = graph.add("Reshape", [place, self._ints("column", -1, 1, 1)], "place.column")
        angles = graph.add("Mul", [column, graph.constant("rotation.speeds", signed)], "angles")
        turns = graph.add("Cos", [angles], "cosines"), graph.add("Sin", [angles], "sines")
        begin = graph.add("Neg", [self.outputs], "outputs.begin")
        self.key_turns = turns
        self.query_turns = tuple(
            graph.add("Slice", [turn, begin, self.far, self.axes[0]], f"{turn}.own") for turn in turns
        )

    def _mask(self, place: str, count: str) -> None:
        """[clips, 1, 1, keys]: hides slots of the caches that were never filled, and padding."""
        graph, left = self.graph, "left.float"
        column = self._ints("per_clip", -1, 1)
        empty = graph.add("Reshape", [graph.add("Sub", [left, "seen"], "empty"), column], "empty.column")
        lengths = graph.add("Cast", ["lengths"], "lengths.float", to=1)
        end = graph.add("Reshape", [graph.add("Add", [lengths, left], "end"), column], "end.column")
        hidden = graph.add("Or", [
            graph.add("Less", [place, empty], "before"), graph.add("GreaterOrEqual", [place, end], "beyond"),
        ], "hidden")  # fmt: skip
        mask = graph.add("Where", [hidden, self._float("hiding", HIDDEN), "zero"], "mask.flat")
        self.mask = graph.add("Unsqueeze", [mask, self._ints("axes.1.2", 1, 2)], "mask")
        total = graph.add("Add", ["seen", count], "seen.all")
        graph.add("Min", [total, left], "new_seen")

    # ---- blocks ----------------------------------------------------------------------------------------------------

    def _block(self, number: int, x: str) -> str:
        name = f"block_{number + 1}"
        self.number = self._ints(f"{name}.number", number)
        x = self._forward(f"{name}.forward_1", x)
        x = self._attention(f"{name}.attention", x)
        x = self._convolution(f"{name}.convolution", x)
        x = self._forward(f"{name}.forward_2", x)
        return self.graph.layer_norm(self.weights, f"{name}.norm", x)

    def _forward(self, name: str, x: str) -> str:
        graph = self.graph
        inner = graph.linear(self.weights, f"{name}.up", graph.layer_norm(self.weights, f"{name}.norm", x))
        inner = graph.linear(self.weights, f"{name}.down", graph.silu(inner, name))
        return graph.add("Add", [x, inner], f"{name}.added")

    def _attention(self, name: str, x: str) -> str:
        graph = self.graph
        inner = graph.linear(self.weights, f"{name}.input", graph.layer_norm(self.weights, f"{name}.norm", x))
        parts = [f"{name}.{part}" for part in ("q", "k", "v")]
        graph.node("Split", [inner], parts, f"{name}.split", axis=-1)
        q, k, v = parts[0], self._cached("keys", parts[1], self.left), self._cached("values", parts[2], self.left)
        q = self._heads(self._rotated(q, self.query_turns), [0, 2, 1, 3])
        k, v = self._heads(self._rotated(k, self.key_turns), [0, 2, 3, 1]), self._heads(self._split(v), [0, 2, 1, 3])
        scores = graph.add("Add", [graph.add("MatMul", [q, k], f"{name}.product"), self.mask], f"{name}.scores")
        weights = graph.add("Softmax", [scores], f"{name}.weights", axis=-1)
        attended = self._heads(graph.add("MatMul", [weights, v], f"{name}.attended"), [0, 2, 1, 3])
        joined = graph.add("Reshape", [attended, self.join_heads], f"{name}.joined")
        return graph.add("Add", [x, graph.linear(self.weights, f"{name}.output", joined)], f"{name}.added")

    def _convolution(self, name: str, x: str) -> str:
        graph, weights = self.graph, self.weights
        inner = graph.linear(weights, f"{name}.input", graph.layer_norm(weights, f"{name}.norm", x))
        graph.node("Split", [inner], [f"{name}.value", f"{name}.gate"], f"{name}.split", axis=-1)
        inner = graph.add(
            "Mul", [f"{name}.value", graph.add("Sigmoid", [f"{name}.gate"], f"{name}.open")], f"{name}.glu"
        )
        seen = self._cached("convolution", inner, self.outputs)
        turned = graph.add("Transpose", [seen], f"{name}.turned", perm=[0, 2, 1])
        values = [
            graph.constant(f"{name}.depthwise.{p}", as_float(weights, f"{name}.depthwise.{p}"))
            for p in ("weight", "bias")
        ]
        inner = graph.add("Conv", [turned, *values], f"{name}.convolved", group=self.config.width)
        inner = graph.add("Transpose", [inner], f"{name}.back", perm=[0, 2, 1])
        inner = graph.silu(graph.layer_norm(weights, f"{name}.inner_norm", inner), name)
        return graph.add("Add", [x, graph.linear(weights, f"{name}.output", inner)], f"{name}.added")

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _cached(self, state: str, x: str, begin: str) -> str:
        """`x` [clips, frames, D] behind this block's part of a state; frames from `begin` on are the new state."""
        graph, name = self.graph, f"{x}.{state}"
        before = graph.add("Gather", [state, self.number], f"{name}.before", axis=0)
        before = graph.add("Squeeze", [before, self.axes[0]], f"{name}.cache")
        seen = graph.add("Concat", [before, x], f"{name}.seen", axis=1)
        after = graph.add("Slice", [seen, begin, self.far, self.axes[1]], f"{name}.after")
        self.caches[state].append(graph.add("Unsqueeze", [after, self.axes[0]], f"{name}.new"))
        return seen

    def _split(self, x: str) -> str:
        return self.graph.add("Reshape", [x, self.split_heads], f"{x}.heads")

    def _rotated(self, x: str, turns: tuple[str, ...]) -> str:
        graph, heads = self.graph, self._split(x)
        graph.node("Split", [heads], [f"{x}.a", f"{x}.b"], f"{x}.halves", axis=-1)
        swapped = graph.add("Concat", [f"{x}.b", f"{x}.a"], f"{x}.swapped", axis=-1)
        straight = graph.add("Mul", [heads, turns[0]], f"{x}.straight")
        return graph.add("Add", [straight, graph.add("Mul", [swapped, turns[1]], f"{x}.across")], f"{x}.rotated")

    def _heads(self, x: str, order: list[int]) -> str:
        return self.graph.add("Transpose", [x], f"{x}.{''.join(map(str, order))}", perm=order)

    def _ints(self, name: str, *values: int) -> str:
        return self.graph.constant(name, np.array(values, np.int64))

    def _float(self, name: str, value: float) -> str:
        return self.graph.constant(name, np.array(value, np.float32))
