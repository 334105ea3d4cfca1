"""What the liveness cues cost: on each frame, in what is kept of it, and after the window, in what is made of
that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from statistics import median

from edge.core.face import Frame
from edge.core.light_code import draw_code
from edge.core.policy import BurstPolicy
from edge.core.quality import QualityLimits
from edge.core.sighting import Sightings
from edge.models.nets import Nets
from edge.services.assess import FROM_SIGHTINGS
from edge.services.burst import Burst
from edge.services.perceive import Perceiver

WINDOW_S, RATE_FPS = 10.0, 30.0
_POLICY = BurstPolicy(
    window_s=WINDOW_S, min_liveness_s=WINDOW_S, min_liveness_frames=1, liveness_gap_s=WINDOW_S, probes=1,
    min_probes=1, probe_gap_s=WINDOW_S, dominant_area_ratio=2.0,
)  # fmt: skip


class SightingLoop:
    """Perception, and keeping what the cues need; a new window when one is full, as a visit would.

    kept_ms: processor time of the keeping alone, per frame; the difference of two loops would drown in noise.
    """

    def __init__(self, perceiver: Perceiver) -> None:
        self._perceiver = perceiver
        self._burst = Burst(policy=_POLICY)
        self.kept_ms: list[float] = []

    def __call__(self, frame: Frame) -> bool:
        if len(self._burst.sighted) >= WINDOW_S * RATE_FPS:
            self._burst = Burst(policy=_POLICY)
        observation = self._perceiver.look(frame)
        start = time.thread_time()
        self._burst.sight(frame, observation, None)
        self.kept_ms.append(1e3 * (time.thread_time() - start))
        return observation.face is not None


def sighted_window(nets: Nets, limits: QualityLimits, frames: Sequence[Frame]) -> Sightings:
    """A whole window's sightings, of the frames played as often as it takes, as if lamps had followed a code."""
    burst = Burst(policy=_POLICY, code=draw_code(1), begun_s=0.0)
    perceiver = Perceiver(nets.detector, nets.landmarker, limits)
    for number, frame in enumerate(islice(cycle(frames), int(WINDOW_S * RATE_FPS))):
        timed = replace(frame, captured_s=number / RATE_FPS)
        burst.sight(timed, perceiver.look(timed), None)
    return burst.sightings


def cue_times_ms(window: Sightings, rounds: int = 5) -> dict[str, float]:
    """The median processor time of each cue, and of all together."""
    taken: dict[str, list[float]] = {name: [] for name in FROM_SIGHTINGS}
    for _ in range(rounds):
        for name, cue in FROM_SIGHTINGS.items():
            start = time.thread_time()
            cue(window)
            taken[name].append(1e3 * (time.thread_time() - start))
    each = {name: median(times) for name, times in taken.items()}
    return {**each, "together": sum(each.values())}
