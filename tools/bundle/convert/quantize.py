"""The 8-bit schemes. Each takes a simplified float graph and returns a new TFLite file.

- weights8: int8 weights, widened to float when the net is loaded; computes in float.
- dynamic8: int8 weights and activations quantized as they come, per operator (TFLite "hybrid").
- static8: int8 weights and activations, ranges from a calibration; see static8.py.
Weights are symmetric: per output channel for convolutions, per tensor for dense layers, because
tflite-runtime 2.14 knows no FULLY_CONNECTED with per-channel weights.
"""

from __future__ import annotations

import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tools.bundle.convert.tflite_graph import OP, TYPE_BY_NUMPY, Graph

WEIGHTED = {OP.CONV_2D: 0, OP.DEPTHWISE_CONV_2D: 3, OP.FULLY_CONNECTED: None}  # → axis of the channels
# Below this a layer's weights save nothing; TensorFlow's converter draws the line at the same place.
_SMALLEST_WORTH_IT = 1024
_HYBRID_VERSION = {OP.CONV_2D: 5, OP.DEPTHWISE_CONV_2D: 6, OP.FULLY_CONNECTED: 3}


def quantized_weights(values: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """(int8 values in -127..127, float32 scales: one per channel along `axis`, or one)."""
    around = tuple(n for n in range(values.ndim) if n != axis) if axis is not None else None
    peak = np.abs(values).max(axis=around, keepdims=True)
    scale = np.where(peak > 0, peak / 127.0, 1.0).astype(np.float32)
    levels = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
    return levels, scale.reshape(-1)


def set_quantization(tensor: schema.TensorT, scale: np.ndarray, zero: np.ndarray, axis: int | None) -> None:
    parameters = schema.QuantizationParametersT()
    parameters.scale = np.asarray(scale, np.float32)
    parameters.zeroPoint = np.asarray(zero, np.int64)
    parameters.quantizedDimension = axis or 0
    tensor.quantization = parameters


def weights8(graph: Graph) -> bytes:
    """Every weight tensor stored as int8 with a DEQUANTIZE that runtimes fold when they load the net."""
    graph = copy.deepcopy(graph)
    widened = []
    for code, _, op in graph.operators:
        values = graph.constants.get(op.inputs[1]) if code in WEIGHTED else None
        if values is None or values.size < _SMALLEST_WORTH_IT:
            continue
        levels, scale = quantized_weights(values, WEIGHTED[code])
        wide = op.inputs[1]
        narrow = graph.add_tensor(f"{graph.tensors[wide].name!s}/int8", values.shape, np.int8)
        graph.constants[narrow] = levels
        del graph.constants[wide]
        set_quantization(graph.tensors[narrow], scale, np.zeros(scale.size), WEIGHTED[code])
        widened.append((narrow, wide, 2 if scale.size == 1 else 5))
    body, graph.operators = graph.operators, []
    for narrow, wide, version in widened:
        graph.add_operator(OP.DEQUANTIZE, [narrow], [wide], schema.DequantizeOptionsT(), version)
    graph.operators += body
    return graph.to_bytes()


def dynamic8(graph: Graph) -> bytes:
    """Weights in int8 inside the operators, which then quantize their input by themselves."""
    graph = copy.deepcopy(graph)
    for position, (code, _, op) in enumerate(graph.operators):
        values = graph.constants.get(op.inputs[1]) if code in WEIGHTED else None
        if values is None or values.size < _SMALLEST_WORTH_IT:
            continue
        levels, scale = quantized_weights(values, WEIGHTED[code])
        graph.constants[op.inputs[1]] = levels
        tensor = graph.tensors[op.inputs[1]]
        tensor.type = TYPE_BY_NUMPY[np.dtype(np.int8)]
        set_quantization(tensor, scale, np.zeros(scale.size), WEIGHTED[code])
        if code == OP.FULLY_CONNECTED:
            op.builtinOptions.asymmetricQuantizeInputs = False
        graph.operators[position] = (code, _HYBRID_VERSION[code], op)
    return graph.to_bytes()


def float16(graph: Graph) -> bytes:
    """Constants in half precision with a DEQUANTIZE each; for comparison, and for nets that need it."""
    graph = copy.deepcopy(graph)
    body, graph.operators = graph.operators, []
    for index in [i for i, v in graph.constants.items() if v.dtype == np.float32]:
        narrow = graph.add_constant(
            f"{graph.tensors[index].name!s}/half", graph.constants.pop(index).astype(np.float16)
        )
        graph.add_operator(OP.DEQUANTIZE, [narrow], [index], schema.DequantizeOptionsT(), 3)
    graph.operators += body
    return graph.to_bytes()
