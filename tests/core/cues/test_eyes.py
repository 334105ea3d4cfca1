"""The eyes: shut ones are reported when they are, blinks count, staring and sleeping do not, nor does a turning
head."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.cues.eyes import eyes_cue
from edge.core.sighting import Sighting, Sightings
from tests.core.cues.windows import RATE_HZ, SIZE, WIDTH_PX, face_points, in_pixels, sighting

EYES = ((-0.22, -0.15), (0.22, -0.15))


def face(at_s: float, *, shut: bool, level: float = 150.0, turn: float = 0.0) -> Sighting:
    y, x = (np.mgrid[0:SIZE, 0:SIZE] + 0.5 - SIZE / 2) / WIDTH_PX
    crop = np.full((SIZE, SIZE), level) + np.random.default_rng(int(at_s * 1000)).normal(0, 2, (SIZE, SIZE))
    for place_x, place_y in EYES:
        across, down = (x - place_x) / 0.09, (y - place_y) / 0.045
        if shut:
            crop[(np.abs(across) < 1) & (np.abs(y - place_y - 0.02) < 0.008)] *= 0.6
        else:
            crop[across**2 + down**2 < 1] = level * 1.1
            crop[((x - place_x) / 0.045) ** 2 + down**2 < 1] = level * 0.25
    points = face_points()
    points[1, 0] += turn
    return sighting(at_s, crop=np.clip(crop, 0, 255).astype(np.uint8), points_px=in_pixels(points))


def window(shut_s: list[tuple[float, float]], **changes: float) -> Sightings:
    times = np.arange(0, 8, 1 / RATE_HZ)
    frames = [face(t, shut=any(a <= t < b for a, b in shut_s), **changes) for t in times.tolist()]
    return Sightings(frames=frames, scenes=())


@pytest.mark.parametrize("level", [60.0, 150.0, 220.0])
def test_shut_eyes_are_reported_when_they_are_shut(level: float) -> None:
    result = eyes_cue(window([(2.0, 5.0)], level=level))
    assert result.details["shut_1_from_s"] == pytest.approx(2.0, abs=0.1)
    assert result.details["shut_1_to_s"] == pytest.approx(5.0, abs=0.1)
    assert result.score is not None and result.score > 0.7


def test_a_blink_counts() -> None:
    result = eyes_cue(window([(3.0, 3.2)]))
    assert result.score is not None and result.score > 0.7


def test_sleeping_is_noted_and_not_punished() -> None:
    result = eyes_cue(window([(0.0, 9.0)]))
    assert result.score is None and result.not_assessable == "no_event"
    assert result.details["shut_share"] == 1.0


def test_staring_is_no_evidence() -> None:
    result = eyes_cue(window([]))
    assert result.score is None and result.details["shut_share"] == 0.0


def test_a_head_that_turns_away_does_not_blink() -> None:
    times = np.arange(0, 8, 1 / RATE_HZ)
    frames = [face(t, shut=3 < t < 4, turn=0.4 if 2.9 < t < 4.1 else 0.0) for t in times.tolist()]
    assert eyes_cue(Sightings(frames=frames, scenes=())).score is None


def test_too_few_frames_cannot_tell() -> None:
    assert eyes_cue(Sightings(frames=window([]).frames[::10], scenes=())).not_assessable == "too_few_frames"
