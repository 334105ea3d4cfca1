"""The four nets of a verified bundle as adapters of the ports; none is used that does not give its golden vectors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from edge.core.bundle import Bundle
from edge.core.errors import ModelError
from edge.core.manifest import ROLES, AnchorReading, ClassReading, MeshReading, Role, VectorReading
from edge.models.detector import AnchorDetector
from edge.models.embedder import AlignedEmbedder
from edge.models.golden import check_golden
from edge.models.landmarker import MeshLandmarker
from edge.models.liveness import TextureLiveness
from edge.models.runtime import Runtime, RuntimeNet, choose_runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Nets:
    """Adapters for edge/ports.py. runtime_name: package and version. bundle_sha256: names the bundle in records."""

    detector: AnchorDetector
    landmarker: MeshLandmarker
    liveness: TextureLiveness
    embedder: AlignedEmbedder
    runtime_name: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetTiming:
    """How long one net takes on random input, without the picture work around it; and to build it."""

    role: Role
    run_ms: float
    load_ms: float


def load_nets(bundle: Bundle, *, runtime: str = "auto", threads: int = 1) -> Nets:
    """The adapters of a bundle, each net run once against its golden vectors. Raises ModelError, GoldenMismatch.

    The embedding's net, the largest by far, goes first and rests until there is something to compare: XNNPACK unpacks
    its weights and keeps them twice, eight times the file.
    """
    chosen = choose_runtime(runtime)
    nets = {role: runtime_net(bundle, role, chosen, threads) for role in ROLES}
    for role in reversed(ROLES):
        check_golden(nets[role], bundle.manifest.net(role))
        if role == "embedding":
            nets[role].rest()
    return assemble(bundle, nets, chosen)


def assemble(bundle: Bundle, nets: Mapping[Role, RuntimeNet], runtime: Runtime) -> Nets:
    """The adapters over given nets, read as the bundle's manifest says."""
    anchors, mesh, classes, vector = (bundle.manifest.net(role) for role in ROLES)
    if not (
        isinstance(anchors.reading, AnchorReading)
        and isinstance(mesh.reading, MeshReading)
        and isinstance(classes.reading, ClassReading)
        and isinstance(vector.reading, VectorReading)
    ):
        raise ModelError("the manifest's readings do not fit their roles")
    return Nets(
        detector=AnchorDetector(nets["detector"], anchors.input, anchors.reading),
        landmarker=MeshLandmarker(nets["landmarks"], mesh.input, mesh.reading),
        liveness=TextureLiveness(nets["liveness"], classes.input, classes.reading),
        embedder=AlignedEmbedder(nets["embedding"], vector.input, vector.reading, vector.sha256),
        runtime_name=str(runtime),
        bundle_sha256=bundle.sha256,
    )


def time_nets(bundle: Bundle, *, runtime: str = "auto", threads: int = 1, rounds: int = 30) -> list[NetTiming]:
    """Median run time of each net, the four taken in turn so that a busy machine harms all alike."""
    chosen, clock, noise = choose_runtime(runtime), time.perf_counter, np.random.default_rng(0)
    nets: dict[Role, RuntimeNet] = {}
    load_s: dict[Role, float] = {}
    for role in ROLES:
        entry, start = bundle.manifest.net(role), clock()
        nets[role] = runtime_net(bundle, role, chosen, threads)
        nets[role].load()
        load_s[role] = clock() - start
        nets[role].input[...] = noise.uniform(entry.input.low, entry.input.high, nets[role].input.shape)
    taken_s: dict[Role, list[float]] = {role: [] for role in ROLES}
    for _ in range(rounds):
        for role, net in nets.items():
            start = clock()
            net.run()
            taken_s[role].append(clock() - start)
    return [NetTiming(role=role, run_ms=median(taken_s[role]) * 1e3, load_ms=load_s[role] * 1e3) for role in ROLES]


def runtime_net(bundle: Bundle, role: Role, runtime: Runtime, threads: int) -> RuntimeNet:
    """One net of a bundle, not yet built."""
    entry, model = bundle.model(role)
    shape = (1, entry.input.height_px, entry.input.width_px, 3)
    return RuntimeNet(model, shape=shape, runtime=runtime, threads=threads, name=entry.name)
