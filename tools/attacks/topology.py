"""Which mesh points make eyes, lips and the face's outline, and triangles derived from the points themselves.

Numbers are of MediaPipe's 468-point mesh (the net's own order). The person's right side is on the image's left.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID = (362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_LOWER_LID = (362, 382, 381, 380, 374, 373, 390, 249, 263)
RIGHT_BROW = (46, 53, 52, 65, 55)
LEFT_BROW = (285, 295, 282, 283, 276)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
FOREHEAD_POINT, CHIN_POINT, RIGHT_CHEEK_POINT, LEFT_CHEEK_POINT = 10, 152, 50, 280
LONGEST_EDGE = 0.35


def triangles_of(points: NDArray[np.float32]) -> NDArray[np.int32]:
    """T×3 Delaunay triangles of N×2 upright points, without the slivers that span hollows of the outline.

    LONGEST_EDGE is the longest allowed, as a share of the face's width.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    plane = cv2.Subdiv2D(
        (int(low[0]) - 9, int(low[1]) - 9, int(np.ptp(points[:, 0])) + 20, int(np.ptp(points[:, 1])) + 20)
    )
    plane.insert([(float(x), float(y)) for x, y in points])
    corners = np.asarray(plane.getTriangleList(), np.float32).reshape(-1, 3, 2)
    inside = ((corners >= low - 1) & (corners <= high + 1)).all(axis=(1, 2))
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    corners = corners[inside & (edges < LONGEST_EDGE * (high[0] - low[0]))]
    apart = np.linalg.norm(corners[:, :, None] - points[None, None], axis=3)
    return np.asarray(apart.argmin(axis=2), np.int32)


def filled(
    points: NDArray[np.float32], triangles: NDArray[np.int32], values: NDArray[np.float32], side: int
) -> NDArray[np.float32]:
    """side×side field that runs linearly over each triangle between its corners' values; NaN outside of all."""
    field = np.full((side, side), np.nan, np.float32)
    for corner in triangles:
        p, v = points[corner].astype(np.float64), values[corner].astype(np.float64)
        low = np.maximum(np.floor(p.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(p.max(axis=0)).astype(int) + 1, side)
        area = (p[1, 0] - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[2, 0] - p[0, 0]) * (p[1, 1] - p[0, 1])
        if abs(area) < 1e-6 or (high <= low).any():
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        b = ((x - p[0, 0]) * (p[2, 1] - p[0, 1]) - (p[2, 0] - p[0, 0]) * (y - p[0, 1])) / area
        c = ((p[1, 0] - p[0, 0]) * (y - p[0, 1]) - (x - p[0, 0]) * (p[1, 1] - p[0, 1])) / area
        here = (b >= -1e-3) & (c >= -1e-3) & (b + c <= 1.001)
        view = field[low[1] : high[1], low[0] : high[0]]
        view[here] = (v[0] + b * (v[1] - v[0]) + c * (v[2] - v[0]))[here]
    return field


def outline_mask(points: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """255 inside the hull of N×2 points."""
    mask = np.zeros((side, side), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.float32)).astype(np.int32), 255)
    return mask
