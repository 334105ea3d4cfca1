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
from tools.bundle.convert.tflite_graph import OP, Graph

# These pass levels on unchanged, so that input and output must share one scale.
_SAME_SCALE = {OP.PAD, OP.MAX_POOL_2D, OP.RESHAPE, OP.CONCATENATION}
_INT8_VERSION = {
    OP.CONV_2D: 3,
    OP.DEPTHWISE_CONV_2D: 3,
    OP.FULLY_CONNECTED: 4,
    OP.ADD: 2,
    OP.MUL: 2,
    OP.PAD: 2,
    OP.MAX_POOL_2D: 2,
    OP.RESHAPE: 1,
    OP.CONCATENATION: 2,
    OP.PRELU: 1,
    OP.RELU: 2,
    OP.MEAN: 2,
    OP.LOGISTIC: 2,
    OP.SUB: 2,
}


def static8(graph: Graph, ranges: Mapping[int, tuple[float, float]], keep_float: Collection[int] = ()) -> bytes:
    """The int8 net; `keep_float` names builtin operators that stay in float32."""
    graph = copy.deepcopy(graph)
    return _Rewriter(graph, _shared_scales(graph, ranges, keep_float), keep_float).run()


class _Rewriter:
    """Goes through the operators once and keeps track of which activations exist as float and which as int8."""

    def __init__(self, graph: Graph, scales: dict[int, tuple[float, int]], keep_float: Collection[int]) -> None:
        self.graph, self.scales, self.keep_float = graph, scales, keep_float
        self.twin: dict[int, int] = {}  # float activation → its int8 twin
        self.as_floats, self.as_levels = set(graph.inputs), set[int]()

    def run(self) -> bytes:
        body, self.graph.operators = self.graph.operators, []
        for code, version, op in body:
            if code in self.keep_float or code not in _INT8_VERSION:
                for index in self._activations(op):
                    self._need_float(index)
                self.graph.operators.append((code, version, op))
                self.as_floats.update(op.outputs)
            else:
                self._rewrite(code, op)
        for index in self.graph.outputs:
            self._need_float(index)
        return self.graph.to_bytes()

    def _activations(self, op: schema.OperatorT) -> list[int]:
        return [i for i in op.inputs if i >= 0 and i not in self.graph.constants]

    def _rewrite(self, code: int, op: schema.OperatorT) -> None:
        activations = self._activations(op)
        inputs = [self._need_levels(i) if i in activations else i for i in op.inputs]
        if code in WEIGHTED:
            inputs[1:] = _int8_layer(self.graph, op, WEIGHTED[code], self.scales[activations[0]][0])
        elif code == OP.PRELU:
            inputs[1] = _int8_constant(self.graph, inputs[1])
        self.as_levels.update(op.outputs)
        op.inputs, op.outputs = inputs, [self._need_levels(i) for i in op.outputs]
        self.graph.operators.append((code, _INT8_VERSION[code], op))

    def _need_levels(self, index: int) -> int:
        graph = self.graph
        if index not in self.twin:
            self.twin[index] = graph.add_tensor(
                f"{_text(graph.tensors[index].name)}/int8", graph.shape(index), np.int8
            )
            scale, zero = self.scales[index]
            set_quantization(graph.tensors[self.twin[index]], np.array([scale]), np.array([zero]), None)
        if index not in self.as_levels:
            graph.add_operator(OP.QUANTIZE, [index], [self.twin[index]], schema.QuantizeOptionsT())
            self.as_levels.add(index)
        return self.twin[index]

    def _need_float(self, index: int) -> None:
        if index not in self.as_floats:
            self.graph.add_operator(OP.DEQUANTIZE, [self.twin[index]], [index], schema.DequantizeOptionsT(), 2)
            self.as_floats.add(index)


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
