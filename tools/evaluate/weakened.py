"""What weakens the texture net: living faces and prints, degraded as at a bedside (tools/evaluate/degrade.py).

For each degradation the least of the living, the 95th percentile of the attacks, and the shares on the wrong side of
the policy's threshold.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from edge.core.face import Frame
from tools.evaluate.degrade import DEGRADATIONS, drawn
from tools.evaluate.metrics import wilson
from tools.evaluate.pictures import Sight
from tools.evaluate.rig import Rig


def measure_weakened(rig: Rig, seen: Iterable[tuple[str, Sight | None]], *, live: str) -> dict[str, Any]:
    """By degradation. seen: label and what the unit saw in the picture as it is; live: the bona fide's label."""
    scores: dict[str, dict[bool, list[float]]] = {name: defaultdict(list) for name in DEGRADATIONS}
    lost: dict[str, int] = dict.fromkeys(DEGRADATIONS, 0)
    for label, sight in seen:
        if sight is None:
            continue
        for name in DEGRADATIONS:
            picture = drawn(name, sight.frame.bgr, sight.face.mesh.points_px, zlib.crc32(sight.name.encode()))
            frame = Frame(bgr=picture, captured_s=0.0)
            observation = rig.perceiver.look_at_still(frame)
            if observation.face is None or observation.hint is not None:
                lost[name] += 1
                continue
            scores[name][label == live].append(rig.nets.liveness.live_probability(frame, observation.face.region))
    return {name: _row(found, lost[name], rig.policy.liveness.accept) for name, found in scores.items()}


def _row(found: dict[bool, list[float]], lost: int, accept: float) -> dict[str, Any]:
    row: dict[str, Any] = {"not_usable_as_probe": lost}
    living, attacks = np.array(found[True]), np.array(found[False])
    if living.size:
        wrong = int((living < accept).sum())
        row |= {"live": living.size, "live_least": float(living.min()), "bpcer": wrong / living.size}
        row["bpcer_ci"] = wilson(wrong, living.size)
    if attacks.size:
        wrong = int((attacks >= accept).sum())
        row |= {"attacks": attacks.size, "attack_p95": float(np.quantile(attacks, 0.95))}
        row |= {"apcer": wrong / attacks.size, "apcer_ci": wilson(wrong, attacks.size)}
    return row
