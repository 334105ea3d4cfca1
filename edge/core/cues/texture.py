"""Texture over a burst: one robust figure from many scores of the net, never from a single frame.

On public clips, single frames of living people fell to .006 and of replays rose to .99, while the medians over
seconds stayed apart. The net is a MiniFASNet (Yu et al., "Searching central difference convolutional networks", CVPR
2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.core.cues.result import TEXTURE, CueResult, Unable

_SURE_FRAMES = 12


def texture_score(live_probabilities: Sequence[float], *, min_frames: int) -> float | None:
    """The median of the probabilities 0..1, or None when fewer than `min_frames` were judged."""
    if len(live_probabilities) < max(min_frames, 1):
        return None
    return float(np.median(live_probabilities))


def texture_cue(live_probabilities: Sequence[float], *, min_frames: int) -> CueResult:
    """The median over the judged frames; surer the more there are."""
    score = texture_score(live_probabilities, min_frames=min_frames)
    if score is None:
        return CueResult.unable(TEXTURE, Unable.TOO_FEW_FRAMES, frames=float(len(live_probabilities)))
    values = np.asarray(live_probabilities, np.float64)
    low, high = np.quantile(values, [0.25, 0.75]).tolist()
    enough = min(1.0, len(values) / _SURE_FRAMES)
    details = {"frames": float(len(values)), "lower_quartile": low, "upper_quartile": high}
    return CueResult(name=TEXTURE, score=score, confidence=enough, details=details)
