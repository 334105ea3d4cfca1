"""How fast each net is on the runtime of this interpreter, and beside it on that of another interpreter."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from edge.core.bundle import Bundle
from edge.core.errors import InputError
from edge.core.manifest import ROLES
from edge.models.nets import time_nets
from edge.models.runtime import choose_runtime

ROOT = Path(__file__).parents[2]


class NetSpeeds(msgspec.Struct, frozen=True, kw_only=True):
    """Median milliseconds per run of each net, by role and then by number of threads."""

    runtime: str
    bundle_sha256: str
    run_ms: dict[str, dict[str, float]]


def measure_nets(bundle: Bundle, *, runtime: str, threads: Sequence[int], rounds: int) -> NetSpeeds:
    """Time all nets with each number of threads. Raises ModelError."""
    run_ms: dict[str, dict[str, float]] = {role: {} for role in ROLES}
    for count in threads:
        for timing in time_nets(bundle, runtime=runtime, threads=count, rounds=rounds):
            run_ms[timing.role][str(count)] = timing.run_ms
    return NetSpeeds(runtime=str(choose_runtime(runtime)), bundle_sha256=bundle.sha256, run_ms=run_ms)


def measure_elsewhere(python: Path, arguments: Sequence[str]) -> NetSpeeds:
    """The same in another interpreter's environment, in a process of its own. Raises InputError."""
    command = [str(python), "-m", "tools.bench", "nets", "--json", "-", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except OSError as e:
        raise InputError(f"{python} cannot be run: {e.strerror}") from e
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-2:] or ["no message"]
        raise InputError(f"{python}: {' '.join(last)}", remedy="Install doorstep with a runtime in that environment.")
    return msgspec.json.decode(done.stdout, type=dict[str, NetSpeeds])["here"]


def merged(runs: Sequence[NetSpeeds]) -> NetSpeeds:
    """The median over several runs of one environment."""
    first = runs[0]
    return NetSpeeds(
        runtime=first.runtime, bundle_sha256=first.bundle_sha256,
        run_ms={
            role: {count: median(run.run_ms[role][count] for run in runs) for count in by_count}
            for role, by_count in first.run_ms.items()
        },
    )  # fmt: skip
