"""A visit by face, from an open camera to findings and an outcome. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from edge.core.comparison import Reference
from edge.core.cues.result import TEXTURE
from edge.core.light_code import LightCode
from edge.core.policy import Policy, decide_face
from edge.core.record import FaceFindings
from edge.core.visit import Outcome
from edge.ports import Camera, Embedder, FaceDetector, Landmarker, Light, LivenessNet
from edge.services.ask import ActiveCheck
from edge.services.burst import Burst, Watcher, collect
from edge.services.hold import held
from edge.services.judge import judge
from edge.services.perceive import Perceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceNets:
    """The four nets behind their ports."""

    detector: FaceDetector
    landmarker: Landmarker
    liveness: LivenessNet
    embedder: Embedder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceResult:
    """What a capture window came to."""

    findings: FaceFindings
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceVisit(FaceResult):
    """The same with its burst, which holds pictures: let it go when they were used."""

    burst: Burst = field(repr=False)


def certify_by_face(
    camera: Camera,
    nets: FaceNets,
    references: Sequence[Reference],
    policy: Policy,
    *,
    references_verified: bool,
    watch: Watcher | None = None,
    light: Light | None = None,
    code: LightCode | None = None,
    ask: ActiveCheck | None = None,
    worker_faces: Sequence[Reference] = (),
) -> FaceVisit:
    """Run one capture window and decide. The caller has asked for consent and closes the camera.

    references_verified: they came with the unit's own visit list; otherwise the outcome is review at best.
    watch: called after every frame (edge/services/burst.py). light, code: the unit's lamps, and the code drawn for
    this visit, which they follow. ask: the optional active check, drawn for this visit. worker_faces: the worker's
    own, which must not be the one that is certified. Raises CameraError, LampError and ModelError.
    """
    perceiver = Perceiver(nets.detector, nets.landmarker, policy.quality)
    lit = light if light and light.present and code else None
    with held(camera, lit) as exposure:
        burst = collect(
            camera.frames(), perceiver, nets.liveness, policy.burst, watch=watch,
            sightings=policy.cues.wanted != (TEXTURE,), light=lit, code=code if lit else None, ask=ask,
        )  # fmt: skip
    findings = judge(
        burst, references, nets.embedder, policy,
        references_verified=references_verified, worker_faces=worker_faces,
    )  # fmt: skip
    if exposure:
        own = {"held_exposure_us": exposure.exposure_us, "held_gain": round(exposure.gain, 2)}
        findings = msgspec.structs.replace(findings, quality=findings.quality | own)
    return FaceVisit(findings=findings, outcome=decide_face(findings), burst=burst)
