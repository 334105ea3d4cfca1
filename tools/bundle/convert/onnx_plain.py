"""Brings an ONNX graph into a plain form: nodes in order, constants folded, batch normalisation merged.

Blockwise-quantized weights become float constants; shape arithmetic for a batch of one disappears.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found]
from onnx import numpy_helper

_DENSE = ("Gemm", "MatMul")
_SHAPE_ARITHMETIC = ("Shape", "Gather", "Unsqueeze")


def attributes(node: Any) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _dequantize_blocks(values: np.ndarray, scale: np.ndarray, zero: np.ndarray | None, axis: int) -> np.ndarray:
    if scale.size > 1 and scale.ndim == values.ndim:
        scale = np.repeat(scale, -(-values.shape[axis] // scale.shape[axis]), axis=axis)
        scale = np.take(scale, range(values.shape[axis]), axis=axis)
        if zero is not None:
            zero = np.repeat(zero, -(-values.shape[axis] // zero.shape[axis]), axis=axis)
            zero = np.take(zero, range(values.shape[axis]), axis=axis)
    elif scale.ndim == 1 and scale.size > 1:
        shape = [1] * values.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), None if zero is None else zero.reshape(shape)
    offset = 0 if zero is None else zero.astype(np.float32)
    return np.asarray((values.astype(np.float32) - offset) * scale, np.float32)


class PlainGraph:
    """nodes: in order of execution, only layers and activations. constant: value by name. source: the ONNX graph."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.constant: dict[str, np.ndarray] = {i.name: numpy_helper.to_array(i) for i in source.initializer}
        self.nodes = self._sorted_nodes()
        self._fold_constants()
        self._fold_batch_norms()

    def inputs(self) -> list[Any]:
        """The pictures: declared inputs that a node reads and that are no constants."""
        read = {name for node in self.nodes for name in node.input}
        return [value for value in self.source.input if value.name in read and value.name not in self.constant]

    def dense_weights(self, node: Any) -> np.ndarray:
        """Out × in, however the node stores them."""
        weights = self.constant[node.input[1]]
        transposed = node.op_type == "Gemm" and attributes(node).get("transB")
        return weights if transposed else np.asarray(weights.T)

    def _sorted_nodes(self) -> list[Any]:
        waiting, known, ordered = list(self.source.node), set(self.constant), []
        made = {o for n in self.source.node for o in n.output}  # some exporters list these as inputs too
        known |= ({value.name for value in self.source.input} | {""}) - made
        while waiting:
            ready = [n for n in waiting if all(i in known for i in n.input)]
            if not ready:
                raise ValueError("the ONNX graph has a cycle or a missing input")
            ordered += ready
            known |= {o for n in ready for o in n.output}
            waiting = [n for n in waiting if n not in ready]
        return ordered

    def _fold_constants(self) -> None:
        kept = []
        for node in self.nodes:
            a = attributes(node)
            given: list[Any] = [self.constant.get(i) for i in node.input]
            if node.op_type == "Constant":
                self.constant[node.output[0]] = numpy_helper.to_array(a["value"])
            elif node.op_type == "DequantizeLinear" and given[0] is not None:
                zero = given[2] if len(given) > 2 else None
                self.constant[node.output[0]] = _dequantize_blocks(given[0], given[1], zero, a.get("axis", 1))
            elif node.op_type == "Reshape" and given[0] is not None:
                self.constant[node.output[0]] = given[0].reshape([int(n) for n in given[1]])
            elif node.op_type in _SHAPE_ARITHMETIC or (node.op_type == "Concat" and given[-1] is not None):
                continue  # what computes the target of a flattening Reshape; the batch is 1 here
            else:
                kept.append(node)
        self.nodes = kept

    def _fold_batch_norms(self) -> None:
        """Puts every BatchNormalization, as scale and shift, into the layer before or after it."""
        maker = {o: n for n in self.nodes for o in n.output}
        for norm in [n for n in self.nodes if n.op_type == "BatchNormalization"]:
            gamma, beta, mean, var = (self.constant[i].astype(np.float64) for i in norm.input[1:5])
            scale = gamma / np.sqrt(var + attributes(norm).get("epsilon", 1e-5))
            shift = beta - mean * scale
            before = maker.get(norm.input[0])
            alone = self._readers(norm.input[0]) == 1
            if before is not None and before.op_type in ("Conv", *_DENSE) and alone:
                self._scale_outputs(before, scale, shift)
            else:
                self._scale_inputs(self._dense_after(norm.output[0]), scale, shift)
            self._bypass(norm)

    def _bypass(self, node: Any) -> None:
        """Takes a node out: who read its output reads its input."""
        self.nodes.remove(node)
        for other in self.nodes:
            for k, name in enumerate(other.input):
                if name == node.output[0]:
                    other.input[k] = node.input[0]
        for value in self.source.output:
            if value.name == node.output[0]:
                value.name = node.input[0]

    def _readers(self, name: str) -> int:
        return sum(list(n.input).count(name) for n in self.nodes)

    def _scale_outputs(self, node: Any, scale: np.ndarray, shift: np.ndarray) -> None:
        weights = self.constant[node.input[1]].astype(np.float64)
        out_last = node.op_type == "MatMul" or (node.op_type == "Gemm" and not attributes(node).get("transB"))
        weights = weights * (scale if out_last else scale.reshape(-1, *[1] * (weights.ndim - 1)))
        bias = self.constant[node.input[2]].astype(np.float64) if len(node.input) > 2 else 0.0
        self._replace(node, weights, bias * scale + shift)

    def _scale_inputs(self, node: Any, scale: np.ndarray, shift: np.ndarray) -> None:
        weights = self.dense_weights(node).astype(np.float64)  # out × in
        each = weights.shape[1] // scale.size
        wide_scale, wide_shift = np.repeat(scale, each), np.repeat(shift, each)
        bias = self.constant[node.input[2]].astype(np.float64) if len(node.input) > 2 else 0.0
        folded = weights * wide_scale
        out_last = node.op_type == "MatMul" or not attributes(node).get("transB")
        self._replace(node, folded.T if out_last else folded, bias + weights @ wide_shift)

    def _replace(self, node: Any, weights: np.ndarray, bias: np.ndarray) -> None:
        names = (f"{node.output[0]}/weights", f"{node.output[0]}/bias")
        self.constant[names[0]] = weights.astype(np.float32)
        self.constant[names[1]] = np.asarray(bias, np.float32)
        first = node.input[0]
        del node.input[:]
        node.input.extend([first, *names])

    def _dense_after(self, name: str) -> Any:
        for node in self.nodes:
            if name in node.input:
                if node.op_type in _DENSE:
                    return node
                if node.op_type in ("Dropout", "Flatten", "Reshape") and self._readers(name) == 1:
                    return self._dense_after(node.output[0])
        raise ValueError(f"batch normalisation {name} has no layer to go into")
