"""What recording a clip does to it before it is shown again: blocks that hardly changed are not sent anew.

Inter-frame codecs skip such blocks (H.264's skip mode), and with them some of a pulse worth half a grey level.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edge.core.face import Picture

BLOCK_PX = 16
KEY_EVERY_S = 2.0


class Recorded:
    """A film as a codec hands it on. threshold: mean change of a block, grey levels, below which it is skipped.

    Keeps what it showed last, so times are to be asked for in order; going back begins anew.
    """

    def __init__(self, film: Callable[[float], Picture], *, threshold: float) -> None:
        self._film, self._threshold = film, threshold
        self._shown: Picture | None = None
        self._last_s = 0.0

    def at(self, time_s: float) -> Picture:
        """The frame shown at a time."""
        fresh = self._film(time_s)
        key = int(time_s // KEY_EVERY_S) != int(self._last_s // KEY_EVERY_S)
        if self._shown is None or key or time_s < self._last_s:
            self._shown = fresh.copy()
        else:
            changed = self._changed(fresh, self._shown)
            self._shown[changed] = fresh[changed]
        self._last_s = time_s
        return self._shown

    def _changed(self, fresh: Picture, shown: Picture) -> np.ndarray:
        height, width = fresh.shape[:2]
        blocks = (max(1, width // BLOCK_PX), max(1, height // BLOCK_PX))
        means = [cv2.resize(p, blocks, interpolation=cv2.INTER_AREA).astype(np.int16) for p in (fresh, shown)]
        texture = cv2.resize(cv2.absdiff(fresh, shown), blocks, interpolation=cv2.INTER_AREA).max(axis=2)
        moved = (np.abs(means[0] - means[1]).max(axis=2) > self._threshold) | (texture > 3 * self._threshold)
        mask = cv2.resize(moved.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(mask > 0)
