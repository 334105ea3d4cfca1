"""Full int8: weights and activations, with ranges from a calibration run over real faces.

Operators without a fast int8 kernel (PRELU falls off XNNPACK) can be left in float; the borders get
QUANTIZE and DEQUANTIZE. The net's own inputs and outputs stay float32.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tools.bundle.convert.quantize import WEIGHTED, quantized_weights, set_quantization
from tools.bundle.convert.tflite_graph import OP, TYPE_BY_NUMPY, Graph

# These pass levels on unchanged, so that input and output must share one scale.
_SAME_SCALE = {OP.PAD, OP.MAX_POOL_2D, OP.RESHAPE, OP.CONCATENATION}
_INT8_VERSION = {OP.CONV_2D: 3, OP.DEPTHWISE_CONV_2D: 3, OP.FULLY_CONNECTED: 4, OP.ADD: 2, OP.MUL: 2, OP.PAD: 2,
                 OP.MAX_POOL_2D: 2, OP.RESHAPE: 1, OP.CONCATENATION: 2, OP.PRELU: 1, OP.RELU: 2, OP.MEAN: 2,
                 OP.LOGISTIC: 2, OP.SUB: 2}
_INT8 = TYPE_BY_NUMPY[np.dtype(np.int8)]
_INT32 = TYPE_BY_NUMPY[np.dtype(np.int32)]


def static8(graph: Graph, ranges: Mapping[int, tuple[float, float]], keep_float: Collection[int] = ()) -> bytes:
    """The int8 net; `keep_float` names builtin operators that stay in float32."""
    graph = copy.deepcopy(graph)
    scales = _shared_scales(graph, ranges, keep_float)
    body, graph.operators = graph.operators, []
    narrow: dict[int, int] = {}  # float activation → its int8 twin
    floats, twins = set(graph.inputs), set[int]()  # which of both exist at this point of the run

    def as_int8(index: int) -> int:
        if index not in narrow:
            narrow[index] = graph.add_tensor(f"{_text(graph.tensors[index].name)}/int8", graph.shape(index), np.int8)
            scale, zero = scales[index]
            set_quantization(graph.tensors[narrow[index]], np.array([scale]), np.array([zero]), None)
        if index in floats and index not in twins:
            graph.add_operator(OP.QUANTIZE, [index], [narrow[index]], schema.QuantizeOptionsT())
            twins.add(index)
        return narrow[index]

    def as_float(index: int) -> int:
        if index not in floats and index in twins:
            graph.add_operator(OP.DEQUANTIZE, [narrow[index]], [index], schema.DequantizeOptionsT(), 2)
            floats.add(index)
        return index

    for code, version, op in body:
        activations = [i for i in op.inputs if i >= 0 and i not in graph.constants]
        if code in keep_float or code not in _INT8_VERSION:
            for index in activations:
                as_float(index)
            graph.operators.append((code, version, op))
            floats.update(op.outputs)
            continue
        source = activations[0]
        inputs = [as_int8(i) if i in activations else i for i in op.inputs]
        if code in WEIGHTED:
            inputs[1:] = _int8_layer(graph, op, WEIGHTED[code], scales[source][0])
        elif code == OP.PRELU:
            inputs[1] = _int8_constant(graph, inputs[1])
        op.inputs = inputs
        for k, index in enumerate(op.outputs):
            twins.add(index)
            op.outputs[k] = as_int8(index)
        graph.operators.append((code, _INT8_VERSION[code], op))
    for index in graph.outputs:
        as_float(index)
    return graph.to_bytes()


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _shared_scales(
    graph: Graph, ranges: Mapping[int, tuple[float, float]], keep_float: Collection[int]
) -> dict[int, tuple[float, int]]:
    """(scale, zero point) per activation; tensors tied by pass-through operators get one range."""
    owner = {i: i for i in ranges}

    def root(index: int) -> int:
        while owner[index] != index:
            index = owner[index]
        return index

    for code, _, op in graph.operators:
        if code in _SAME_SCALE and code not in keep_float:
            for index in op.inputs:
                if index in owner:
                    owner[root(index)] = root(op.outputs[0])
    merged: dict[int, tuple[float, float]] = {}
    for index, (low, high) in ranges.items():
        have = merged.get(root(index), (0.0, 0.0))
        merged[root(index)] = (min(low, have[0]), max(high, have[1]))
    result = {}
    for index in ranges:
        low, high = merged[root(index)]
        scale = max(high - low, 1e-6) / 255.0
        result[index] = (scale, int(np.clip(round(-128 - low / scale), -128, 127)))
    return result


def _int8_layer(graph: Graph, op: schema.OperatorT, axis: int | None, source_scale: float) -> list[int]:
    levels, scale = quantized_weights(graph.constants[op.inputs[1]], axis)
    weights = graph.add_constant(f"{_text(graph.tensors[op.inputs[1]].name)}/int8", levels)
    set_quantization(graph.tensors[weights], scale, np.zeros(scale.size), axis)
    steps = scale.astype(np.float64) * source_scale
    levels32 = np.rint(graph.constants[op.inputs[2]] / steps).astype(np.int32)
    bias = graph.add_constant(f"{_text(graph.tensors[op.inputs[2]].name)}/int32", levels32)
    set_quantization(graph.tensors[bias], steps, np.zeros(scale.size), None)
    return [weights, bias]


def _int8_constant(graph: Graph, index: int) -> int:
    levels, scale = quantized_weights(graph.constants[index], None)
    narrow = graph.add_constant(f"{_text(graph.tensors[index].name)}/int8", levels)
    set_quantization(graph.tensors[narrow], scale, np.zeros(1), None)
    return narrow
