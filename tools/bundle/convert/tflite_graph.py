"""Reads, changes and writes TFLite flatbuffers as object graphs.

Everything else in this package works on `Graph`: one subgraph, tensors by index, constants as numpy arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from ai_edge_litert import schema_py_generated as schema

# XNNPACK and the NEON kernels read constants in 16-byte steps; flatbuffers' Python packer ignores the
# schema's force_align, so constants are aligned here.
_CONSTANT_ALIGNMENT = 16

NUMPY_BY_TYPE = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.FLOAT16: np.float16,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
    schema.TensorType.INT8: np.int8,
    schema.TensorType.UINT8: np.uint8,
}
TYPE_BY_NUMPY = {np.dtype(dtype): code for code, dtype in NUMPY_BY_TYPE.items()}
OP = schema.BuiltinOperator


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    def Pack(self, builder: Any) -> int:
        data = None
        if self.data is not None and len(self.data):
            raw = np.ascontiguousarray(self.data, dtype=np.uint8)
            builder.StartVector(1, raw.size, _CONSTANT_ALIGNMENT)
            head = builder.Head() - raw.size
            builder.head = head
            builder.Bytes[head : head + raw.size] = raw.tobytes()
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return int(schema.BufferEnd(builder))


class Graph:
    """One TFLite subgraph in memory, with its constants as numpy arrays (`constants[tensor index]`)."""

    def __init__(self, description: str) -> None:
        self.description = description
        self.tensors: list[schema.TensorT] = []
        self.operators: list[tuple[int, int, schema.OperatorT]] = []  # (builtin code, version, operator)
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self.constants: dict[int, np.ndarray] = {}

    @classmethod
    def from_bytes(cls, raw: bytes) -> Graph:
        """Raises ValueError for anything but a single-subgraph model of builtin operators."""
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(raw, 0))
        if len(model.subgraphs) != 1:
            raise ValueError(f"expected one subgraph, got {len(model.subgraphs)}")
        sub, graph = model.subgraphs[0], cls("")
        graph.tensors = sub.tensors
        graph.inputs, graph.outputs = [int(i) for i in sub.inputs], [int(i) for i in sub.outputs]
        for index, tensor in enumerate(sub.tensors):
            data = model.buffers[tensor.buffer].data
            if data is not None and len(data):
                values = np.frombuffer(bytes(data), NUMPY_BY_TYPE[tensor.type])
                graph.constants[index] = values if tensor.sparsity else values.reshape(tensor.shape)
        for op in sub.operators:
            code = model.operatorCodes[op.opcodeIndex]
            builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
            if builtin == OP.CUSTOM:
                raise ValueError(f"custom operator {code.customCode!r} is not supported")
            op.inputs, op.outputs = [int(i) for i in op.inputs], [int(i) for i in op.outputs]
            graph.operators.append((builtin, code.version, op))
        return graph

    def add_tensor(self, name: str, shape: Sequence[int], dtype: Any = np.float32) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name, np.asarray(shape, np.int32)
        tensor.type = TYPE_BY_NUMPY[np.dtype(dtype)]
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add_constant(self, name: str, values: np.ndarray) -> int:
        index = self.add_tensor(name, values.shape, values.dtype)
        self.constants[index] = values
        return index

    def add_operator(
        self, code: int, inputs: Sequence[int], outputs: Sequence[int], options: Any = None, version: int = 1
    ) -> None:
        op = schema.OperatorT()
        op.inputs, op.outputs = list(inputs), list(outputs)
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            op.builtinOptionsType, op.builtinOptions = getattr(schema.BuiltinOptions, kind), options
        self.operators.append((code, version, op))

    def consumers(self) -> dict[int, list[int]]:
        """Tensor index → positions of the operators that read it."""
        readers: dict[int, list[int]] = {}
        for position, (_, _, op) in enumerate(self.operators):
            for index in op.inputs:
                readers.setdefault(index, []).append(position)
        return readers

    def shape(self, index: int) -> tuple[int, ...]:
        return tuple(int(n) for n in self.tensors[index].shape)

    def to_bytes(self) -> bytes:
        """The model file: unused tensors dropped, equal constants stored once, deterministic."""
        model, sub = schema.ModelT(), schema.SubGraphT()
        used = sorted(
            {i for _, _, op in self.operators for i in (*op.inputs, *op.outputs) if i >= 0}
            | set(self.inputs)
            | set(self.outputs)
        )
        place = {old: new for new, old in enumerate(used)}
        model.version, model.description = 3, self.description.encode()
        model.buffers, by_content = [_AlignedBuffer()], {}
        sub.tensors = []
        for old in used:
            tensor, raw = self.tensors[old], self.constants.get(old)
            tensor.buffer = 0
            if raw is not None:
                data = np.frombuffer(np.ascontiguousarray(raw).tobytes(), np.uint8)
                key = data.tobytes()
                if key not in by_content:
                    buffer = _AlignedBuffer()
                    buffer.data = data
                    model.buffers.append(buffer)
                    by_content[key] = len(model.buffers) - 1
                tensor.buffer = by_content[key]
            sub.tensors.append(tensor)
        sub.inputs = np.array([place[i] for i in self.inputs], np.int32)
        sub.outputs = np.array([place[i] for i in self.outputs], np.int32)
        self._pack_operators(model, sub, place)
        model.subgraphs = [sub]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _pack_operators(self, model: Any, sub: Any, place: dict[int, int]) -> None:
        model.operatorCodes, sub.operators, codes = [], [], {}
        for builtin, version, op in self.operators:
            if (builtin, version) not in codes:
                code = schema.OperatorCodeT()
                code.builtinCode, code.version = builtin, version
                code.deprecatedBuiltinCode = min(builtin, 127)
                codes[(builtin, version)] = len(model.operatorCodes)
                model.operatorCodes.append(code)
            packed = schema.OperatorT()
            packed.opcodeIndex = codes[(builtin, version)]
            packed.inputs = np.array([place.get(i, -1) for i in op.inputs], np.int32)
            packed.outputs = np.array([place[i] for i in op.outputs], np.int32)
            packed.builtinOptionsType, packed.builtinOptions = op.builtinOptionsType, op.builtinOptions
            sub.operators.append(packed)
