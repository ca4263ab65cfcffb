"""Files as the old system wrote them, made here: a small network with weights by chance, in every format.

Also what that network answers, in NumPy and in TensorFlow's terms, and what the old client's 8-bit arithmetic makes of
a .tflite. Formats: as in `old_models/tflite.py`, `graphdef.py`, `memmapped.py` and `tf_checkpoint.py`.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np

from deepspeech.modelfile import wire
from deepspeech.old_models import tflite

CELL = "cudnn_lstm/rnn/multi_rnn_cell/cell_0/cudnn_compatible_lstm_cell"
LETTERS = " abcé日"
METADATA = {
    "metadata_version": 6, "metadata_sample_rate": 16000, "metadata_feature_win_len": 32,
    "metadata_feature_win_step": 20, "metadata_beam_width": 123,
}  # fmt: skip
TYPES = {"float32": 1, "int32": 3, "int64": 9}


@dataclass
class Network:
    """Variables by TensorFlow's names."""

    hidden: int = 8
    layer_norm: bool = False
    variables: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        random, h, v = np.random.default_rng(1), self.hidden, len(LETTERS) + 1
        shapes: dict[str, tuple[int, ...]] = {
            "layer_1/weights": (494, h), "layer_6/weights": (h, v), "layer_6/bias": (v,),
            **{f"layer_{k}/weights": (h, h) for k in "235"}, **{f"layer_{k}/bias": (h,) for k in "1235"},
            f"{CELL}/kernel": (2 * h, 4 * h), f"{CELL}/bias": (4 * h,),
        }  # fmt: skip
        if self.layer_norm:
            shapes |= {f"layer_{k}/LayerNorm/{name}": (h,) for k in "1235" for name in ("beta", "gamma")}
        for name, shape in shapes.items():
            self.variables[name] = random.normal(0, 0.5, shape).astype(np.float32)
        self.variables["layer_1/weights"] /= 10

    def answer(self, windows: Any, forget_bias: float = 0.0, clip: float = 20.0) -> Any:
        """Probabilities [T, V] of windows [T, 19, 26] from a state of zeros, in double precision."""
        w = {name: value.astype(np.float64) for name, value in self.variables.items()}

        def dense(k: str, x: Any) -> Any:
            x = np.clip(x @ w[f"layer_{k}/weights"] + w[f"layer_{k}/bias"], 0, clip)
            if not self.layer_norm:
                return x
            x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
            return x * w[f"layer_{k}/LayerNorm/gamma"] + w[f"layer_{k}/LayerNorm/beta"]

        x = windows.reshape(len(windows), -1)
        for k in "123":
            x = dense(k, x)
        c = h = np.zeros(self.hidden)
        rows = []
        for row in x:
            i, j, f, o = np.split(np.concatenate([row, h]) @ w[f"{CELL}/kernel"] + w[f"{CELL}/bias"], 4)
            c = sigmoid(f + forget_bias) * c + sigmoid(i) * np.tanh(j)
            h = sigmoid(o) * np.tanh(c)
            rows.append(h)
        return softmax(dense("5", np.array(rows)) @ w["layer_6/weights"] + w["layer_6/bias"])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# ---- protocol buffers ----------------------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    number &= 0xFFFF_FFFF_FFFF_FFFF
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def entry(number: int, content: "int | bytes | memoryview | str") -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    data = content.encode() if isinstance(content, str) else bytes(content)
    return varint(number << 3 | 2) + varint(len(data)) + data


def shape_of(shape: tuple[int, ...]) -> bytes:
    return b"".join(entry(2, entry(1, size)) for size in shape)


def attribute(key: str, value: bytes) -> bytes:
    return entry(5, entry(1, key) + entry(2, value))


def node(name: str, operation: str, inputs: tuple[str, ...] = (), attributes: bytes = b"") -> bytes:
    named = entry(1, name) + entry(2, operation) + b"".join(entry(3, source) for source in inputs)
    return entry(1, named + attributes)


