"""The optional check: an answer counts in its own time only, and who is not asked is not judged."""

from __future__ import annotations

import numpy as np

from edge.core.asking import Action, Asked, draw_actions
from edge.core.cues.active import active_cue
from edge.core.sighting import Sightings
from tests.core.cues.windows import RATE_HZ, face_points, in_pixels, sighting

ASKED = (
    Asked(action=Action.TURN_LEFT, from_s=1.0, to_s=3.0),
    Asked(action=Action.MOUTH, from_s=3.0, to_s=5.0),
)


def doing(left: tuple[float, float], mouth: tuple[float, float], asked: tuple[Asked, ...] = ASKED) -> Sightings:
    frames = []
    for number in range(180):
        at_s = number / RATE_HZ
        points = face_points()
        points[[61, 291], :2] = [[-0.15, 0.3], [0.15, 0.3]]
        gap = 0.08 if mouth[0] <= at_s <= mouth[1] else 0.0
        points[[13, 14], :2] = [[0, 0.3 - gap], [0, 0.3 + gap]]
        if left[0] <= at_s <= left[1]:
            points[1, 0] += 0.2
        frames.append(sighting(at_s, points_px=in_pixels(points)))
    return Sightings(frames=frames, scenes=(), asked=asked, asked_seed=7)


def test_what_was_asked_and_done_in_time_counts() -> None:
    result = active_cue(doing((1.5, 2.5), (3.5, 4.5)))
    assert result.score is not None and result.score > 0.9


def test_a_recording_with_another_order_does_not_pass() -> None:
    result = active_cue(doing((3.5, 4.5), (1.5, 2.5)))
    assert result.score is not None and result.score < 0.5


def test_a_mouth_that_always_stands_open_is_no_answer() -> None:
    result = active_cue(doing((1.5, 2.5), (0.0, 6.0)))
    assert result.score is not None and result.score < 0.5


def test_nobody_asked_nobody_judged() -> None:
    assert active_cue(doing((0, 0), (0, 0), asked=())).not_assessable == "not_asked"


def test_the_order_comes_from_the_seed_and_is_not_always_the_same() -> None:
    assert draw_actions(5) == draw_actions(5)
    assert len({draw_actions(seed) for seed in range(60)}) > 10
    assert len(set(np.concatenate([draw_actions(seed, 4) for seed in range(3)]))) == 4
