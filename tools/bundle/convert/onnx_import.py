"""ONNX convolutional nets → float32 TFLite graphs in NHWC, without TensorFlow.

Covers what face nets are made of, after onnx_plain.py has tidied them up. Anything else is refused by name,
so that a net is never converted to something merely similar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found]
from ai_edge_litert import schema_py_generated as schema

from tools.bundle.convert.onnx_plain import PlainGraph, attributes
from tools.bundle.convert.tflite_graph import OP, Graph


def import_onnx(raw: bytes, description: str) -> Graph:
    """The float32 graph of an ONNX model with one NCHW input of fixed size. Raises ValueError."""
    return _Importer(PlainGraph(onnx.load_from_string(raw).graph), description).run()


class _Importer:
    def __init__(self, plain: PlainGraph, description: str) -> None:
        self.plain, self.graph, self.constant = plain, Graph(description), plain.constant
        self.place: dict[str, int] = {}  # ONNX value → TFLite tensor
        self.flattened: dict[str, tuple[int, int, int]] = {}  # ONNX value → (C, H, W) before flattening

    def run(self) -> Graph:
        for value in self.plain.inputs():
            _, c, h, w = (d.dim_value for d in value.type.tensor_type.shape.dim)
            self.place[value.name] = self.graph.add_tensor(value.name, (1, h, w, c))
            self.graph.inputs.append(self.place[value.name])
        for node in self.plain.nodes:
            handler: Callable[[Any], None] | None = getattr(self, f"_op_{node.op_type.lower()}", None)
            if handler is None:
                raise ValueError(f"ONNX operator {node.op_type} ({node.name}) is unknown; supply a .tflite file")
            handler(node)
        self.graph.outputs = [self.place[value.name] for value in self.plain.source.output]
        return self.graph

    def _out(self, node: Any, shape: tuple[int, ...]) -> int:
        self.place[node.output[0]] = self.graph.add_tensor(node.output[0], shape)
        return self.place[node.output[0]]

    def _shape_of(self, name: str) -> tuple[int, ...]:
        return self.graph.shape(self.place[name])

    def _const(self, name: str, values: np.ndarray) -> int:
        return self.graph.add_constant(name, np.ascontiguousarray(values))

    def _op_conv(self, node: Any) -> None:
        a, weights = attributes(node), self.constant[node.input[1]]
        kernel, strides = weights.shape[2:], a.get("strides", [1, 1])
        if list(a.get("dilations", [1, 1])) != [1, 1]:
            raise ValueError(f"dilated convolution {node.name} is not supported")
        source, same = self._padded(node, kernel, strides, a.get("pads", [0] * 4))
        _, h, w, c = self.graph.shape(source)
        out_h, out_w = (h, w) if same else ((n - k) // s + 1 for n, k, s in zip((h, w), kernel, strides, strict=True))
        out_c, group = weights.shape[0], a.get("group", 1)
        depthwise = group == c > 1 and out_c % c == 0
        if group != 1 and not depthwise:
            raise ValueError(f"grouped convolution {node.name} is not supported")
        options: Any = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        if depthwise:
            options.depthMultiplier = out_c // c
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH, options.strideW = strides
        options.dilationHFactor = options.dilationWFactor = 1
        arranged = weights.transpose(1, 2, 3, 0) if depthwise else weights.transpose(0, 2, 3, 1)
        inputs = [source, self._const(f"{node.output[0]}/w", arranged), self._bias(node, out_c)]
        code = OP.DEPTHWISE_CONV_2D if depthwise else OP.CONV_2D
        self.graph.add_operator(code, inputs, [self._out(node, (1, out_h, out_w, out_c))], options)

    def _padded(
        self, node: Any, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int]
    ) -> tuple[int, bool]:
        """The convolution's source, padded where TFLite's own SAME would pad otherwise; and whether SAME will do."""
        source, (top, left, bottom, right) = self.place[node.input[0]], pads
        if not any(pads):
            return source, False
        even = (top, left) == (bottom, right) and [top + bottom, left + right] == [k - 1 for k in kernel]
        if even and list(strides) == [1, 1]:
            return source, True
        _, h, w, c = self.graph.shape(source)
        padded = self.graph.add_tensor(f"{node.output[0]}/padded", (1, h + top + bottom, w + left + right, c))
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        inputs = [source, self._const(f"{node.output[0]}/pads", amounts)]
        self.graph.add_operator(OP.PAD, inputs, [padded], schema.PadOptionsT())
        return padded, False

    def _bias(self, node: Any, length: int) -> int:
        bias = self.constant[node.input[2]] if len(node.input) > 2 else np.zeros(length, np.float32)
        return self._const(f"{node.output[0]}/b", bias)

    def _same_shape(self, node: Any, code: int) -> None:
        source = self.place[node.input[0]]
        self.graph.add_operator(code, [source], [self._out(node, self.graph.shape(source))])

    def _op_prelu(self, node: Any) -> None:
        slope = self.constant[node.input[1]].reshape(1, 1, -1)
        inputs = [self.place[node.input[0]], self._const(f"{node.output[0]}/slope", slope)]
        self.graph.add_operator(OP.PRELU, inputs, [self._out(node, self._shape_of(node.input[0]))])

    def _op_relu(self, node: Any) -> None:
        self._same_shape(node, OP.RELU)

    def _op_sigmoid(self, node: Any) -> None:
        self._same_shape(node, OP.LOGISTIC)

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
        weights = self.plain.dense_weights(node)
        if node.input[0] in self.flattened:
            c, h, w = self.flattened[node.input[0]]
            weights = weights.reshape(-1, c, h, w).transpose(0, 2, 3, 1).reshape(weights.shape[0], -1)
        inputs = [self.place[node.input[0]], self._const(f"{node.output[0]}/w", weights)]
        inputs.append(self._bias(node, weights.shape[0]))
        options = schema.FullyConnectedOptionsT()
        self.graph.add_operator(OP.FULLY_CONNECTED, inputs, [self._out(node, (1, weights.shape[0]))], options)

    _op_matmul = _op_gemm
