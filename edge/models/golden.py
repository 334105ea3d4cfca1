"""Golden vectors: each net of a bundle must give here what it gave where the bundle was built.

Importing a runtime proves nothing, and a digest proves the file, not what becomes of it: a runtime of another kind or
build, memory that flips bits, or a sandbox that hides the processor, so that XNNPACK silently stays away. Where the
scheme is integer throughout, outputs are equal to the bit under the recording runtime; with 8-bit weights and float
arithmetic they differ between processors in the last places (at most .00005 of an output's root mean square was
seen, with XNNPACK and without), and BOUND of it is allowed.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence

import numpy as np

from edge.core.errors import ModelError
from edge.core.manifest import Golden, GoldenOutput, Net, NetInput
from edge.models.runtime import RuntimeNet

BOUND = 5e-4
MOST_VALUES = 32
EXACT_SCHEMES = frozenset({"static8"})


class GoldenMismatch(ModelError):
    """A net runs here, and not as it did where its bundle was built."""

    default_remedy = (
        "Make no visit with it. Install the bundle again; if it stays, install the runtime that the bundle names "
        "(`doorstep models list --json`), or replace the board."
    )


def probe(want: NetInput) -> np.ndarray:
    """The picture that golden vectors are of, float32 1×H×W×3: bytes of a multiplicative hash, equal everywhere."""
    count = want.height_px * want.width_px * 3
    index = np.arange(count, dtype=np.uint64)
    levels = ((index * np.uint64(2654435761) + np.uint64(12345)) % np.uint64(2**32)) >> np.uint64(24)
    share = levels.astype(np.float32) / np.float32(255)
    scaled = np.float32(want.low) + np.float32(want.high - want.low) * share
    return scaled.reshape(1, want.height_px, want.width_px, 3)


def record_golden(net: RuntimeNet, want: NetInput) -> Golden:
    """What `net` gives for the probe on this machine. Raises ModelError."""
    outputs = _run(net, want)
    return Golden(
        runtime=str(net.runtime),
        machine=platform.machine(),
        delegated=net.delegated,
        sha256=_sha256(outputs),
        outputs=tuple(GoldenOutput(rms=_rms(o), values=tuple(float(v) for v in _spaced(o))) for o in outputs),
    )


def check_golden(net: RuntimeNet, entry: Net) -> float:
    """How far `net` is from its golden vectors, as a share of an output's root mean square, at most BOUND.

    Raises GoldenMismatch where it is farther, or where XNNPACK took the net there and does not here.
    """
    golden = entry.golden
    outputs = _run(net, entry.input)
    if golden.delegated and not net.delegated:
        raise GoldenMismatch(
            f"{entry.name}: XNNPACK does not take this net here, as it did where the bundle was built",
            remedy="The runtime cannot read the processor. Let the service see /proc/cpuinfo and "
            "/sys/devices/system/cpu (ProcSubset=all in its unit file), then start it again.",
        )
    same_runtime = golden.runtime.split()[:1] == str(net.runtime).split()[:1]
    if entry.quantization.scheme in EXACT_SCHEMES and same_runtime and _sha256(outputs) != golden.sha256:
        raise GoldenMismatch(f"{entry.name}: other outputs than the golden vectors, which must be equal to the bit")
    if len(outputs) != len(golden.outputs):
        raise GoldenMismatch(f"{entry.name}: {len(outputs)} outputs, the golden vectors have {len(golden.outputs)}")
    worst = max(_distance(o, g) for o, g in zip(outputs, golden.outputs, strict=True))
    if not worst <= BOUND:
        raise GoldenMismatch(
            f"{entry.name}: outputs differ from the golden vectors of {golden.runtime} on {golden.machine} by "
            f"{worst:.2g} of their size, {BOUND:g} is allowed"
        )
    return worst


def _run(net: RuntimeNet, want: NetInput) -> Sequence[np.ndarray]:
    net.input[...] = probe(want)
    return net.run()


def _distance(output: np.ndarray, golden: GoldenOutput) -> float:
    found, values = _spaced(output), np.array(golden.values)
    if found.shape != values.shape or not golden.rms > 0:
        return float("inf")
    # The whole output counts by its size, for what lies between the kept values.
    away = max(float(np.max(np.abs(found - values))), abs(_rms(output) - golden.rms))
    return away / golden.rms if np.isfinite(away) else float("inf")


def _spaced(output: np.ndarray) -> np.ndarray:
    flat = output.reshape(-1).astype(np.float64)
    places = np.linspace(0, flat.size - 1, min(flat.size, MOST_VALUES)).astype(int)
    return np.asarray(flat[places])


def _rms(output: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(output.astype(np.float64)))))


def _sha256(outputs: Sequence[np.ndarray]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(o).tobytes() for o in outputs)).hexdigest()
