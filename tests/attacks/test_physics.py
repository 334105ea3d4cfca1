"""What the cues will look for is in the light before any sensor: shape, pulse, and the answer to the lamps."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.core.light_code import draw_code
from tools.attacks.conditions import draw_conditions
from tools.attacks.head import Head, Life
from tools.attacks.head_shape import HeadShape
from tools.attacks.identities import Identity
from tools.attacks.lighting import Lamps, Room
from tools.attacks.motion import Hand, Pose
from tools.attacks.physiology import Heart, Lids
from tools.attacks.projection import Grid
from tools.attacks.scene import Layer, Scene
from tools.attacks.sheets import Sheet
from tools.attacks.studio import Studio

DISTANCE_MM = 380.0
AHEAD = Pose(turn=np.eye(3), shift_mm=np.array([0.0, 0.0, DISTANCE_MM]))


@pytest.fixture(scope="module")
def shape(studio: Studio, man: Identity) -> HeadShape:
    return studio.fit(man, True)


def head(shape: HeadShape, *, seed: int = 1, bpm: float = 66.0, still: float = 0.0) -> Head:
    life = Life.drawn(np.random.default_rng(seed), seconds=12.0, bpm=bpm, strength=0.008, still=still)
    return Head(shape, AHEAD, life=life)


def sheet(shape: HeadShape) -> Sheet:
    """The same photograph, flat."""
    flat = shape.points_mm * np.array([1, 1, 0], np.float32)
    paint = np.dstack([shape.albedo * shape.cover[..., None], shape.cover]).astype(np.float32)
    return Sheet(paint=paint, points_mm=flat, step_px=6, pose=AHEAD)


def scene_of(layers: Sequence[Layer], *, sway_mm: float = 0.0, lamps: bool = False, seed: int = 1) -> Scene:
    drawn = draw_conditions(seed, code=None)
    unit = Lamps(code=draw_code(seed), lux=150.0) if lamps else None
    hand = Hand(np.random.default_rng(seed), sway_mm=sway_mm, sway_deg=0.05 * sway_mm)
    room = Room(flicker=0.0)
    return Scene(layers, lens=drawn.lens, room=room, lamps=unit, shutter=drawn.shutter, hand=hand)


def face_mask(light: Grid, shape: HeadShape) -> NDArray[np.bool_]:
    """Pixels well inside the face, seen from AHEAD."""
    scale = 493.0 / (DISTANCE_MM + 30) * shape.mm_per_px
    marks = (shape.marks_px - shape.marks_px[1]) * scale + np.array([319.5, 239.5])
    mask = np.zeros(light.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(marks.astype(np.float32)).astype(np.int32), 1)
    return cv2.erode(mask, np.ones((25, 25), np.uint8)) > 0


def planar_residual_px(scene: Scene, shape: HeadShape, at_s: Sequence[float]) -> float:
    """What a homography leaves of tracked features' motion, 80th percentile, the worst of the moments."""

    def grey(time_s: float) -> NDArray[np.uint8]:
        return np.clip(np.sqrt(scene.radiance(time_s).mean(axis=2) / 120) * 255, 0, 255).astype(np.uint8)

    first = grey(0.0)
    mask = face_mask(scene.radiance(0.0), shape).astype(np.uint8)
    start = cv2.goodFeaturesToTrack(first, 150, 0.01, 5, mask=mask)
    worst = 0.0
    for time_s in at_s:
        later = grey(time_s)
        moved, found = _tracked(first, later, start)
        back, found_back = _tracked(later, first, moved)
        good = found & found_back & (np.linalg.norm(back - start, axis=2)[:, 0] < 0.3)
        fit, _ = cv2.findHomography(start[good], moved[good], cv2.LMEDS)
        off = np.linalg.norm(cv2.perspectiveTransform(start[good], fit) - moved[good], axis=2)
        worst = max(worst, float(np.percentile(off, 80)))
    return worst


def _tracked(first: NDArray[np.uint8], later: NDArray[np.uint8], points: Grid) -> tuple[Grid, NDArray[np.bool_]]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(first, later, points, None, winSize=(17, 17), maxLevel=4)
    return moved, status[:, 0] > 0


def test_a_flat_sheet_moves_as_a_plane_and_a_head_does_not(shape: HeadShape) -> None:
    moments = (0.7, 1.3, 2.1)
    flat = planar_residual_px(scene_of([sheet(shape)], sway_mm=6.0), shape, moments)
    round_ = planar_residual_px(scene_of([head(shape)], sway_mm=6.0), shape, moments)
    assert flat < 0.25
    assert round_ > 2.5 * flat and round_ > 0.35


