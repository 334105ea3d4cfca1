"""Surroundings: a frame on three sides or the weave of a screen tells; a door beside the bed does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.core.cues.surroundings import surroundings_cue
from edge.core.sighting import Scene, Sightings
from tests.core.cues.windows import WIDTH_PX, face_points

HEIGHT, WIDTH = 480, 640


def scenes(paint, *, turn_deg: float = 0.0) -> Sightings:
    made = []
    for number in range(6):
        random = np.random.default_rng(number)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
        angle = np.radians(turn_deg)
        u = ((x - WIDTH / 2) * np.cos(angle) + (y - HEIGHT / 2) * np.sin(angle)) / WIDTH_PX
        v = ((y - HEIGHT / 2) * np.cos(angle) - (x - WIDTH / 2) * np.sin(angle)) / WIDTH_PX
        green = np.clip(paint(u, v) + random.normal(0, 3, x.shape), 0, 255).astype(np.uint8)
        points = face_points() * WIDTH_PX
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        points[:, :2] = points[:, :2] @ turn.T + [WIDTH / 2, HEIGHT / 2]
        made.append(Scene(captured_s=number * 0.3, green=green, step=1, points=points.astype(np.float32)))
    return Sightings(frames=(), scenes=made)


def person(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.where((u / 0.5) ** 2 + (v / 0.62) ** 2 < 1, 150.0, 100.0) + 10 * np.sin(2 * u + 3 * v)


def in_a_frame(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.where((np.abs(u) < 1.0) & (np.abs(v) < 1.2), person(u, v), 20.0)


def beside_a_door(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.where((u > 1.2) & (u < 1.6), 230.0, person(u, v))


def test_a_frame_around_the_face_refuses() -> None:
    result = surroundings_cue(scenes(in_a_frame))
    assert result.score is not None and result.score < 0.1


def test_a_frame_that_lies_on_its_side_refuses_too() -> None:
    result = surroundings_cue(scenes(in_a_frame, turn_deg=70))
    assert result.score is not None and result.score < 0.1


def held_telephone(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Hardly wider than the face, and a finger over its right side."""
    front = np.where((np.abs(u) < 0.72) & (np.abs(v) < 1.45), 15.0, 90.0)
    lit = np.where((np.abs(u) < 0.65) & (np.abs(v) < 1.3), person(u, v) + 60, front)
    return np.where((u > 0.45) & (np.abs(v - 0.7) < 0.14), 130.0, lit)


def test_a_telephone_hardly_wider_than_the_face_refuses() -> None:
    result = surroundings_cue(scenes(held_telephone, turn_deg=6))
    assert result.score is not None and result.score < 0.2


def pillow_and_blanket(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Two level edges, and soft ones beside the head."""
    bed = np.where(v > 0.75, 175.0, np.where(v < -1.1, 60.0, 120.0))
    shade = 40 * np.exp(-(((np.abs(u) - 0.75) / 0.25) ** 2))
    return np.where((u / 0.5) ** 2 + (v / 0.62) ** 2 < 1, 150.0, bed - shade)


def test_pillow_and_blanket_are_no_frame() -> None:
    result = surroundings_cue(scenes(pillow_and_blanket))
    assert result.score is not None and result.score > 0.7


def test_a_door_beside_the_bed_does_not() -> None:
    result = surroundings_cue(scenes(beside_a_door))
    assert result.score is not None and result.score > 0.7


def test_the_weave_of_a_screen_refuses() -> None:
    result = surroundings_cue(scenes(lambda u, v: person(u, v) + 30 * np.sin(2 * np.pi * 30 * (u + 0.4 * v))))
    assert result.score is not None and result.score < 0.2


@pytest.mark.parametrize("stripes", [np.sin, lambda x: np.sin(x) * np.sin(x + 1.5)])
def test_striped_and_checked_bedding_is_no_frame(stripes) -> None:
    def bed(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        inside = (u / 0.5) ** 2 + (v / 0.62) ** 2 < 1
        return np.where(inside, 150.0, 110.0 + 45 * np.sign(stripes(18 * u)) * np.sign(np.sin(18 * v + 0.5)))

    result = surroundings_cue(scenes(bed))
    assert result.score is not None and result.score > 0.5


@pytest.mark.parametrize(("likeness", "refused"), [(0.85, True), (0.60, True), (0.35, False), (None, False)])
def test_the_same_face_again_in_the_picture_refuses(likeness: float | None, refused: bool) -> None:
    result = surroundings_cue(replace(scenes(person), twin_likeness=likeness))
    assert result.score is not None and (result.score < 0.25) is refused


def test_nothing_seen_is_never_sure() -> None:
    assert surroundings_cue(scenes(person)).confidence <= 0.5
    assert surroundings_cue(Sightings(frames=(), scenes=())).score is None
