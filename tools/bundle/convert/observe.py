"""Runs a float graph over calibration pictures and notes the range of every activation."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tools.bundle.convert.tflite_graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Per activation tensor, its last axis kept: lowest and highest value, always enclosing zero."""

    lowest: dict[int, np.ndarray]
    highest: dict[int, np.ndarray]

    def ranges(self) -> dict[int, tuple[float, float]]:
        return {i: (float(self.lowest[i].min()), float(self.highest[i].max())) for i in self.lowest}

    def peaks(self) -> dict[int, np.ndarray]:
        return {i: np.maximum(-self.lowest[i], self.highest[i]) for i in self.lowest}


def observe(graph: Graph, samples: Iterable[np.ndarray]) -> Observed:
    """samples: float32 arrays of the net's input shape."""
    graph = copy.deepcopy(graph)
    for index, tensor in enumerate(graph.tensors):
        tensor.name = f"t{index}"
    # Without delegates: XNNPACK does not keep what lies between its operators.
    runner = Interpreter(
        model_content=graph.to_bytes(),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runner.allocate_tensors()
    theirs = {d["name"]: d["index"] for d in runner.get_tensor_details()}
    watched = [graph.inputs[0], *(i for _, _, op in graph.operators for i in op.outputs)]
    lowest = {i: np.zeros(graph.shape(i)[-1], np.float32) for i in watched}
    highest = {i: np.zeros(graph.shape(i)[-1], np.float32) for i in watched}
    for sample in samples:
        runner.set_tensor(runner.get_input_details()[0]["index"], sample)
        runner.invoke()
        for index in watched:
            values = runner.get_tensor(theirs[f"t{index}"]).reshape(-1, lowest[index].size)
            np.minimum(lowest[index], values.min(axis=0), out=lowest[index])
            np.maximum(highest[index], values.max(axis=0), out=highest[index])
    return Observed(lowest=lowest, highest=highest)
