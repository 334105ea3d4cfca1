"""Clips as something to show: the skin of a head, the content of a screen, the blur around a face."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edge.core.face import Picture
from edge.core.geometry import scale_of
from edge.models.picture import warped
from tools.attacks.head_shape import SIDE_PX, HeadShape
from tools.attacks.identities import Film, Identity
from tools.attacks.motion import Pose
from tools.attacks.projection import Grid, Lens
from tools.attacks.scene import Glow
from tools.attacks.sensor import to_linear
from tools.attacks.sheets import Sheet, flat_points


def skin_film(shape: HeadShape, identity: Identity, rng: np.random.Generator) -> Callable[[float], Grid]:
    """The clip's frames on the head's texture, H×W×4, begun somewhere in its first seconds."""
    film, start_s = Film(identity.path), float(rng.uniform(0, 1.0))
    by_cover = shape.relight * shape.cover[..., None]
    paint = np.zeros((SIDE_PX, SIDE_PX, 4), np.float32)
    paint[..., 3] = shape.cover

    def at(time_s: float) -> Grid:
        frame = warped(film.at(start_s + time_s), shape.crop_from_picture, (SIDE_PX, SIDE_PX), repeat_border=True)
        np.multiply(to_linear(frame), by_cover, out=paint[..., :3])
        return paint

    return at


def content(identity: Identity, rng: np.random.Generator, *, moving: bool) -> Callable[[float], Picture]:
    """What a screen shows of an identity: its clip, or one picture all the time."""
    if not (identity.film and moving):
        still = identity.picture()
        return lambda time_s: still
    film, start_s = Film(identity.path), float(rng.uniform(0, 1.0))
    return lambda time_s: film.at(start_s + time_s)


def face_in_picture(shape: HeadShape) -> tuple[float, float, float]:
    """Centre x, y and width of the face in the picture that the shape came from, px."""
    a = shape.crop_from_picture
    marks = shape.marks_px + np.float32(0.5)
    middle = (marks.min(axis=0) + marks.max(axis=0)) / 2
    back = np.linalg.solve(a[:, :2], middle - a[:, 2])
    return float(back[0]), float(back[1]), float(np.ptp(marks[:, 0])) / scale_of(a)


def whole_film(identity: Identity, rng: np.random.Generator, *, distance_mm: float = 400.0) -> Sheet:
    """The clip as it was filmed, filling the view: its light is its own, and no lamp reaches it."""
    show, lens = content(identity, rng, moving=True), Lens()
    height, width = show(0.0).shape[:2]
    across = 1.04 * lens.width_px / lens.focal_px * distance_mm
    scale = min(1.0, 720 / width)
    size = (round(width * scale), round(height * scale))
    points, step = flat_points(*size, across / size[0], about_px=(size[0] / 2, 0.47 * size[1]))
    nothing = np.zeros((size[1], size[0], 4), np.float32)

    def glow(time_s: float) -> Glow:
        frame = show(time_s)
        return Glow(light=to_linear(np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))), lux=150.0)

    return Sheet(
        paint=nothing, points_mm=points, step_px=step, glow=glow,
        pose=Pose(turn=np.eye(3), shift_mm=np.array([0.0, 0.0, distance_mm])),
    )  # fmt: skip