def constant(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        tensor = entry(1, 7) + entry(2, shape_of((1,))) + entry(8, value)
    else:
        array = np.asarray(value)
        tensor = entry(1, TYPES[array.dtype.name]) + entry(2, shape_of(array.shape)) + entry(4, array.tobytes())
    return node(name, "Const", (), attribute("value", entry(8, tensor)))


def filled(name: str, shape: tuple[int, ...], value: float) -> bytes:
    """A constant of one value repeated, as TensorFlow may write it."""
    tensor = entry(1, 1) + entry(2, shape_of(shape)) + entry(5, struct.pack("<f", value))
    return node(name, "Const", (), attribute("value", entry(8, tensor)))


def serialised_alphabet(letters: str = LETTERS) -> bytes:
    """In descending order: any is allowed."""
    pairs = [(label, letter.encode()) for label, letter in enumerate(letters)][::-1]
    return struct.pack("<H", len(pairs)) + b"".join(struct.pack("<HH", n, len(b)) + b for n, b in pairs)


def frozen_graph(network: Network, forget_bias: float | None = 0.0, version: int = 6, clip: float = 20.0) -> bytes:
    """A `.pb`. `forget_bias` None: the attribute is left out, as where it has its default, 1."""
    numbers = METADATA | {"metadata_version": version}
    bias = b"" if forget_bias is None else attribute("forget_bias", b"\x25" + struct.pack("<f", forget_bias))
    inputs = ("seq", "x", "c", "h", f"{CELL}/kernel/read", "wci", "wcf", "wco", f"{CELL}/bias/read:0")
    parts = [
        node("input_node", "Placeholder", (), attribute("shape", entry(7, shape_of((1, 16, 19, 26))))),
        *(constant(name, value) for name, value in network.variables.items()),
        *(node(f"{name}/read", "Identity", (name,)) for name in network.variables),
        constant("Minimum/y", np.float32(clip)),
        node("Minimum", "Minimum", ("Relu", "Minimum/y")),
        node(f"{CELL}/BlockLSTM", "BlockLSTM", inputs, bias),
        *(constant(name, np.array([value], np.int32)) for name, value in numbers.items()),
        constant("metadata_alphabet", serialised_alphabet()),
        constant("metadata_language", b"fr-FR"),
    ]
    return b"".join(parts)


def memory_mapped(graph: bytes, least: int = 10_000, lengths: bool = True) -> bytes:
    """A `.pbmm` of a `.pb`, as `convert_graphdef_memmapped_format` makes it; before TensorFlow 2.3 without lengths."""
    out, kept, regions = b"", b"", []
    for number, value in wire.fields(memoryview(graph)):
        if number != 1:
            kept += entry(number, wire.message(value))
            continue
        body = bytes(wire.message(value))
        fields = dict(wire.fields(memoryview(body)))
        tensor = _tensor(body) if bytes(wire.message(fields[2])) == b"Const" else None
        if tensor is None or len(tensor[2]) < least:
            kept += entry(1, body)
            continue
        kind, shape, content = tensor
        name = "memmapped_package://" + bytes(wire.message(fields[1])).decode().replace("/", "_")
        out += b"\0" * (-len(out) % 64)
        regions.append((name, len(out), len(content)))
        out += content
        attributes = (
            attribute("dtype", entry(6, kind)) + attribute("shape", entry(7, shape))
            + attribute("memory_region_name", entry(2, name))
        )  # fmt: skip
        kept += entry(1, entry(1, bytes(wire.message(fields[1]))) + entry(2, "ImmutableConst") + attributes)
    out += b"\0" * (-len(out) % 64)
    regions.append(("memmapped_package://.", len(out), len(kept)))
    out += kept
    directory = b"".join(
        entry(1, entry(1, start) + entry(2, name) + (entry(3, length) if lengths else b""))
        for name, start, length in regions
    )
    return out + directory + struct.pack("<Q", len(out))


def _tensor(body: bytes) -> tuple[int, bytes, bytes] | None:
    """Type, shape and raw content of a Const."""
    for number, value in wire.fields(memoryview(body)):
        if number == 5:
            pair = dict(wire.fields(wire.message(value)))
            if bytes(wire.message(pair[1])) == b"value":
                tensor = dict(wire.fields(wire.message(dict(wire.fields(wire.message(pair[2])))[8])))
                return wire.signed(tensor[1]), bytes(wire.message(tensor.get(2, b""))), bytes(tensor.get(4, b""))
    return None


# ---- TensorFlow Lite -----------------------------------------------------------------------------------------------


class TfliteFile:
    """A `.tflite` in the making: tensors and operators in order. Fields are numbered as in the schema."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(0)
        self.buffers, self.tensors, self.operators = [self._table({})], [], []
        self.codes: list[int] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []

    def tensor(self, name: str, value: Any = None, shape: tuple[int, ...] = (), scale: float = 0.0) -> int:
        """A constant array, a constant text, or what the network computes; returns its number."""
        content, kind = b"", 0
        if isinstance(value, bytes):
            content, kind, shape = struct.pack("<iii", 1, 12, 12 + len(value)) + value, tflite.STRING, (1,)
        elif value is not None:
            content, shape = value.tobytes(), value.shape
            kind = {"float32": 0, "int32": 2, "int8": 9}[value.dtype.name]
        b = self.builder
        if content:
            self.buffers.append(self._table({0: b.CreateByteVector(content)}))
        fields = {0: b.CreateNumpyVector(np.array(shape, np.int32)), 3: b.CreateString(name)}
        if scale:
            parts = {
                2: b.CreateNumpyVector(np.array([scale], np.float32)),
                3: b.CreateNumpyVector(np.zeros(1, np.int64)),
            }
            fields[4] = self._table(parts)
        number = len(self.buffers) - 1 if content else 0
        self.tensors.append(self._table(fields, {1: ("Int8", kind), 2: ("Uint32", number)}))
        return len(self.tensors) - 1

    def add(self, operation: str, inputs: tuple[int, ...], outputs: tuple[int, ...] | None = None) -> int:
        """An operator; returns its first output."""
        outputs = outputs or (self.tensor(operation),)
        code = next(code for code, name in tflite.OPERATORS.items() if name == operation)
        if code not in self.codes:
            self.codes.append(code)
        fields = {n: self.builder.CreateNumpyVector(np.array(v, np.int32)) for n, v in ((1, inputs), (2, outputs))}
        self.operators.append(self._table(fields, {0: ("Uint32", self.codes.index(code))}))
        return outputs[0]

    def finish(self) -> bytes:
        numbers = {
            n: self.builder.CreateNumpyVector(np.array(v, np.int32)) for n, v in ((1, self.inputs), (2, self.outputs))
        }
        graph = self._table(numbers | {0: self._vector(self.tensors), 3: self._vector(self.operators)})
        codes = self._vector([self._table({}, {0: ("Int8", code)}) for code in self.codes])
        root = self._table(
            {1: codes, 2: self._vector([graph]), 4: self._vector(self.buffers)}, {0: ("Uint32", 3)}
        )  # fmt: skip
        self.builder.Finish(root, file_identifier=tflite.MAGIC)
        return bytes(self.builder.Output())

    def _table(self, offsets: dict[int, int], scalars: dict[int, tuple[str, int]] | None = None) -> int:
        self.builder.StartObject(8)
        for number, offset in offsets.items():
            self.builder.PrependUOffsetTRelativeSlot(number, offset, 0)
        for number, (kind, value) in (scalars or {}).items():
            getattr(self.builder, f"Prepend{kind}Slot")(number, value, 0)
        end: int = self.builder.EndObject()
        return end

    def _vector(self, offsets: list[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        end: int = self.builder.EndVector()
        return end


def tflite_file(network: Network, quantised: bool = True, forget_bias: float | None = None) -> bytes:
    """The network as the old exporter wrote it, its LSTM unrolled over two frames.

    With `quantised` the network's matrices become what their 8 bits stand for. `forget_bias`: an operator adds it.
    """
    file, w = TfliteFile(), network.variables
    matrices, biases = {}, {}
    for name in [*(f"layer_{k}/weights" for k in "12356"), f"{CELL}/kernel"]:
        matrix, scale = np.ascontiguousarray(w[name].T), 0.0
        if quantised:
            scale = float(np.float32(np.abs(matrix).max() / 127))
            matrix = np.round(matrix / scale).astype(np.int8)
            w[name] = (matrix * np.float32(scale)).T
        matrices[name] = file.tensor(f"{name}/transpose", matrix, scale=scale)
        biases[name] = file.tensor(f"{name}/bias", w[name.rpartition("/")[0] + "/bias"])

    def product(x: int, name: str) -> int:
        return file.add("FULLY_CONNECTED", (x, matrices[name], biases[name]))

    x = file.tensor("input_node", shape=(1, 16, 19, 26))
    file.inputs.append(x)
    limit = file.tensor("Minimum/y", np.array(20, np.float32))
    for k in "123":
        x = file.add("MINIMUM", (product(x, f"layer_{k}/weights"), limit))
    axis = file.tensor("split_dim", np.array(1, np.int32))
    for _ in range(2):
        gates = tuple(file.tensor(f"split:{n}") for n in range(4))
        file.add("SPLIT", (axis, product(x, f"{CELL}/kernel")), gates)
        f = gates[2]
        if forget_bias is not None:
            f = file.add("ADD", (f, file.tensor("forget_bias", np.array(forget_bias, np.float32))))
        for operation, gate in (("LOGISTIC", f), ("LOGISTIC", gates[0]), ("TANH", gates[1]), ("LOGISTIC", gates[3])):
            x = file.add(operation, (gate,))
    x = file.add("MINIMUM", (product(x, "layer_5/weights"), limit))
    file.outputs.append(file.add("SOFTMAX", (product(x, "layer_6/weights"),)))
    said = {name: np.array([number], np.int32) for name, number in METADATA.items()}
    texts = {"metadata_alphabet": serialised_alphabet(), "metadata_language": b"fr-FR"}
    for name, value in {**said, **texts}.items():
        source, out = file.tensor(f"{name}_copy", value), file.tensor(name, shape=(1,))
        file.outputs.append(file.add("RESHAPE", (source, axis), (out,)))
    return file.finish()


# ---- checkpoints ---------------------------------------------------------------------------------------------------


def bundle(prefix: Path, variables: dict[str, Any]) -> None:
    """A TensorFlow checkpoint: `.index` with two blocks and shared key prefixes, and one data file."""
    data, entries = b"", [(b"", entry(1, 1) + entry(3, entry(1, 1)))]
    for name in sorted(variables):
        array = np.asarray(variables[name])
        place = entry(4, len(data)) + entry(5, array.nbytes)
        entries.append((name.encode(), entry(1, TYPES[array.dtype.name]) + entry(2, shape_of(array.shape)) + place))
        data += array.tobytes()
    middle = len(entries) // 2
    out, handles = b"", []
    for group in (entries[:middle], entries[middle:]):
        block = _block(group)
        handles.append((group[-1][0], varint(len(out)) + varint(len(block))))
        out += block + b"\0" * 5
    index = _block(handles)
    start = len(out)
    out += index + b"\0" * 5
    footer = varint(0) + varint(0) + varint(start) + varint(len(index))
    out += footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(prefix.name + ".index").write_bytes(out)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    out, last = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1)


def checkpoint_folder(folder: Path, network: Network, cudnn: bool = False, moments: bool = True) -> Path:
    """What the old trainer left: `train-7` and `best_dev-3` with their state files, flags, Coqui's alphabet.txt."""
    variables = dict(network.variables) | {"global_step": np.int64(7), "learning_rate": np.float32(0.001)}
    for name, value in network.variables.items() if moments else ():
        if not (cudnn and name.startswith(CELL)):
            variables |= {f"{name}/Adam": value * 0.1, f"{name}/Adam_1": value**2}
    if cudnn:
        variables |= {f"cudnn_lstm/opaque_kernel{slot}": np.zeros(9, np.float32) for slot in ("", "/Adam", "/Adam_1")}
    for name, state in (("train-7", "checkpoint"), ("best_dev-3", "best_dev_checkpoint")):
        bundle(folder / name, variables)
        (folder / state).write_text(f'model_checkpoint_path: "/somewhere/else/{name}"\n')
    flags = ("--n_hidden=8", "--relu_clip=20.0", "--nobytes_output_mode", "--export_language=fr-FR")
    (folder / "flags.txt").write_text("\n".join(flags) + "\n")
    (folder / "alphabet.txt").write_text("\n".join(LETTERS) + "\n", encoding="utf-8")
    return folder
