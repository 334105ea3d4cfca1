"""How far a quantized net is from its float original, on the same real faces, and how its speed compares.

Measures per role; a bound in the sources table names one of them:
  detector   found (share of faces), box_overlap_min (intersection over union), keypoint_px_mean (input pixels)
  landmarks  point_px_mean, point_px_max (pixels of the net's crop), presence_max (difference)
  liveness   probability_mean, probability_max (difference)
  embedding  cosine_min
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from edge.core.errors import ModelError
from edge.core.face import FaceMesh, FaceRegion, Frame
from edge.core.geometry import five_points, scale_of
from edge.core.manifest import Agreement, Role
from edge.models.nets import Nets
from edge.models.runtime import RuntimeNet

_AT_LEAST = {"found", "box_overlap_min", "cosine_min"}
_ROUNDS = 40

Faces = Sequence[tuple[Frame, FaceRegion, FaceMesh]]


def faces_in(nets: Nets, frames: Sequence[Frame]) -> Faces:
    """Frame, region and mesh of the best face, by the float nets; frames without a face are left out."""
    found = []
    for frame in frames:
        regions = nets.detector.detect(frame)
        if regions:
            found.append((frame, regions[0], nets.landmarker.fit(frame, regions[0])))
    return found


def agreement(
    role: Role, original: Nets, shipped: Nets, faces: Faces, bounds: Mapping[str, float]
) -> list[Agreement]:
    """The figures for one role, each against its bound. Raises ModelError when one is worse."""
    found, results = figures(role, original, shipped, faces), []
    for measure, bound in bounds.items():
        if measure not in found:
            raise ModelError(f"{role}: unknown measure {measure!r}, known are {sorted(found)}")
        value = round(found[measure], 4)
        if (value < bound) if measure in _AT_LEAST else (value > bound):
            raise ModelError(
                f"{role}: {measure} is {value} on {len(faces)} faces, the table allows {bound}",
                remedy="Choose another scheme for this net in the sources table.",
            )
        results.append(Agreement(measure=measure, value=value, bound=bound, faces=len(faces)))
    return results


def figures(role: Role, original: Nets, shipped: Nets, faces: Faces) -> dict[str, float]:
    """Every measure of a role."""
    measure = {"detector": _detector, "landmarks": _landmarks, "liveness": _liveness, "embedding": _embedding}[role]
    return measure(original, shipped, faces)


def time_ratio(original: RuntimeNet, shipped: RuntimeNet) -> float:
    """Median of run times, shipped over original, taken in turn."""
    shipped.input[...] = original.input
    ratios = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        original.run()
        between = time.perf_counter()
        shipped.run()
        ratios.append((time.perf_counter() - between) / (between - start))
    return round(median(ratios), 2)


def _detector(original: Nets, shipped: Nets, faces: Faces) -> dict[str, float]:
    overlaps, shifts_px, found = [], [], 0
    for frame, region, _ in faces:
        regions = shipped.detector.detect(frame)
        if not regions or region.keypoints_px is None or regions[0].keypoints_px is None:
            continue
        found += 1
        overlaps.append(_overlap(region, regions[0]))
        per_px = original.detector.input_side_px / max(frame.width_px, frame.height_px)
        shifts_px.append(np.linalg.norm(region.keypoints_px - regions[0].keypoints_px, axis=1).mean() * per_px)
    return {
        "found": found / len(faces),
        "box_overlap_min": min(overlaps, default=0.0),
        "keypoint_px_mean": float(np.mean(shifts_px)) if shifts_px else float("inf"),
    }


def _overlap(one: FaceRegion, other: FaceRegion) -> float:
    low = [max(a - x / 2, b - y / 2) for a, x, b, y in _sides(one, other)]
    high = [min(a + x / 2, b + y / 2) for a, x, b, y in _sides(one, other)]
    shared = max(0.0, high[0] - low[0]) * max(0.0, high[1] - low[1])
    return shared / (one.width_px * one.height_px + other.width_px * other.height_px - shared)


def _sides(one: FaceRegion, other: FaceRegion) -> list[tuple[float, float, float, float]]:
    return [
        (one.center_px[0], one.width_px, other.center_px[0], other.width_px),
        (one.center_px[1], one.height_px, other.center_px[1], other.height_px),
    ]


def _landmarks(_original: Nets, shipped: Nets, faces: Faces) -> dict[str, float]:
    shifts_px, presence = [], []
    for frame, region, mesh in faces:
        other = shipped.landmarker.fit(frame, region)
        away = np.linalg.norm((other.points_px - mesh.points_px)[:, :2], axis=1) * scale_of(mesh.crop_from_frame)
        shifts_px.append(away)
        presence.append(abs(other.presence - mesh.presence))
    return {
        "point_px_mean": float(np.mean(shifts_px)),
        "point_px_max": float(np.max(shifts_px)),
        "presence_max": max(presence),
    }


def _liveness(original: Nets, shipped: Nets, faces: Faces) -> dict[str, float]:
    pairs = [(original.liveness.live_probability(f, r), shipped.liveness.live_probability(f, r)) for f, r, _ in faces]
    away = [abs(a - b) for a, b in pairs]
    return {"probability_mean": float(np.mean(away)), "probability_max": max(away)}


def _embedding(original: Nets, shipped: Nets, faces: Faces) -> dict[str, float]:
    cosines = []
    for frame, _, mesh in faces:
        points = five_points(mesh)
        one, other = (nets.embedder.embed(frame, points).vector for nets in (original, shipped))
        cosines.append(float(one @ other))
    return {"cosine_min": min(cosines)}
