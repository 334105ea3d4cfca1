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
from tools.attacks.recording import Recorded
from tools.attacks.scene import Glow
from tools.attacks.sensor import to_linear
from tools.attacks.sheets import Sheet, flat_points

SOFT_EDGE_PX = 45


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


def recorded(identity: Identity, rng: np.random.Generator) -> Callable[[float], Picture]:
    """What an attacker's screen plays: a still in a quarter of cases, a film hardly or heavily compressed else."""
    moving, heavy = bool(rng.random() < 0.75), bool(rng.random() < 0.6)
    film = content(identity, rng, moving=moving)
    return Recorded(film, threshold=float(rng.uniform(1.0, 2.5))).at if heavy and identity.film else film


def face_in_picture(shape: HeadShape) -> tuple[float, float, float]:
    """Centre x, y and width of the face in the picture that the shape came from, px."""
    a = shape.crop_from_picture
    marks = shape.marks_px + np.float32(0.5)
    middle = (marks.min(axis=0) + marks.max(axis=0)) / 2
    back = np.linalg.solve(a[:, :2], middle - a[:, 2])
    return float(back[0]), float(back[1]), float(np.ptp(marks[:, 0])) / scale_of(a)


def whole_film(identity: Identity, rng: np.random.Generator, *, distance_mm: float = 400.0) -> Sheet:
    """The clip as it was filmed, whole: its light is its own, and no lamp reaches it."""
    show, lens = content(identity, rng, moving=True), Lens()
    shape = show(0.0).shape
    scale = min(1.06 * lens.width_px / shape[1], 1.06 * lens.height_px / shape[0])
    size = (round(shape[1] * scale), round(shape[0] * scale))
    frame_px = (round(lens.width_px * 1.06), round(lens.height_px * 1.06))
    left, top = max(0, (frame_px[0] - size[0]) // 2), max(0, (frame_px[1] - size[1]) // 2)
    points, step = flat_points(
        *frame_px, distance_mm / lens.focal_px, about_px=((frame_px[0] - 1) / 2, (frame_px[1] - 1) / 2)
    )
    nothing = np.zeros((frame_px[1], frame_px[0], 4), np.float32)
    blur = cv2.resize(show(0.0), (3, 3), interpolation=cv2.INTER_AREA)
    light = to_linear(np.asarray(cv2.resize(blur, frame_px, interpolation=cv2.INTER_CUBIC), np.uint8))

    place = (slice(top, top + size[1]), slice(left, left + size[0]))
    around, own = light[place].copy(), _ramp(size[0], left)[None, :, None] * _ramp(size[1], top)[:, None, None]

    def glow(time_s: float) -> Glow:
        frame = np.asarray(cv2.resize(show(time_s), size, interpolation=cv2.INTER_AREA), np.uint8)
        light[place] = around + own * (to_linear(frame)[: around.shape[0], : around.shape[1]] - around)
        return Glow(light=light, lux=150.0)

    return Sheet(
        paint=nothing, points_mm=points, step_px=step, glow=glow,
        pose=Pose(turn=np.eye(3), shift_mm=np.array([0.0, 0.0, distance_mm])),
    )  # fmt: skip


def _ramp(length: int, room: int) -> Grid:
    """1 along the middle, falling softly to 0 at both ends where there is room beside: no edge is to be seen."""
    if room <= 0:
        return np.ones(length, np.float32)
    away = np.minimum(np.arange(length), np.arange(length)[::-1]) / SOFT_EDGE_PX
    return np.asarray(np.clip(away, 0, 1) ** 2 * (3 - 2 * np.clip(away, 0, 1)), np.float32)
