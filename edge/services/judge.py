"""From a burst and the references to findings: the scores, each beside the thresholds that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from edge.core.comparison import Reference, comparison_score, continuity, fuse
from edge.core.errors import FaceNotUsable
from edge.core.face import Embedding, Frame
from edge.core.geometry import five_points
from edge.core.liveness import fuse_cues, recorded
from edge.core.policy import Policy
from edge.core.quality import Hint
from edge.core.record import FaceFindings, Score
from edge.ports import Embedder
from edge.services.assess import assess
from edge.services.burst import Burst
from edge.services.perceive import Perceiver, SeenFace


def judge(
    burst: Burst,
    references: Sequence[Reference],
    embedder: Embedder,
    policy: Policy,
    *,
    references_verified: bool,
    worker_faces: Sequence[Reference] = (),
) -> FaceFindings:
    """Embed the probes of `burst`, compare them, and write down all that was measured.

    Fewer probes than the policy's minimum give no comparison score at all rather than a poor one. worker_faces: of
    the worker who makes the visit, who must not be the person certified; the likest of the probes counts.
    """
    enough = len(burst.probes) >= policy.burst.min_probes
    embeddings = [_embed(p.frame, p.observation.face, embedder) for p in burst.probes] if enough else []
    score = comparison_score(fuse(embeddings), references) if embeddings else None
    sightings = replace(burst.sightings, twin_likeness=_twin_likeness(burst, embeddings, embedder))
    cues = assess(
        sightings, burst.live_probabilities, policy.cues, min_texture_frames=policy.burst.min_liveness_frames
    )
    best = burst.probes[0].observation.quality if burst.probes else None
    return FaceFindings(
        frames_seen=burst.frames_seen,
        frames_used=len(burst.live_probabilities),
        people_seen=burst.people_seen,
        ambiguous=burst.ambiguous,
        comparison=policy.comparison.score(score),
        liveness=policy.liveness.score(fuse_cues(cues, policy.cues)),
        continuity=policy.continuity.score(continuity(embeddings)),
        roll_deg=round(best.roll_deg, 1) if best else None,
        quality={k: round(v, 3) for k, v in asdict(best).items()} if best else {},
        reference_count=len(references),
        reference_verified=references_verified,
        reference_sha256=tuple(r.sha256 for r in references),
        embedding_model_sha256=embeddings[0].model_sha256 if embeddings else "",
        probes=len(embeddings),
        worker_similarity=_own_face(embeddings, worker_faces, policy),
        cues=recorded(cues.values(), policy.cues),
    )


def _twin_likeness(burst: Burst, embeddings: list[Embedding], embedder: Embedder) -> float | None:
    """The median likeness of the other faces to the person; None without another, or without the person's."""
    if not burst.bystanders or not embeddings:
        return None
    person = fuse(embeddings).vector
    others = [_embed(b.frame, b.face, embedder).vector for b in burst.bystanders]
    return float(np.median([other @ person for other in others]))


def _own_face(embeddings: list[Embedding], worker_faces: Sequence[Reference], policy: Policy) -> Score | None:
    if not policy.own_face.enabled or not worker_faces:
        return None
    scores = [comparison_score(e, worker_faces) for e in [*embeddings, *([fuse(embeddings)] if embeddings else [])]]
    return policy.own_face.score(max((s for s in scores if s is not None), default=None))


def make_reference(frame: Frame, sha256: str, perceiver: Perceiver, embedder: Embedder) -> Reference:
    """A reference from one photograph. sha256: of the picture's file.

    Raises FaceNotUsable when it shows nobody, several people of like size, or a face that cannot serve.
    Light and sharpness of an old photograph are not held against it.
    """
    observation = perceiver.look_at_still(frame)
    if observation.face is None:
        raise FaceNotUsable("the reference photograph shows no face (照片中没有人脸)", code="no_face")
    if observation.rival_area_ratio > 0.5:
        many = f"{observation.people} people of like size (照片中不止一人)"
        raise FaceNotUsable(f"the reference photograph shows {many}", code="several_faces")
    if observation.hint in (Hint.COME_CLOSER, Hint.WHOLE_FACE, Hint.FACE_THE_CAMERA):
        hint = observation.hint.value
        said = f"the face in the reference photograph cannot serve: {hint} (照片中人脸不合格)"
        raise FaceNotUsable(said, code=f"face_{hint}")
    return Reference(embedding=_embed(frame, observation.face, embedder), sha256=sha256)


def _embed(frame: Frame, face: SeenFace | None, embedder: Embedder) -> Embedding:
    if face is None:
        raise FaceNotUsable("a probe without a face")
    return embedder.embed(frame, five_points(face.mesh))