def skin_means(scene: Scene, shape: HeadShape, seconds: float) -> NDArray[np.float64]:
    """N×3 mean light of the face at 30 frames a second."""
    mask = face_mask(scene.radiance(0.0), shape)
    return np.array([scene.radiance(i / 30)[mask].mean(axis=0) for i in range(round(seconds * 30))])


def spectrum_of_green(means: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beats a minute, and the amplitude of green against red at each, share of the mean."""
    ratio = means[:, 1] / means[:, 0] / (means[:, 2] / means[:, 0]) ** 0.5
    wave = (ratio / ratio.mean() - 1) * np.hanning(len(ratio)) * 4
    bpm = np.fft.rfftfreq(1800, 1 / 30) * 60
    return bpm, np.abs(np.fft.rfft(wave, 1800)) / len(ratio)


@pytest.mark.parametrize("bpm", [52.0, 97.0])
def test_the_pulse_that_was_set_is_in_the_living_skin(shape: HeadShape, bpm: float) -> None:
    means = skin_means(scene_of([head(shape, bpm=bpm, still=0.3)], sway_mm=0.5), shape, 10.0)
    rates, amplitude = spectrum_of_green(means)
    band = (rates > 40) & (rates < 150)
    assert abs(rates[band][amplitude[band].argmax()] - bpm) < 4
    assert 0.001 < amplitude[band].max() < 0.02


def test_paper_has_no_pulse(shape: HeadShape) -> None:
    _, amplitude = spectrum_of_green(skin_means(scene_of([sheet(shape)], sway_mm=0.5), shape, 6.0))
    rates = np.fft.rfftfreq(1800, 1 / 30) * 60
    assert amplitude[(rates > 40) & (rates < 150)].max() < 0.0003


def left_against_right(layer: Layer, shape: HeadShape) -> tuple[float, float]:
    """How unlike the lamps' answers are: rms of log(left / right) beyond a plane's ramp, and that ramp's rms."""
    scene = scene_of([layer], lamps=True)
    dark = scene.radiance(0.0, powers=(0.0, 0.0))
    left, right = (scene.radiance(0.0, powers=p) - dark for p in ((1.0, 0.0), (0.0, 1.0)))
    mask = face_mask(dark, shape)
    ratio = np.log((left[mask].mean(axis=1) + 0.5) / (right[mask].mean(axis=1) + 0.5))
    y, x = np.nonzero(mask)
    design = np.stack([np.ones_like(x), x, y], axis=1).astype(float)
    ramp = design @ np.linalg.lstsq(design, ratio, rcond=None)[0]
    return float(np.std(ratio - ramp)), float(np.std(ramp))


def test_lamps_light_two_sides_of_a_head_and_not_of_a_sheet(shape: HeadShape) -> None:
    flat_rest, flat_ramp = left_against_right(sheet(shape), shape)
    round_rest, round_ramp = left_against_right(head(shape), shape)
    assert flat_rest < 0.02
    assert round_rest > 5 * flat_rest
    assert round_ramp > 1.5 * flat_ramp


def answer_to_lamps(scene: Scene) -> float:
    """By how much both lamps raise the light of the middle, share of what there is without them."""
    middle = np.s_[200:280, 280:360]
    dark, lit = (float(scene.radiance(0.0, powers=p)[middle].mean()) for p in ((0.0, 0.0), (1.0, 1.0)))
    return lit / dark - 1


def test_screens_answer_the_lamps_less_than_faces_and_paper(studio: Studio, man: Identity) -> None:
    screen, face, paper = (
        answer_to_lamps(studio.camera(species, 12, identity=man, roll_deg=0.0).scene())
        for species in ("monitor_replay", "live_head", "print_flat")
    )
    assert 0 < screen < 0.4 * min(face, paper)


def test_lids_hide_the_eyes_while_they_are_shut() -> None:
    lids = Lids(blinks_s=(1.0,), shut_s=((3.0, 5.0),))
    assert lids.closed(0.9) == 0 and lids.closed(1.11) == 1 and lids.closed(1.6) == 0
    assert lids.closed(4.0) == 1 and lids.closed(6.0) == 0


def test_the_mean_heart_rate_is_the_one_that_was_set() -> None:
    heart = Heart.drawn(np.random.default_rng(3), bpm=72.0, strength=0.01)
    t = np.arange(0, 60, 1 / 30)
    rates = np.fft.rfftfreq(len(t), 1 / 30) * 60
    assert abs(rates[np.abs(np.fft.rfft(heart.wave(t))).argmax()] - 72) < 2.5
