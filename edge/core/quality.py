"""How usable a face in a picture is: numbers with units, and the one hint that would help most.

All measures are taken from the upright crop of the mesh and its points, so that roll does not matter.
Pose is read from the mesh's own depth; eye opening is Soukupová & Čech's eye aspect ratio (CVWW 2016);
sharpness is the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) at a fixed face size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.core.face import FaceMesh

# MediaPipe's canonical mesh: six points around each eye (outer, two upper, inner, two lower).
RIGHT_EYE = np.array([33, 160, 158, 133, 153, 144])
LEFT_EYE = np.array([263, 387, 385, 362, 380, 373])
FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK = 10, 152, 234, 454

_SIDE = 96
_y, _x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32) / (_SIDE - 1) - 0.5
# The crop is 1.5 times the box of the mesh: this ellipse keeps to skin and leaves hair and pillow out.
_OVAL = (_x / 0.27) ** 2 + (_y / 0.33) ** 2 < 1.0
_LEFT_HALF, _RIGHT_HALF = _OVAL & (_x < 0), _OVAL & (_x >= 0)
_INNER = _OVAL[1:-1, 1:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """eye_distance_px: between the eyes' centres, in the main stream. brightness: mean luma of the face,
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
    step = max(1, mesh.crop_rgb.shape[0] // _SIDE)
    small = mesh.crop_rgb[::step, ::step][:_SIDE, :_SIDE].astype(np.float32)
    luma = small @ np.array([0.299, 0.587, 0.114], np.float32)
    skin = luma[_OVAL]
    mean = float(skin.mean())
    points = mesh.points_px
    width, height = frame_size_px
    x, y = points[:, 0], points[:, 1]
    yaw_deg, pitch_deg = _pose(points, roll_deg)
    return Quality(
        eye_distance_px=float(np.hypot(*(points[LEFT_EYE, :2].mean(0) - points[RIGHT_EYE, :2].mean(0)))),
        brightness=mean,
        clipped=float(np.mean((skin >= 250) | (skin <= 5))),
        unevenness=abs(float(luma[_LEFT_HALF].mean()) - float(luma[_RIGHT_HALF].mean())) / max(mean, 1.0),
        sharpness=_sharpness(luma),
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        eye_opening=max(_eye_opening(points, RIGHT_EYE), _eye_opening(points, LEFT_EYE)),
        presence=mesh.presence,
        inside=float(np.mean((x >= 0) & (x < width) & (y >= 0) & (y < height))),
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


def rank(quality: Quality) -> float:
    """A merit for choosing among usable frames of one burst: sharp, frontal and whole counts; higher is better."""
    frontal = np.cos(np.radians(min(abs(quality.yaw_deg), 90.0))) * np.cos(
        np.radians(min(abs(quality.pitch_deg), 90.0))
    )
    return float(np.log1p(quality.sharpness) * frontal * quality.presence * quality.inside)


def _sharpness(luma: NDArray[np.float32]) -> float:
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    return float(laplacian[_INNER].var())


def _eye_opening(points: NDArray[np.float32], eye: NDArray[np.int64]) -> float:
    p = points[eye, :2]
    heights = np.hypot(*(p[1] - p[5])) + np.hypot(*(p[2] - p[4]))
    return float(heights / max(2.0 * float(np.hypot(*(p[0] - p[3]))), 1e-6))


def _pose(points: NDArray[np.float32], roll_deg: float) -> tuple[float, float]:
    """Yaw and pitch from the axes cheek to cheek and forehead to chin, after roll has been taken out."""
    angle = np.radians(-roll_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    across = points[LEFT_CHEEK] - points[RIGHT_CHEEK]
    down = points[CHIN] - points[FOREHEAD]
    across_x = float((turn @ across[:2])[0])
    down_y = float((turn @ down[:2])[1])
    yaw_deg = float(np.degrees(np.arctan2(across[2], max(across_x, 1e-6))))
    pitch_deg = float(np.degrees(np.arctan2(down[2], max(down_y, 1e-6))))
    return yaw_deg, pitch_deg
