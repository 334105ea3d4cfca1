"""The converter's command line, run by the builder in the build environment.

float SOURCE.{onnx,tflite} OUT.tflite             a plain float32 net
quantize FLOAT.tflite SAMPLES.npy PLAN.json OUT   by the plan's scheme, calibrated on the samples
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tools.bundle.convert import quantize
from tools.bundle.convert.equalize import equalize
from tools.bundle.convert.observe import observe
from tools.bundle.convert.onnx_import import import_onnx
from tools.bundle.convert.simplify import simplify
from tools.bundle.convert.static8 import static8
from tools.bundle.convert.tflite_graph import OP, Graph

_SCHEMES: dict[str, Callable[[Graph], bytes]] = {
    "weights8": quantize.weights8,
    "dynamic8": quantize.dynamic8,
    "float16": quantize.float16,
    "float32": Graph.to_bytes,
}


def to_float(source: Path, out: Path) -> None:
    raw = source.read_bytes()
    graph = import_onnx(raw, source.stem) if raw[4:8] != b"TFL3" else Graph.from_bytes(raw)
    graph.description = "doorstep"
    out.write_bytes(simplify(graph).to_bytes())


def to_8bit(source: Path, samples: Path, plan_file: Path, out: Path) -> None:
    plan = json.loads(plan_file.read_text())
    graph, pictures = Graph.from_bytes(source.read_bytes()), [s[None] for s in np.load(samples)]
    graph.description = "doorstep"
    if plan["equalize"]:
        equalize(graph, observe(graph, pictures).peaks())
    if plan["scheme"] == "static8":
        codes = {getattr(OP, name) for name in plan["float_operators"]}
        out.write_bytes(static8(graph, observe(graph, pictures).ranges(), codes))
    else:
        out.write_bytes(_SCHEMES[plan["scheme"]](graph))


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    commands: dict[str, Callable[..., None]] = {"float": to_float, "quantize": to_8bit}
    commands[command](*map(Path, paths))
