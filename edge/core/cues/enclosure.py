"""Enclosure: how nearly a straight-sided frame goes around the face, as the edge of a screen or of a sheet does.

A frame is four straight lines, square to one another, each along its own side from corner to corner, and each
brighter on the same side all along (Komulainen, Hadid & Pietikäinen, "Context based face anti-spoofing", BTAS 2013).
Bedding, doors and the outline of a head give one or two of them, or lines that do not meet; three of four count, for
a hand hides a side, and the fourth counts half.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.core.sighting import Floats, Scene

# The picture around the face: five face widths, 32 cells each.
CELLS, CELLS_PER_FACE = 160, 32
_ANGLES_DEG = np.arange(-14.0, 14.1, 2.0)
# A line is looked for first where it passes the face; then a side is counted from corner to corner.
_BESIDE, _ABOVE = slice(62, 98), slice(64, 96)
_LEFT, _RIGHT, _TOP, _BOTTOM = (4, 66), (94, 156), (4, 60), (100, 156)
_LEAST_WIDTH, _LEAST_HEIGHT = 36, 44  # the outline of a head with its hair is smaller
_STRONG = 12.0  # grey levels from one cell to the next but one
_LINES, _FAINTEST = 4, 0.3
# A screen or sheet ends in one line, or in three with its bezel and a case; striped bedding has more.
_PATTERN = 6

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """sides: left, right, above, below, the share 0..1 of the side along which its line is there."""

    sides: tuple[float, float, float, float]

    @property
    def value(self) -> float:
        """0..1.5: the third best side, and half of the least."""
        least, third = sorted(self.sides)[:2]
        return third + 0.5 * least


NOTHING = Enclosure(sides=(0.0, 0.0, 0.0, 0.0))


def enclosure(scene: Scene) -> Enclosure:
    """The best frame around the face, turned by up to 14 degrees against it."""
    picture = _upright(scene)
    return max((_at_angle(picture, turn) for turn in range(len(_ANGLES_DEG))), key=lambda found: found.value)


def _at_angle(picture: Floats, turn: int) -> Enclosure:
    rows, columns, inside = _turned(turn)
    turned = np.where(inside, picture[rows, columns], np.nan)
    across, down = np.zeros_like(turned), np.zeros_like(turned)
    across[:, 1:-1], down[1:-1] = turned[:, 2:] - turned[:, :-2], turned[2:] - turned[:-2]
    # Number of cells of a line up to each place, for both ways in which it may be bright on one side.
    along_columns, along_rows = [], []
    for sign in (1.0, -1.0):
        upright = np.nan_to_num(sign * across) > _STRONG
        level = np.nan_to_num(sign * down) > _STRONG
        upright[:, 1:] |= upright[:, :-1]
        level[1:] |= level[:-1]
        along_columns.append(np.pad(np.cumsum(upright, axis=0), ((1, 0), (0, 0))))
        along_rows.append(np.pad(np.cumsum(level, axis=1), ((0, 0), (1, 0))).T)
    columns_sum, rows_sum = np.array(along_columns, np.float64), np.array(along_rows, np.float64)
    left, right = (_lines(columns_sum, _BESIDE, reach) for reach in (_LEFT, _RIGHT))
    top, bottom = (_lines(rows_sum, _ABOVE, reach) for reach in (_TOP, _BOTTOM))
    return _best_frame(columns_sum, rows_sum, left, right, top, bottom)


Lines = tuple[NDArray[np.int64], NDArray[np.int64]]


def _lines(sums: Floats, span: slice, reach: tuple[int, int]) -> Lines:
    """The best lines within reach, as places and signs; one faint one where there is none, or too many."""
    covered = (sums[:, span.stop] - sums[:, span.start]) / (span.stop - span.start)
    covered = covered[:, reach[0] : reach[1]].copy()
    if _side_by_side(covered.max(axis=0)) >= _PATTERN:
        return np.array([reach[0]]), np.array([0])
    places, signs = [reach[0]], [0]
    for sign in (0, 1):
        for _ in range(_LINES):
            best = int(np.argmax(covered[sign]))
            if covered[sign, best] < _FAINTEST:
                break
            places.append(best + reach[0])
            signs.append(sign)
            covered[sign, max(0, best - 1) : best + 2] = 0.0
    return np.array(places), np.array(signs)


def _side_by_side(covered: Floats) -> int:
    """How many separate places hold a line nearly as good as the best."""
    good = covered > max(0.7 * float(covered.max()), _FAINTEST)
    return int(good[0]) + int((good[1:] & ~good[:-1]).sum())


def _best_frame(columns: Floats, rows: Floats, left: Lines, right: Lines, top: Lines, bottom: Lines) -> Enclosure:
    numbers = np.meshgrid(*(np.arange(len(places)) for places, _ in (left, right, top, bottom)), indexing="ij")
    (x0, s0), (x1, s1), (y0, s2), (y1, s3) = (
        (places[n], signs[n]) for (places, signs), n in zip((left, right, top, bottom), numbers, strict=True)
    )
    high, wide = y1 - y0, x1 - x0
    sides = np.stack([
        (columns[s0, y1, x0] - columns[s0, y0, x0]) / high,
        (columns[s1, y1, x1] - columns[s1, y0, x1]) / high,
        (rows[s2, x1, y0] - rows[s2, x0, y0]) / wide,
        (rows[s3, x1, y1] - rows[s3, x0, y1]) / wide,
    ])  # fmt: skip
    ordered = np.sort(sides, axis=0)
    value = np.where((wide < _LEAST_WIDTH) | (high < _LEAST_HEIGHT), -1.0, ordered[1] + 0.5 * ordered[0])
    best = np.unravel_index(int(np.argmax(value)), value.shape)
    if value[best] <= 0.0:
        return NOTHING
    a, b, c, d = (float(side[best]) for side in sides)
    return Enclosure(sides=(a, b, c, d))


@lru_cache(maxsize=len(_ANGLES_DEG))
def _turned(turn: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Bools]:
    """Rows and columns of the picture that stand at each place of the turned one, and whether they are in it."""
    angle, reach = np.radians(_ANGLES_DEG[turn]), np.arange(CELLS) - (CELLS - 1) / 2
    x = reach[None] * np.cos(angle) - reach[:, None] * np.sin(angle) + (CELLS - 1) / 2
    y = reach[None] * np.sin(angle) + reach[:, None] * np.cos(angle) + (CELLS - 1) / 2
    columns, rows = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    inside = (columns >= 0) & (rows >= 0) & (columns < CELLS) & (rows < CELLS)
    return np.clip(rows, 0, CELLS - 1), np.clip(columns, 0, CELLS - 1), inside


def _upright(scene: Scene) -> Floats:
    """Luma of five face widths around the face, the head upright; not a number beyond the picture."""
    points = scene.points[:, :2].astype(np.float64)
    along = points[454] - points[234]
    width = float(np.linalg.norm(along))
    along = along / max(width, 1e-6)
    down = np.array([-along[1], along[0]])
    center = (points[234] + points[454] + points[10] + points[152]) / 4.0
    reach = (np.arange(CELLS) - CELLS / 2 + 0.5) * width / CELLS_PER_FACE
    places = center + reach[None, :, None] * along + reach[:, None, None] * down
    x, y = places[..., 0], places[..., 1]
    height, columns = scene.green.shape
    out = (x < 0) | (y < 0) | (x >= columns) | (y >= height)
    rows, cells = np.clip(y.astype(int), 0, height - 1), np.clip(x.astype(int), 0, columns - 1)
    picture: Floats = scene.green[rows, cells].astype(np.float64)
    picture[out] = np.nan
    return picture
