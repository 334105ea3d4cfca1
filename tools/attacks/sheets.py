"""Flat and bent sheets as layers: paper, walls, pillows, the glass of a screen, all a texture on a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tools.attacks.motion import Hand, Pose
from tools.attacks.projection import Grid
from tools.attacks.scene import Glow, Placed

GRID_CELLS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """paint: H×W×4, reflectance times cover, cover. points_mm: its own grid; node (i, j) at pixel (j, i)·step_px.
    carried: the hand that holds it, None for what stands still. glow: what it shines by itself at a
    time. opaque: as in Placed."""

    paint: Grid
    points_mm: Grid
    step_px: float
    pose: Pose
    carried: Hand | None = None
    gloss: float = 0.0
    shine: float = 20.0
    glow: Callable[[float], Glow] | None = None
    opaque: bool = False

    def at(self, time_s: float) -> Placed:
        pose = self.pose if self.carried is None else self.pose.after(self.carried.at(time_s))
        return Placed(
            points_mm=pose.of(self.points_mm), step_px=self.step_px, paint=self.paint, gloss=self.gloss,
            shine=self.shine, glow=self.glow(time_s) if self.glow else None,
            opaque=self.opaque,
        )  # fmt: skip


def flat_points(
    width_px: int, height_px: int, mm_per_px: float, *, about_px: tuple[float, float]
) -> tuple[Grid, float]:
    """Grid of a plane at z = 0 with texture pixel `about_px` at the origin, and its step in pixels."""
    step = max(width_px, height_px) / GRID_CELLS
    x = np.arange(int(np.ceil(width_px / step)) + 1) * step
    y = np.arange(int(np.ceil(height_px / step)) + 1) * step
    columns, rows = np.meshgrid(x - about_px[0], y - about_px[1])
    points = np.dstack([columns, rows, np.zeros_like(columns)]) * mm_per_px
    return points.astype(np.float32), step


def bent(points_mm: Grid, radius_mm: float, *, across: bool = True) -> Grid:
    """The plane rolled around a cylinder of that radius, bulging towards the camera; lengths along it are kept."""
    axis = 0 if across else 1
    along = points_mm[..., axis] / radius_mm
    out = points_mm.copy()
    out[..., axis] = radius_mm * np.sin(along)
    out[..., 2] += radius_mm * (1 - np.cos(along))
    return np.asarray(out, np.float32)


def moulded(points_mm: Grid, *, half_wide_mm: float, half_high_mm: float, depth_mm: float) -> Grid:
    """The plane pressed over an ellipsoid as smooth as a mask: deep at the middle, back at the edges."""
    away = (points_mm[..., 0] / half_wide_mm) ** 2 + (points_mm[..., 1] / half_high_mm) ** 2
    out = points_mm.copy()
    out[..., 2] += depth_mm * (1 - np.sqrt(np.clip(1 - np.minimum(away, 1.0) * 0.9, 0, 1)))
    return np.asarray(out, np.float32)


def creased(points_mm: Grid, rng: np.random.Generator, *, depth_mm: float, coarse: int = 7) -> Grid:
    """Soft unevenness, as of a pillow or of paper that has been handled."""
    rows, columns = points_mm.shape[:2]
    out = points_mm.copy()
    for octave in (1, 2):
        rough = rng.normal(0, 1, (coarse * octave, coarse * octave)).astype(np.float32)
        out[..., 2] += cv2.resize(rough, (columns, rows), interpolation=cv2.INTER_CUBIC) * np.float32(
            depth_mm / octave
        )
    return np.asarray(out, np.float32)
