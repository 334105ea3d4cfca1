"""Eyes that shut: the skin above each eye drawn down over it, in steps made once and pasted as the lids move."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.attacks import topology
from tools.attacks.projection import Grid, sampled

STEPS = 10
Ring = tuple[int, ...]
# How far above the lid the skin gives way, in widths of the eye and of the gap to the brow; the brow itself stays.
GIVES, GIVES_OF_GAP = 0.42, 0.75


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Eye:
    rows: slice
    columns: slice
    closing: tuple[Grid, ...]


class Eyelids:
    """Both eyes of one texture. `close` writes into a copy of the texture that the caller keeps."""

    def __init__(self, texture: Grid, marks_px: NDArray[np.float32]) -> None:
        self._eyes = (
            _eye(texture, marks_px, topology.RIGHT_UPPER_LID, topology.RIGHT_LOWER_LID, topology.RIGHT_BROW),
            _eye(texture, marks_px, topology.LEFT_UPPER_LID, topology.LEFT_LOWER_LID, topology.LEFT_BROW),
        )
        self._shown = 0

    def close(self, texture: Grid, closed: float) -> None:
        """Bring the lids to 0 open … 1 shut."""
        step = round(closed * STEPS)
        if step != self._shown:
            for eye in self._eyes:
                texture[eye.rows, eye.columns] = eye.closing[step]
            self._shown = step


def _eye(texture: Grid, marks_px: Grid, uppers: Ring, lowers: Ring, brows: Ring) -> _Eye:
    side, upper, lower = texture.shape[0], marks_px[list(uppers)], marks_px[list(lowers)]
    left, right = float(upper[:, 0].min()), float(upper[:, 0].max())
    gap = float(upper[:, 1].min() - marks_px[list(brows), 1].max())
    gives = max(3.0, min(GIVES * (right - left), GIVES_OF_GAP * gap))
    top, bottom = max(0, int(upper[:, 1].min() - gives - 2)), min(side, int(lower[:, 1].max() + 6))
    rows, columns = slice(top, bottom), slice(max(0, int(left) - 2), min(side, int(right) + 3))
    x = np.arange(columns.start, columns.stop, dtype=np.float32)
    lid = _along(upper, x)[None]
    rim = np.maximum(_along(lower, x)[None] + 1.8, lid)
    y = np.arange(top, bottom, dtype=np.float32)[:, None]
    brow = lid - gives
    patches = []
    for step in range(STEPS + 1):
        edge = lid + (rim - lid) * step / STEPS
        drawn = brow + (y - brow) * (lid - brow) / np.maximum(edge - brow, 1e-3)
        source = np.where((y > brow) & (y < edge), drawn, y).astype(np.float32)
        patches.append(
            sampled(texture, np.dstack([np.broadcast_to(x, source.shape), source]), beyond=cv2.BORDER_REPLICATE)
        )
    return _Eye(rows=rows, columns=columns, closing=tuple(patches))


def _along(line: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float32]:
    order = np.argsort(line[:, 0])
    return np.asarray(np.interp(x, line[order, 0], line[order, 1]), np.float32)
