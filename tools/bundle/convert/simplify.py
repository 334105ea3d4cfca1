"""Brings a float TFLite graph to the form that the quantizer works on, without changing what it computes.

- half-precision and sparse constants become float32 constants (their DEQUANTIZE and DENSIFY operators go);
- a RELU behind the only use of an ADD or convolution becomes that operator's own activation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tools.bundle.convert.tflite_graph import OP, Graph

_FUSABLE = {OP.ADD, OP.CONV_2D, OP.DEPTHWISE_CONV_2D}
_DENSE_DIMENSION, _CSR_DIMENSION = schema.DimensionType.DENSE, schema.DimensionType.SPARSE_CSR


def simplify(graph: Graph) -> Graph:
    """The same graph, changed in place, with float32 constants and fused RELUs."""
    _fold_constant_casts(graph)
    _fuse_relus(graph)
    return graph


def _fold_constant_casts(graph: Graph) -> None:
    kept = []
    for code, version, op in graph.operators:
        source = op.inputs[0]
        if code in (OP.DEQUANTIZE, OP.DENSIFY) and source in graph.constants:
            values = graph.constants[source]
            if code == OP.DENSIFY:
                values = _densify(values, graph.tensors[source])
            target = graph.tensors[op.outputs[0]]
            if code == OP.DEQUANTIZE:
                if not np.issubdtype(values.dtype, np.floating):
                    raise ValueError("the source net is quantized already; a float net is needed")
                values = values.astype(np.float32)
            graph.constants[op.outputs[0]] = values.reshape(target.shape)
        else:
            kept.append((code, version, op))
    graph.operators = kept


def _densify(values: np.ndarray, tensor: Any) -> np.ndarray:
    """Expands TFLite's sparse layout (traversal order over dimensions and blocks) to a dense array."""
    sparsity, shape = tensor.sparsity, [int(n) for n in tensor.shape]
    order = [int(n) for n in sparsity.traversalOrder]
    block_map = [int(n) for n in (sparsity.blockMap if sparsity.blockMap is not None else [])]
    dims = sparsity.dimMetadata
    positions = np.zeros((1, 0), np.int64)  # every row: coordinates so far, in traversal order
    for dim in dims:
        if dim.format == _DENSE_DIMENSION:
            along = np.tile(np.arange(dim.denseSize), len(positions))
            positions = np.column_stack([np.repeat(positions, dim.denseSize, axis=0), along])
        else:
            segments = np.asarray(dim.arraySegments.values, np.int64)
            indices = np.asarray(dim.arrayIndices.values, np.int64)
            positions = np.column_stack([np.repeat(positions, np.diff(segments), axis=0), indices])
    outer = np.zeros((len(positions), len(shape)), np.int64)
    block = np.ones(len(shape), np.int64)
    inner = np.zeros_like(outer)
    for column, dim_number in enumerate(order):
        if dim_number < len(shape):
            outer[:, dim_number] = positions[:, column]
        else:
            axis = block_map[dim_number - len(shape)]
            block[axis] = dims[column].denseSize
            inner[:, axis] = positions[:, column]
    dense = np.zeros(shape, values.dtype)
    dense[tuple((outer * block + inner).T)] = values
    return dense


def _fuse_relus(graph: Graph) -> None:
    readers = graph.consumers()
    maker = {op.outputs[0]: (code, op) for code, _, op in graph.operators}
    kept = []
    for code, version, op in graph.operators:
        before = maker.get(op.inputs[0])
        if (
            code == OP.RELU
            and before is not None
            and before[0] in _FUSABLE
            and before[1].builtinOptions.fusedActivationFunction == schema.ActivationFunctionType.NONE
            and len(readers[op.inputs[0]]) == 1
            and op.inputs[0] not in graph.outputs
        ):
            before[1].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU
            before[1].outputs = [op.outputs[0]]
            maker[op.outputs[0]] = before
        else:
            kept.append((code, version, op))
    graph.operators = kept
