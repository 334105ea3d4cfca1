"""Where points of one grey picture lie in another, to a tenth of a pixel: many at once, on arrays only.

Baker & Matthews, "Lucas-Kanade 20 years on", IJCV 2004 (inverse compositional, translation); each patch's brightness
and contrast are taken out, so that light that changes is not taken for motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Picture

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """places: N×2 in the second picture. error_px: what noise makes of each, one standard deviation, and infinite
    where the patch has no texture or left the picture. likeness: correlation of the two patches, -1..1."""

    places: Floats
    error_px: Floats
    likeness: Floats


def track(
    before: Picture, after: Picture, points: Floats, guess: Floats, *, half_px: int = 6, rounds: int = 5
) -> Tracked:
    """Follow N×2 `points` (x, y, pixel centres at .5) of `before` into `after`, starting at `guess`.

    half_px: half a patch's side; a guess may be wrong by about as much.
    """
    template = _patches(before, points, half_px + 1)
    across = (template[:, 1:-1, 2:] - template[:, 1:-1, :-2]) / 2.0
    down = (template[:, 2:, 1:-1] - template[:, :-2, 1:-1]) / 2.0
    inner = template[:, 1:-1, 1:-1]
    spread = np.maximum(inner.std(axis=(1, 2)), 1e-6)
    steepest = np.stack([across, down], axis=1).reshape(len(points), 2, -1)
    steepest -= steepest.mean(axis=2, keepdims=True)
    hessian = steepest @ steepest.transpose(0, 2, 1)
    least = np.linalg.eigvalsh(hessian)[:, 0]
    solver = np.linalg.inv(hessian + 1e-3 * np.eye(2))
    flat = (inner - inner.mean(axis=(1, 2), keepdims=True)).reshape(len(points), -1)
    places, seen = guess.astype(np.float64).copy(), flat
    for _ in range(rounds):
        seen = _patches(after, places, half_px).reshape(len(points), -1)
        seen = seen - seen.mean(axis=1, keepdims=True)
        gain = spread / np.maximum(seen.std(axis=1), 1e-6)
        wrong = seen * np.clip(gain, 0.25, 4.0)[:, None] - flat
        step = (solver @ (steepest @ wrong[..., None]))[..., 0]
        places -= np.clip(step, -2.0, 2.0)
    likeness = (seen * flat).mean(axis=1) / np.maximum(seen.std(axis=1) * spread, 1e-6)
    noise = np.sqrt(np.mean((seen * (spread / np.maximum(seen.std(axis=1), 1e-6))[:, None] - flat) ** 2, axis=1))
    inside = _inside(before, points, half_px + 2) & _inside(after, places, half_px + 1)
    error_px = np.where(inside & (least > 1.0), noise / np.sqrt(np.maximum(least, 1e-6)), np.inf)
    return Tracked(places=places, error_px=error_px, likeness=likeness)


def _patches(picture: Picture, points: Floats, half_px: int) -> Floats:
    """N×S×S luma around N×2 points, bilinear; outside the picture its border goes on."""
    reach = np.arange(-half_px, half_px + 1, dtype=np.int64)
    corner = np.floor(points - 0.5)
    fx, fy = (points - 0.5 - corner).T[:, :, None, None]
    columns = corner[:, 0].astype(np.int64)[:, None] + np.append(reach, half_px + 1)
    rows = corner[:, 1].astype(np.int64)[:, None] + np.append(reach, half_px + 1)
    np.clip(columns, 0, picture.shape[1] - 1, out=columns)
    np.clip(rows, 0, picture.shape[0] - 1, out=rows)
    block = picture[rows[:, :, None], columns[:, None, :]].astype(np.float64)
    above = block[:, :-1, :-1] * (1 - fx) + block[:, :-1, 1:] * fx
    below = block[:, 1:, :-1] * (1 - fx) + block[:, 1:, 1:] * fx
    return np.asarray(above * (1 - fy) + below * fy, np.float64)


def _inside(picture: Picture, points: Floats, margin_px: int) -> NDArray[np.bool_]:
    high = np.array([picture.shape[1], picture.shape[0]]) - margin_px
    return np.asarray(((points >= margin_px) & (points <= high)).all(axis=1), np.bool_)
