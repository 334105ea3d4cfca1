"""ONNX convolutional nets → float32 TFLite graphs in NHWC, without TensorFlow.

Covers what face nets are made of. Constants are folded first (also blockwise-quantized weights), batch
normalisation goes into the neighbouring convolution or dense layer, dropout disappears. Anything else is
refused by name, so that a net is never converted to something merely similar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import numpy_helper

from tools.bundle.convert.tflite_graph import OP, Graph

_RELU = schema.ActivationFunctionType.RELU


def import_onnx(raw: bytes, description: str) -> Graph:
    """The float32 graph of an ONNX model with one NCHW input of fixed size. Raises ValueError."""
    return _Importer(onnx.load_from_string(raw).graph, description).run()


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


class _Importer:
    def __init__(self, source: Any, description: str) -> None:
        self.source, self.graph = source, Graph(description)
        self.constant = {i.name: numpy_helper.to_array(i) for i in source.initializer}
        self.place: dict[str, int] = {}  # ONNX value → TFLite tensor
        self.flattened: dict[str, tuple[int, int, int]] = {}  # ONNX value → (C, H, W) before flattening
        self.nodes = self._sorted_nodes()

    def run(self) -> Graph:
        self._fold_constants()
        self._fold_batch_norms()
        read = {name for node in self.nodes for name in node.input}
        for value in self.source.input:
            if value.name in read and value.name not in self.constant:
                _, c, h, w = (d.dim_value for d in value.type.tensor_type.shape.dim)
                self.place[value.name] = self.graph.add_tensor(value.name, (1, h, w, c))
                self.graph.inputs.append(self.place[value.name])
        for node in self.nodes:
            handler: Callable[[Any], None] | None = getattr(self, f"_op_{node.op_type.lower()}", None)
            if handler is None:
                raise ValueError(f"ONNX operator {node.op_type} ({node.name}) is not supported; supply a .tflite file")
            handler(node)
        self.graph.outputs = [self.place[value.name] for value in self.source.output]
        return self.graph

    # -- preparation ---------------------------------------------------------------------------------

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
            a = _attributes(node)
            given = [self.constant.get(i) for i in node.input]
            if node.op_type == "Constant":
                self.constant[node.output[0]] = numpy_helper.to_array(a["value"])
            elif node.op_type == "DequantizeLinear" and given[0] is not None:
                zero = given[2] if len(given) > 2 else None
                self.constant[node.output[0]] = _dequantize_blocks(given[0], given[1], zero, a.get("axis", 1))
            elif node.op_type == "Reshape" and given[0] is not None:
                self.constant[node.output[0]] = given[0].reshape([int(n) for n in given[1]])
            elif node.op_type in ("Shape", "Gather", "Unsqueeze") or (node.op_type == "Concat" and given[-1] is not None):
                continue  # the arithmetic of a flattening Reshape; the batch is 1 here
            else:
                kept.append(node)
        self.nodes = kept

    def _fold_batch_norms(self) -> None:
        """Replaces every BatchNormalization by (scale, shift) in the layer before or after it."""
        maker = {o: n for n in self.nodes for o in n.output}
        for norm in [n for n in self.nodes if n.op_type == "BatchNormalization"]:
            gamma, beta, mean, var = (self.constant[i].astype(np.float64) for i in norm.input[1:5])
            scale = gamma / np.sqrt(var + _attributes(norm).get("epsilon", 1e-5))
            shift = beta - mean * scale
            before = maker.get(norm.input[0])
            if before is not None and before.op_type in ("Conv", "Gemm", "MatMul") and self._readers(norm.input[0]) == 1:
                self._scale_outputs(before, scale, shift)
            else:
                self._scale_inputs(self._dense_after(norm.output[0]), scale, shift)
            for node in self.nodes:
                for k, name in enumerate(node.input):
                    if name == norm.output[0]:
                        node.input[k] = norm.input[0]
            for value in self.source.output:
                if value.name == norm.output[0]:
                    value.name = norm.input[0]
            self.nodes.remove(norm)

    def _readers(self, name: str) -> int:
        return sum(list(n.input).count(name) for n in self.nodes)

    def _scale_outputs(self, node: Any, scale: np.ndarray, shift: np.ndarray) -> None:
        weights = self.constant[node.input[1]].astype(np.float64)
        out_last = node.op_type == "MatMul" or (node.op_type == "Gemm" and not _attributes(node).get("transB"))
        weights = weights * (scale if out_last else scale.reshape(-1, *[1] * (weights.ndim - 1)))
        bias = self.constant[node.input[2]].astype(np.float64) if len(node.input) > 2 else 0.0
        self._replace(node, weights, bias * scale + shift)

    def _scale_inputs(self, node: Any, scale: np.ndarray, shift: np.ndarray) -> None:
        weights = self._dense_weights(node).astype(np.float64)  # out × in
        each = weights.shape[1] // scale.size
        wide_scale, wide_shift = np.repeat(scale, each), np.repeat(shift, each)
        bias = self.constant[node.input[2]].astype(np.float64) if len(node.input) > 2 else 0.0
        folded = weights * wide_scale
        out_last = node.op_type == "MatMul" or not _attributes(node).get("transB")
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
                if node.op_type in ("Gemm", "MatMul"):
                    return node
                if node.op_type in ("Dropout", "Flatten", "Reshape") and self._readers(name) == 1:
                    return self._dense_after(node.output[0])
        raise ValueError(f"batch normalisation {name} has no layer to go into")

    def _dense_weights(self, node: Any) -> np.ndarray:
        weights = self.constant[node.input[1]]
        transposed = node.op_type == "Gemm" and _attributes(node).get("transB")
        return weights if transposed else weights.T

    # -- operators -----------------------------------------------------------------------------------

    def _out(self, node: Any, shape: tuple[int, ...]) -> int:
        self.place[node.output[0]] = self.graph.add_tensor(node.output[0], shape)
        return self.place[node.output[0]]

    def _shape_of(self, name: str) -> tuple[int, ...]:
        return self.graph.shape(self.place[name])

    def _const(self, name: str, values: np.ndarray) -> int:
        return self.graph.add_constant(name, np.ascontiguousarray(values))

    def _op_conv(self, node: Any) -> None:
        a, weights = _attributes(node), self.constant[node.input[1]]
        source, (_, h, w, c) = self.place[node.input[0]], self._shape_of(node.input[0])
        kernel, strides = a.get("kernel_shape", weights.shape[2:]), a.get("strides", [1, 1])
        if a.get("dilations", [1, 1]) != [1, 1]:
            raise ValueError(f"dilated convolution {node.name} is not supported")
        source, same, (h, w) = self._padded(node, source, (h, w, c), list(kernel), list(strides), a.get("pads", [0] * 4))
        out_h = h if same else (h - kernel[0]) // strides[0] + 1
        out_w = w if same else (w - kernel[1]) // strides[1] + 1
        out_c, group = weights.shape[0], a.get("group", 1)
        depthwise = group == c and out_c % c == 0 and group > 1
        if group != 1 and not depthwise:
            raise ValueError(f"grouped convolution {node.name} is not supported")
        options: Any = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        if depthwise:
            options.depthMultiplier = out_c // c
            arranged = weights.transpose(1, 2, 3, 0)
        else:
            arranged = weights.transpose(0, 2, 3, 1)
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor = options.dilationWFactor = 1
        bias = self.constant[node.input[2]] if len(node.input) > 2 else np.zeros(out_c, np.float32)
        inputs = [source, self._const(f"{node.output[0]}/w", arranged), self._const(f"{node.output[0]}/b", bias)]
        code = OP.DEPTHWISE_CONV_2D if depthwise else OP.CONV_2D
        self.graph.add_operator(code, inputs, [self._out(node, (1, out_h, out_w, out_c))], options)

    def _padded(
        self, node: Any, source: int, size: tuple[int, int, int], kernel: list[int], strides: list[int], pads: list[int]
    ) -> tuple[int, bool, tuple[int, int]]:
        h, w, c = size
        top, left, bottom, right = pads
        if not any(pads):
            return source, False, (h, w)
        if strides == [1, 1] and [top + bottom, left + right] == [k - 1 for k in kernel] and (top, left) == (bottom, right):
            return source, True, (h, w)
        h, w = h + top + bottom, w + left + right
        padded = self.graph.add_tensor(f"{node.output[0]}/padded", (1, h, w, c))
        amounts = self._const(f"{node.output[0]}/pads", np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32))
        self.graph.add_operator(OP.PAD, [source, amounts], [padded], schema.PadOptionsT())
        return padded, False, (h, w)

    def _op_prelu(self, node: Any) -> None:
        slope = self.constant[node.input[1]].reshape(1, 1, -1)
        inputs = [self.place[node.input[0]], self._const(f"{node.output[0]}/slope", slope)]
        self.graph.add_operator(OP.PRELU, inputs, [self._out(node, self._shape_of(node.input[0]))])

    def _op_relu(self, node: Any) -> None:
        self.graph.add_operator(OP.RELU, [self.place[node.input[0]]], [self._out(node, self._shape_of(node.input[0]))])

    def _op_sigmoid(self, node: Any) -> None:
        source = self.place[node.input[0]]
        self.graph.add_operator(OP.LOGISTIC, [source], [self._out(node, self._shape_of(node.input[0]))])

    def _arithmetic(self, node: Any, code: int, options: Any) -> None:
        inputs, shapes = [], []
        for name in node.input:
            if name in self.constant:
                values = self.constant[name].astype(np.float32)
                if values.size > 1:
                    raise ValueError(f"{node.op_type} with a constant of shape {values.shape} is not supported")
                inputs.append(self._const(f"{node.output[0]}/{name}", values.reshape(())))
            else:
                inputs.append(self.place[name])
                shapes.append(self._shape_of(name))
        self.graph.add_operator(code, inputs, [self._out(node, max(shapes, key=np.prod))], options)

    def _op_add(self, node: Any) -> None:
        self._arithmetic(node, OP.ADD, schema.AddOptionsT())

    def _op_sub(self, node: Any) -> None:
        self._arithmetic(node, OP.SUB, schema.SubOptionsT())

    def _op_mul(self, node: Any) -> None:
        self._arithmetic(node, OP.MUL, schema.MulOptionsT())

    def _op_globalaveragepool(self, node: Any) -> None:
        options = schema.ReducerOptionsT()
        options.keepDims = True
        axes = self._const(f"{node.output[0]}/axes", np.array([1, 2], np.int32))
        shape = (1, 1, 1, self._shape_of(node.input[0])[3])
        self.graph.add_operator(OP.MEAN, [self.place[node.input[0]], axes], [self._out(node, shape)], options)

    def _op_dropout(self, node: Any) -> None:
        self.place[node.output[0]] = self.place[node.input[0]]

    def _op_flatten(self, node: Any) -> None:
        _, h, w, c = self._shape_of(node.input[0])
        self.flattened[node.output[0]] = (c, h, w)
        options = schema.ReshapeOptionsT()
        options.newShape = np.array([1, h * w * c], np.int32)
        shape = self._const(f"{node.output[0]}/shape", options.newShape)
        self.graph.add_operator(
            OP.RESHAPE, [self.place[node.input[0]], shape], [self._out(node, (1, h * w * c))], options
        )

    _op_reshape = _op_flatten  # only a flattening one survives constant folding

    def _op_gemm(self, node: Any) -> None:
        weights = self._dense_weights(node)
        if node.input[0] in self.flattened:
            c, h, w = self.flattened[node.input[0]]
            weights = weights.reshape(-1, c, h, w).transpose(0, 2, 3, 1).reshape(weights.shape[0], -1)
        bias = self.constant[node.input[2]] if len(node.input) > 2 else np.zeros(weights.shape[0], np.float32)
        inputs = [self.place[node.input[0]], self._const(f"{node.output[0]}/w", weights),
                  self._const(f"{node.output[0]}/b", bias)]
        options = schema.FullyConnectedOptionsT()
        self.graph.add_operator(OP.FULLY_CONNECTED, inputs, [self._out(node, (1, weights.shape[0]))], options)

    _op_matmul = _op_gemm


def _attributes(node: Any) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
