"""Where a face lies: turned rectangles, affine maps between frame and crops, points and regions of a mesh.

Affine maps are 2×3 and act on corner-based coordinates (edge/core/face.py). A head of roll r is upright
after turning the picture by -r.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Affine, FaceMesh, FaceRegion, Points

# MediaPipe's canonical mesh. Eye corners: outer and inner; mouth corners; the tip of the nose.
RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (362, 263)
NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT = 1, 61, 291


def wrap_deg(angle_deg: float) -> float:
    """The same angle in (-180, 180]."""
    return -((-angle_deg + 180.0) % 360.0 - 180.0)


def roll_between(right_eye: NDArray[np.floating], left_eye: NDArray[np.floating]) -> float:
    """Roll in degrees of a head whose own right and left eye are at these places."""
    return math.degrees(math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))


def turned_map(
    center_px: tuple[float, float], turn_deg: float, scale: float, target_center_px: tuple[float, float]
) -> Affine:
    """The map that turns what has roll `turn_deg` upright, scales it, and brings `center_px` to the target."""
    angle = math.radians(turn_deg)
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    (x, y), (u, v) = center_px, target_center_px
    return np.array([[a, b, u - a * x - b * y], [-b, a, v + b * x - a * y]])


def upright_crop(center_px: tuple[float, float], side_px: float, roll_deg: float, target_px: int) -> Affine:
    """Frame → square crop of `target_px`, showing `side_px` around the centre with the head upright."""
    return turned_map(center_px, roll_deg, target_px / side_px, (target_px / 2, target_px / 2))


def letterbox_map(width_px: int, height_px: int, turn_deg: float, target_px: int) -> Affine:
    """Frame → square of `target_px` holding the whole frame, turned so that roll `turn_deg` becomes upright."""
    angle = math.radians(turn_deg)
    c, s = abs(math.cos(angle)), abs(math.sin(angle))
    longest = max(width_px * c + height_px * s, width_px * s + height_px * c)
    return turned_map((width_px / 2, height_px / 2), turn_deg, target_px / longest, (target_px / 2, target_px / 2))


def apply(affine: Affine, points: NDArray[np.floating]) -> Points:
    """Maps N×2 points."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float32)


def invert(affine: Affine) -> Affine:
    """The map back. The input must be a similarity (all maps in this file are)."""
    (a, b, x), (c, d, y) = affine.tolist()
    det = a * d - b * c
    ia, ib, ic, id_ = d / det, -b / det, -c / det, a / det
    return np.array([[ia, ib, -(ia * x + ib * y)], [ic, id_, -(ic * x + id_ * y)]])


def scale_of(affine: Affine) -> float:
    return math.hypot(affine[0, 0], affine[1, 0])


def fit_similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> Affine:
    """The rotation, scale and shift that bring N×2 `source` nearest to `target` in the least squares sense.

    Source: Umeyama (1991); in the plane and without reflection it is one complex division.
    """
    here = source[:, 0].astype(np.complex128) + 1j * source[:, 1]
    there = target[:, 0].astype(np.complex128) + 1j * target[:, 1]
    here_mean, there_mean = here.mean(), there.mean()
    spread = float(np.sum(np.abs(here - here_mean) ** 2))
    turn = np.sum((there - there_mean) * np.conj(here - here_mean)) / spread if spread > 0 else 1.0 + 0j
    shift = there_mean - turn * here_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def five_points(mesh: FaceMesh) -> Points:
    """5×2 in frame coordinates: the two eyes, the nose tip, the mouth corners; the person's right side first."""
    p = mesh.points_px[:, :2]
    return np.stack(
        [
            p[RIGHT_EYE_CORNERS[0]] * 0.5 + p[RIGHT_EYE_CORNERS[1]] * 0.5,
            p[LEFT_EYE_CORNERS[0]] * 0.5 + p[LEFT_EYE_CORNERS[1]] * 0.5,
            p[NOSE_TIP],
            p[MOUTH_RIGHT],
            p[MOUTH_LEFT],
        ]
    )


def roll_of_mesh(mesh: FaceMesh) -> float:
    """Roll in degrees from the outer eye corners."""
    return roll_between(mesh.points_px[RIGHT_EYE_CORNERS[0]], mesh.points_px[LEFT_EYE_CORNERS[1]])


def region_from_mesh(mesh: FaceMesh) -> FaceRegion:
    """The rectangle around a mesh, upright in the head's own frame; its score is the mesh's presence."""
    roll_deg = roll_of_mesh(mesh)
    upright = turned_map((0.0, 0.0), roll_deg, 1.0, (0.0, 0.0))
    points = apply(upright, mesh.points_px[:, :2])
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = apply(invert(upright), ((low + high) / 2)[None])[0].tolist()
    width, height = (high - low).tolist()
    return FaceRegion(
        center_px=(x, y), width_px=width, height_px=height, roll_deg=roll_deg, score=mesh.presence, keypoints_px=None
    )
