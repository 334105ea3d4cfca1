"""Photographs on paper: what a printer makes of them, and the sheets that are cut from them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tools.attacks import topology
from tools.attacks.head_shape import SIDE_PX, HeadShape
from tools.attacks.projection import Grid
from tools.attacks.sensor import LUMA_BGR


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """black, white: reflectance of full ink and of bare paper. gamut: share of the colours' saturation that is kept.
    gloss, shine: of the paper. grain: of its dots, relative."""

    black: float
    white: float
    gamut: float
    gloss: float
    shine: float
    grain: float
    cast_bgr: tuple[float, float, float]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Print:
        """Office paper or photo paper, a printer in better or worse repair."""
        glossy = bool(rng.random() < 0.4)
        cast = 1 + rng.normal(0, 0.04, 3)
        return cls(
            black=float(rng.uniform(0.015, 0.06)), white=float(rng.uniform(0.72, 0.88)),
            gamut=float(rng.uniform(0.7, 0.98)), gloss=0.05 if glossy else 0.01, shine=90.0 if glossy else 9.0,
            grain=float(rng.uniform(0.01, 0.04)), cast_bgr=(float(cast[0]), float(cast[1]), float(cast[2])),
        )  # fmt: skip


def printed(linear: Grid, how: Print, rng: np.random.Generator) -> Grid:
    """Reflectance of the paper that shows a picture's light (H×W×3, 0..1)."""
    level = np.clip(linear / np.percentile(linear, 99.5), 0, 1)
    grey = level @ LUMA_BGR
    level = grey[..., None] + how.gamut * (level - grey[..., None])
    level = how.black + (how.white - how.black) * np.clip(level, 0, 1) * np.array(how.cast_bgr, np.float32)
    dots = cv2.GaussianBlur(rng.normal(0, 1, level.shape).astype(np.float32), (0, 0), 0.7)
    return np.asarray(np.clip(level * (1 + how.grain * 1.8 * dots), 0.01, 0.95), np.float32)


def rectangle(shape: HeadShape, width_mm: float, height_mm: float) -> Grid:
    """Cover of a sheet of that size around the face, H×W, no larger than the picture."""
    middle = (shape.marks_px.min(axis=0) + shape.marks_px.max(axis=0)) / 2
    half = np.array([width_mm, height_mm]) / 2 / shape.mm_per_px
    low = np.clip(middle - half, 1, SIDE_PX - 2)
    high = np.clip(middle + half, 1, SIDE_PX - 2)
    cover = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    cover[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])] = 1
    cover *= shape.inside > 0.01
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.6), np.float32)


def face_outline(shape: HeadShape, rng: np.random.Generator) -> Grid:
    """Cover of a face cut out along its oval, not quite on the line."""
    hull = topology.outline_mask(shape.marks_px, SIDE_PX)
    size = int(rng.integers(3, 17)) | 1
    return np.asarray(
        cv2.GaussianBlur(cv2.dilate(hull, np.ones((size, size), np.uint8)), (0, 0), 0.8) / 255.0, np.float32
    )


def eye_holes(shape: HeadShape, rng: np.random.Generator) -> Grid:
    """1 but for two holes where the eyes are, H×W, cut with scissors."""
    cover = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    for lids in (
        topology.RIGHT_UPPER_LID + topology.RIGHT_LOWER_LID,
        topology.LEFT_UPPER_LID + topology.LEFT_LOWER_LID,
    ):
        ring = shape.marks_px[list(lids)]
        middle, wide = ring.mean(axis=0), float(np.ptp(ring[:, 0]))
        grown = rng.uniform(1.05, 1.25)
        axes = (int(0.5 * wide * grown), int(0.26 * wide * grown + 1))
        cv2.ellipse(cover, (int(middle[0]), int(middle[1])), axes, float(rng.normal(0, 4)), 0, 360, 0, -1)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.7).astype(np.float32) / 255, np.float32)
