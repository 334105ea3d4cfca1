"""TensorFlow Lite nets on whichever runtime is installed: ai-edge-litert (maintained) or tflite-runtime 2.14.

A runtime counts as present only when it has run a net: tflite-runtime with numpy 2 can be imported, and
fails only when an interpreter is built.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.core.errors import ModelError
from edge.models.chatter import without_greetings

_PACKAGES = {
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "tflite": ("tflite_runtime.interpreter", "tflite-runtime"),
}
RUNTIME_VARIABLE = "DOORSTEP_RUNTIME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """An inference runtime that can be imported here. `name` is litert or tflite."""

    name: str
    version: str
    interpreter: Any

    def __str__(self) -> str:
        return f"{_PACKAGES[self.name][1]} {self.version}"


def choose_runtime(wish: str = "auto") -> Runtime:
    """The runtime of this name; `auto` takes $DOORSTEP_RUNTIME, else litert before tflite.

    Raises ModelError when it is not installed or the name is unknown.
    """
    if wish == "auto":
        wish = os.environ.get(RUNTIME_VARIABLE, "auto")
    names = tuple(_PACKAGES) if wish == "auto" else (wish,)
    reasons = []
    for name in names:
        if name not in _PACKAGES:
            raise ModelError(f"unknown runtime {name!r}", remedy="Say auto, litert or tflite.")
        module, package = _PACKAGES[name]
        try:
            interpreter = importlib.import_module(module).Interpreter
            return Runtime(name=name, version=importlib.metadata.version(package), interpreter=interpreter)
        except (ImportError, AttributeError, OSError) as e:
            reasons.append(f"{package}: {e}")
    raise ModelError(
        f"no inference runtime: {'; '.join(reasons)}",
        remedy="Install one: pip install 'doorstep[litert]', or doorstep[tflite] with Python 3.11.",
    )


class RuntimeNet:
    """One net, built when it first runs, and again after a rest. Not for use from two threads at once.

    input: float32 array of `shape`, to be filled before `run`.
    """

    def __init__(self, model: bytes, *, shape: tuple[int, ...], runtime: Runtime, threads: int, name: str) -> None:
        self._model, self._runtime, self._threads, self._name = model, runtime, threads, name
        self._interpreter: Any = None
        self._input_index, self._outputs = 0, [0]
        self.input = np.zeros(shape, np.float32)

    def load(self) -> None:
        """Build the interpreter now, instead of at the first run. Raises ModelError."""
        if self._interpreter is not None:
            return
        try:
            with without_greetings():
                interpreter = self._runtime.interpreter(model_content=self._model, num_threads=self._threads)
                interpreter.allocate_tensors()
            inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        except (ValueError, RuntimeError, SystemError, AttributeError, TypeError) as e:
            raise ModelError(f"{self._name}: {self._runtime} cannot load this net: {e}") from e
        found = [(tuple(int(n) for n in d["shape"]), np.dtype(d["dtype"]).name) for d in inputs]
        if found != [(self.input.shape, "float32")]:
            raise ModelError(f"{self._name}: the net takes {found}, the manifest says float32 {self.input.shape}")
        self._input_index, self._outputs = int(inputs[0]["index"]), [int(d["index"]) for d in outputs]
        self._interpreter = interpreter

    def rest(self) -> None:
        """Let go of the interpreter and its memory; the next run builds it again from the same verified bytes."""
        self._interpreter = None

    @property
    def delegated(self) -> bool:
        """Whether XNNPACK took this net; without it the built-in kernels run, slower. Raises ModelError."""
        self.load()
        return any(op["op_name"] == "DELEGATE" for op in self._interpreter._get_ops_details())

    @property
    def runtime(self) -> Runtime:
        return self._runtime

    def run(self) -> Sequence[np.ndarray]:
        """The outputs for what `input` holds, copied, in the net's own order. Raises ModelError."""
        self.load()
        try:
            self._interpreter.set_tensor(self._input_index, self.input)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]
        except (ValueError, RuntimeError, SystemError) as e:
            raise ModelError(f"{self._name}: the runtime failed on this net: {e}") from e
