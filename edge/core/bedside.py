"""The bedside quality profile: from the measures of a frame to the chance that comparing it fails.

A logistic model of the measures that tell (Grother & Tabassi, "Performance of biometric quality measures", TPAMI
2007: quality is what predicts recognition). Fitted by `python -m tools.evaluate quality --fit` on pictures degraded
as at a bedside, half of the people; what it is worth on the other half stands in docs/measurements.md. Shut eyes,
roll and glasses are in no term: they are noted, not punished.
"""

from __future__ import annotations

import math

from edge.core.quality import Quality

TERMS = ("always", "small", "dark", "bright", "clipped", "uneven", "blurred", "turned", "raised", "hidden", "outside")
# `python -m tools.evaluate quality --fit` over 120 pairs. Terms of no weight told nothing there: its faces are
# frontal and no smaller than the net needs.
WEIGHTS: dict[str, float] = {
    "always": -2.08, "small": 0.0, "dark": 0.98, "bright": 0.34, "clipped": 2.28, "uneven": 0.0, "blurred": 0.39,
    "turned": 0.0, "raised": 0.0, "hidden": 2.39, "outside": 0.02,
}  # fmt: skip


def terms(quality: Quality) -> dict[str, float]:
    """The model's inputs by name: 0 where a measure is as good as matters, growing as it gets worse."""
    return {
        "always": 1.0,
        "small": max(0.0, math.log(60.0 / max(quality.eye_distance_px, 1.0))),
        "dark": max(0.0, math.log(110.0 / max(quality.brightness, 1.0))),
        "bright": max(0.0, (quality.brightness - 150.0) / 50.0),
        "clipped": quality.clipped,
        "uneven": quality.unevenness,
        "blurred": max(0.0, math.log(400.0 / max(quality.sharpness, 1.0))),
        "turned": (quality.yaw_deg / 30.0) ** 2,
        "raised": (quality.pitch_deg / 30.0) ** 2,
        "hidden": min(8.0, -math.log(max(quality.presence, 1e-4))),
        "outside": 1.0 - quality.inside,
    }


def failure_log_odds(quality: Quality) -> float:
    """Log odds that a same-person comparison with this frame falls below the policy's accept threshold."""
    return sum(WEIGHTS.get(name, 0.0) * value for name, value in terms(quality).items())


def merit(quality: Quality) -> float:
    """For choosing among the usable frames of one burst; higher is better."""
    return -failure_log_odds(quality)


def failure_chance(quality: Quality) -> float:
    """The same as a chance, 0..1."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, failure_log_odds(quality)))))
