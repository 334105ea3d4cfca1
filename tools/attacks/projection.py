"""The simulated lens: from millimetres before the camera to pixels, and from pixels back onto a curved sheet.

Camera axes: x to the right, y down, z away from the camera, millimetres. A surface is a grid of points over its
texture; the way back from a pixel to the texture is found by fixed-point iteration around the best homography, which
is exact for flat sheets and good to a tenth of a pixel for heads turned by less than about 20 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]

NODE_PX = 4
PART_PX = 16
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """focal_px: of the frame as delivered (493 is 66° across 640 px, a Camera Module 3). k1: radial distortion per
    squared half-diagonal, barrel negative. vignetting: share of light lost in the corners. blur_px: sigma."""

    width_px: int = 640
    height_px: int = 480
    focal_px: float = 493.0
    k1: float = -0.02
    vignetting: float = 0.15
    blur_px: float = 0.5

    @property
    def center_px(self) -> tuple[float, float]:
        return (self.width_px - 1) / 2, (self.height_px - 1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the frame to be drawn: rows and columns from..to, px, whole numbers of PART_PX (a JPEG's blocks)."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def whole(cls, lens: Lens) -> Part:
        return cls(top=0, bottom=lens.height_px, left=0, right=lens.width_px)

    @classmethod
    def around(cls, low: tuple[float, float], high: tuple[float, float], lens: Lens) -> Part:
        """The least part that holds everything from `low` to `high`, (x, y) in px; outside the frame it is cut."""
        left, top = (max(0, int(v // PART_PX) * PART_PX) for v in low)
        right, bottom = (int(-(-v // PART_PX)) * PART_PX for v in high)
        right, bottom = min(right, lens.width_px), min(bottom, lens.height_px)
        return cls(top=top, bottom=max(bottom, top), left=left, right=max(right, left))

    def grown(self, by_px: int, lens: Lens) -> Part:
        return Part.around((self.left - by_px, self.top - by_px), (self.right + by_px, self.bottom + by_px), lens)

    @property
    def empty(self) -> bool:
        return self.top >= self.bottom or self.left >= self.right

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def project(lens: Lens, points_mm: Grid) -> Grid:
    """…×3 millimetres to …×2 ideal pixels (before distortion), pixel centres at whole numbers."""
    depth = np.maximum(points_mm[..., 2:3], 1.0)
    return np.asarray(points_mm[..., :2] * (lens.focal_px / depth) + np.array(lens.center_px, np.float32), np.float32)


def frame_nodes(lens: Lens) -> Grid:
    """Ideal pixel coordinates of every NODE_PX'th pixel of the distorted frame: rows × columns × 2."""
    offset = (NODE_PX - 1) / 2
    x = np.arange(lens.width_px // NODE_PX, dtype=np.float32) * NODE_PX + offset
    y = np.arange(lens.height_px // NODE_PX, dtype=np.float32) * NODE_PX + offset
    nodes: Grid = np.dstack(np.meshgrid(x, y)) - np.array(lens.center_px, np.float32)
    radius2 = (nodes**2).sum(axis=2, keepdims=True) / (lens.width_px**2 + lens.height_px**2) * 4
    return np.asarray(nodes * (1 - lens.k1 * radius2) + np.array(lens.center_px, np.float32), np.float32)


def corner_falloff(lens: Lens) -> Grid:
    """H×W×1 factor of the light that reaches each pixel."""
    x, y = np.arange(lens.width_px), np.arange(lens.height_px)
    cx, cy = lens.center_px
    radius2 = ((x - cx)[None] ** 2 + (y - cy)[:, None] ** 2) / (cx**2 + cy**2)
    return np.asarray(1 - lens.vignetting * radius2, np.float32)[..., None]


def box_of(seen_px: Grid, part: Part, margin_px: int = 8) -> tuple[int, int, int, int] | None:
    """Node rows and columns (top, bottom, left, right) of a part of the frame that hold the projected grid; None when
    it is out of sight."""
    # Each axis by itself: numpy is ten times slower over both at once.
    axes = (seen_px[..., 0], seen_px[..., 1])
    low, high = [float(a.min()) - margin_px for a in axes], [float(a.max()) + margin_px for a in axes]
    left, top = max(part.left // NODE_PX, int(low[0]) // NODE_PX), max(part.top // NODE_PX, int(low[1]) // NODE_PX)
    right = min(part.right // NODE_PX, int(high[0]) // NODE_PX + 1)
    bottom = min(part.bottom // NODE_PX, int(high[1]) // NODE_PX + 1)
    return (top, bottom, left, right) if top < bottom and left < right else None


def texture_coordinates(seen_px: Grid, step_px: float, nodes_px: Grid) -> Grid:
    """Where in the texture each node looks: nodes × 2, in grid cells (texture pixels / step_px).

    seen_px: rows×columns×2, the projected grid.
    """
    rows, columns = seen_px.shape[:2]
    cells = np.dstack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)))
    thin = (slice(None, None, max(1, rows // 10)), slice(None, None, max(1, columns // 10)))
    fitted, _ = cv2.findHomography(cells[thin].reshape(-1, 1, 2), seen_px[thin].reshape(-1, 1, 2), 0)
    there = np.asarray(fitted, np.float64)
    back = np.linalg.inv(there)
    off = np.subtract(seen_px, _through(there, cells))
    found = _through(back, nodes_px)
    if float(np.abs(off).max()) >= 0.02:
        for _ in range(ROUNDS):
            found = _through(back, nodes_px - sampled(off, found, beyond=cv2.BORDER_REPLICATE))
    # Far outside the sheet the homography runs through its horizon; nothing is there to be seen.
    beyond = np.array([columns, rows], np.float32)
    return np.asarray(np.clip(np.nan_to_num(found, nan=-9e3), -beyond, 2 * beyond), np.float32)


def _through(homography: NDArray[np.floating], points: Grid) -> Grid:
    return np.asarray(cv2.perspectiveTransform(points.reshape(1, -1, 2), homography), np.float32).reshape(
        points.shape
    )


def sampled(values: Grid, where: Grid, *, beyond: int) -> Grid:
    """Linear interpolation of H×W×n values at …×2 places (x, y). beyond: an OpenCV border mode."""
    no_second: Any = None  # the stubs want two maps
    return np.asarray(cv2.remap(values, where, no_second, cv2.INTER_LINEAR, borderMode=beyond), np.float32)


def enlarge(nodes: Grid) -> Grid:
    """Node values to every pixel, linearly."""
    height, width = nodes.shape[:2]
    size = (width * NODE_PX, height * NODE_PX)
    return np.asarray(cv2.resize(nodes, size, interpolation=cv2.INTER_LINEAR), np.float32)
