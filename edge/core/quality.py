"""How usable a face in a picture is: numbers with units, and the one hint that would help most.

All measures are taken from the upright crop of the mesh and its points, so that roll does not matter.
Pose is read from the mesh's own depth; eye opening is Soukupová & Čech's eye aspect ratio (CVWW 2016);
sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a fixed face size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.core.face import FaceMesh, Picture

# MediaPipe's canonical mesh: six points around each eye (outer, two upper, inner, two lower).
RIGHT_EYE = np.array([33, 160, 158, 133, 153, 144])
LEFT_EYE = np.array([263, 387, 385, 362, 380, 373])
FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 10, 152, 234, 454

_RED, _GREEN, _BLUE = np.float32(0.299), np.float32(0.587), np.float32(0.114)
_SIDE = 96
_y, _x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32) / (_SIDE - 1) - 0.5
# The crop is 1.5 times the box of the mesh: this ellipse keeps to skin and leaves hair and pillow out.
_oval = (_x / 0.27) ** 2 + (_y / 0.33) ** 2 < 1.0
_rows, _columns = np.flatnonzero(_oval.any(axis=1)), np.flatnonzero(_oval.any(axis=0))
# Nothing is computed outside of the ellipse's box, and the one pixel more that the Laplacian needs.
_WINDOW = np.s_[_rows[0] - 1 : _rows[-1] + 2, _columns[0] - 1 : _columns[-1] + 2]
_INNER = _oval[_WINDOW][1:-1, 1:-1]
_LEFT, _RIGHT = (np.flatnonzero(half[_WINDOW][1:-1, 1:-1][_INNER]) for half in (_x < 0, _x >= 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """eye_distance_px: between the eyes' centres, in the main stream and in depth, so that a head turned away is not
    taken for one far off. brightness: mean luma of the face,
    0..255. clipped: share of face pixels at 250 or more, or 5 or less. unevenness: |left - right| / mean luma.
    sharpness: grey levels squared. yaw_deg, pitch_deg: head turned to its left, head raised, 0 frontal.
    roll_deg: (-180, 180]. eye_opening: ratio of height to width of the more open eye. presence: the mesh net's
    belief 0..1, which falls when the face is covered or cut off by the edge of the picture. inside: share of
    the mesh's points that lie inside the picture."""

    eye_distance_px: float
    brightness: float
    clipped: float
    unevenness: float
    sharpness: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    eye_opening: float
    presence: float
    inside: float


class Hint(StrEnum):
    """What to do about the picture; the screen and the voice put it into words, one at a time."""

    NOBODY = "nobody"
    SEVERAL_PEOPLE = "several_people"
    COME_CLOSER = "come_closer"
    WHOLE_FACE = "whole_face"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    EVEN_LIGHT = "even_light"
    FACE_THE_CAMERA = "face_the_camera"
    HOLD_STILL = "hold_still"


class QualityLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bounds within which a frame may serve as a probe; units as in Quality."""

    min_eye_distance_px: float
    min_brightness: float
    max_brightness: float
    max_clipped: float
    max_unevenness: float
    min_sharpness: float
    max_yaw_deg: float
    max_pitch_deg: float
    min_presence: float
    min_inside: float


def measure(mesh: FaceMesh, *, roll_deg: float, frame_size_px: tuple[int, int]) -> Quality:
    """Measure one face. frame_size_px: width and height of the main stream."""
    luma = _luma_window(mesh.crop_rgb)
    skin = luma[1:-1, 1:-1][_INNER]
    mean = float(skin.mean())
    points = mesh.points_px
    inside = (points[:, :2] >= 0) & (points[:, :2] < np.array(frame_size_px, np.float32))
    yaw_deg, pitch_deg = _pose(points, roll_deg)
    right, left = points[RIGHT_EYE], points[LEFT_EYE]
    apart = (left.sum(axis=0) - right.sum(axis=0)) / len(RIGHT_EYE)
    return Quality(
        eye_distance_px=math.hypot(*apart.tolist()),
        brightness=mean,
        clipped=float(np.count_nonzero((skin >= 250) | (skin <= 5))) / skin.size,
        unevenness=abs(float(skin[_LEFT].mean()) - float(skin[_RIGHT].mean())) / max(mean, 1.0),
        sharpness=_sharpness(luma),
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        eye_opening=max(_eye_opening(right[:, :2]), _eye_opening(left[:, :2])),
        presence=mesh.presence,
        inside=float(np.count_nonzero(inside[:, 0] & inside[:, 1])) / len(points),
    )


def worst_fault(quality: Quality, limits: QualityLimits) -> Hint | None:
    """The hint that matters most for this face, or None when it may serve as a probe."""
    checks = (
        (quality.eye_distance_px < limits.min_eye_distance_px, Hint.COME_CLOSER),
        (quality.inside < limits.min_inside or quality.presence < limits.min_presence, Hint.WHOLE_FACE),
        (quality.brightness < limits.min_brightness, Hint.MORE_LIGHT),
        (quality.brightness > limits.max_brightness or quality.clipped > limits.max_clipped, Hint.LESS_LIGHT),
        (quality.unevenness > limits.max_unevenness, Hint.EVEN_LIGHT),
        (abs(quality.yaw_deg) > limits.max_yaw_deg, Hint.FACE_THE_CAMERA),
        (abs(quality.pitch_deg) > limits.max_pitch_deg, Hint.FACE_THE_CAMERA),
        (quality.sharpness < limits.min_sharpness, Hint.HOLD_STILL),
    )
    return next((hint for failed, hint in checks if failed), None)


def _luma_window(crop_rgb: Picture) -> NDArray[np.float32]:
    """BT.601 luma of the ellipse's box, from the crop thinned to about _SIDE pixels a side."""
    step = max(1, crop_rgb.shape[0] // _SIDE)
    rgb = crop_rgb[::step, ::step][_WINDOW]
    luma: NDArray[np.float32] = rgb[..., 0] * _RED + rgb[..., 1] * _GREEN + rgb[..., 2] * _BLUE
    return luma


def _sharpness(luma: NDArray[np.float32]) -> float:
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1]
    laplacian += luma[1:-1, :-2]
    laplacian += luma[1:-1, 2:]
    laplacian -= 4 * luma[1:-1, 1:-1]
    return float(laplacian[_INNER].var())


def _eye_opening(eye: NDArray[np.float32]) -> float:
    outer, upper, upper_inner, inner, lower_inner, lower = eye.tolist()
    return (math.dist(upper, lower) + math.dist(upper_inner, lower_inner)) / max(2.0 * math.dist(outer, inner), 1e-6)


def _pose(points: NDArray[np.float32], roll_deg: float) -> tuple[float, float]:
    """Yaw and pitch from the axes cheek to cheek and forehead to chin, after roll has been taken out."""
    c, s = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    across_x, across_y, across_z = (points[LEFT_CHEEK] - points[RIGHT_CHEEK]).tolist()
    down_x, down_y, down_z = (points[CHIN] - points[FOREHEAD]).tolist()
    yaw = math.atan2(across_z, max(c * across_x + s * across_y, 1e-6))
    pitch = math.atan2(down_z, max(c * down_y - s * down_x, 1e-6))
    return math.degrees(yaw), math.degrees(pitch)
