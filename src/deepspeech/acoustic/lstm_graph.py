"""An LSTM layer as an ONNX node, float32 or int8. Imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.modelfile.graph import RUNTIME, Graph, Quantized, Weights, as_float


def add_lstm(
    graph: Graph, weights: Weights, name: str, layer: tuple[str, int], x: str, number: int, hidden: int
) -> tuple[str, str, str]:
    """Outputs [T, 1, B, H] of `x` [T, B, I], and the new states h and c [1, B, H].

    `layer` are module and number in torch's parameter names: MODULE.weight_ih_lNUMBER. `number` is the index in the
    inputs state_h and state_c.
    """
    outputs = (f"{name}.Y", f"{name}.Y_h", f"{name}.Y_c")
    ih, hh = (f"{layer[0]}.{{}}_{kind}_l{layer[1]}" for kind in ("ih", "hh"))
    kernel, recurrent = weights[ih.format("weight")], weights[hh.format("weight")]
    both = np.concatenate([_gates(as_float(weights, kind.format("bias"))) for kind in (ih, hh)])[None]
    operation, domain, scales = "LSTM", None, []
    if isinstance(kernel, Quantized) and isinstance(recurrent, Quantized):
        operation, domain = "DynamicQuantizeLSTM", RUNTIME
        w = graph.constant(f"{name}.W", _gates(kernel.values).T[None])
        r = graph.constant(f"{name}.R", _gates(recurrent.values).T[None])
        scales = [""]  # no peepholes
        for key, scale in (("W", kernel.scale), ("R", recurrent.scale)):
            gate_scale = _gates(scale)[None] if len(scale) > 1 else scale
            scales.append(graph.constant(f"{name}.{key}.scale", gate_scale))
            scales.append(graph.constant(f"{name}.{key}.zero", np.zeros(gate_scale.shape, np.int8)))
    else:
        w = graph.constant(f"{name}.W", _gates(as_float(weights, ih.format("weight")))[None])
        r = graph.constant(f"{name}.R", _gates(as_float(weights, hh.format("weight")))[None])
    index = graph.constant(f"{name}.index", np.array([number], np.int64))
    h = graph.add("Gather", ["state_h", index], f"{name}.h", axis=0)
    c = graph.add("Gather", ["state_c", index], f"{name}.c", axis=0)
    node_inputs = [x, w, r, graph.constant(f"{name}.B", both), "", h, c, *scales]
    graph.node(operation, node_inputs, outputs, name, domain=domain, hidden_size=hidden)
    return outputs


def _gates(value: NDArray[Any]) -> NDArray[Any]:
    """Reorder gates from torch's i, f, g, o to ONNX's i, o, f, c."""
    i, f, g, o = np.split(value, 4)
    return np.concatenate([i, o, f, g])
