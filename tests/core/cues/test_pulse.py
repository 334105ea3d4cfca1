"""The pulse: found where there is one, and neither invented from noise, light or motion nor denied for want of
time."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.cues.pulse import pulse_cue
from edge.core.sighting import PATCH_VERTICES, Sightings
from tests.core.cues.windows import face_points, in_pixels, sighting, skin_window

SKIN = np.array([170.0, 120.0, 100.0])
# How strongly a beat shows in red, green and blue (de Haan & van Leest, 2014).
BEAT = np.array([0.33, 0.77, 0.53])


def beating(bpm: float, strength: float):
    def colour(at_s: float, _patch: int) -> np.ndarray:
        return SKIN * (1 - strength * BEAT * np.sin(2 * np.pi * bpm / 60 * at_s))

    return colour


@pytest.mark.parametrize("bpm", [48, 60, 75, 110, 150])
def test_a_beat_is_found_at_its_rate(bpm: float) -> None:
    result = pulse_cue(skin_window(beating(bpm, 0.005), seconds=10, noise=0.15, seed=int(bpm)))
    assert result.score is not None and result.score > 0.9
    assert result.details["bpm"] == pytest.approx(bpm, abs=2.0)


@pytest.mark.parametrize("signature", [(0.33, 0.77, 0.53), (0.21, 0.95, 0.22)])
def test_a_faint_beat_is_found_whatever_the_camera_makes_of_its_colour(signature: tuple[float, float, float]) -> None:
    def colour(at_s: float, _patch: int) -> np.ndarray:
        return SKIN * (1 - 0.0022 * np.array(signature) * np.sin(2 * np.pi * 1.1 * at_s))

    found = [pulse_cue(skin_window(colour, seconds=12, noise=0.25, seed=seed)).score or 0.0 for seed in range(2)]
    assert min(found) > 0.6


def test_skin_that_shines_at_a_beat_all_of_one_colour_is_no_heart() -> None:
    """A screen's backlight, a lamp on the mains: strong, in step everywhere, but without the colours of blood."""

    def colour(at_s: float, _patch: int) -> np.ndarray:
        return SKIN * (1 + 0.01 * np.sin(2 * np.pi * 1.4 * at_s))

    found = [pulse_cue(skin_window(colour, seconds=12, noise=0.25, seed=seed)).score or 0.0 for seed in range(3)]
    assert max(found) < 0.6


@pytest.mark.parametrize("seed", range(12))
def test_noise_is_no_beat(seed: int) -> None:
    result = pulse_cue(skin_window(lambda _t, _p: SKIN, seconds=10, noise=0.15, seed=seed))
    assert result.score is not None and result.score < 0.3


def test_light_that_swells_is_no_beat() -> None:
    def colour(at_s: float, _patch: int) -> np.ndarray:
        return SKIN * (1 + 0.02 * np.sin(2 * np.pi * 1.2 * at_s))

    result = pulse_cue(skin_window(colour, seconds=10, noise=0.15, seed=1))
    assert result.score is not None and result.score < 0.5


def test_patches_that_beat_each_for_itself_are_no_heart() -> None:
    def colour(at_s: float, patch: int) -> np.ndarray:
        return SKIN * (1 - 0.005 * BEAT * np.sin(2 * np.pi * (0.9 + 0.5 * patch) * at_s))

    result = pulse_cue(skin_window(colour, seconds=10, noise=0.15, seed=1))
    assert result.score is not None and result.score < 0.5


def test_a_short_window_cannot_tell() -> None:
    result = pulse_cue(skin_window(beating(60, 0.01), seconds=4, noise=0.1, seed=1))
    assert result.score is None and result.not_assessable == "too_short"


def test_slow_frames_cannot_tell() -> None:
    whole = skin_window(beating(60, 0.01), seconds=10, noise=0.1, seed=1)
    result = pulse_cue(Sightings(frames=whole.frames[::6], scenes=()))
    assert result.not_assessable == "slow_frames"


def test_a_stream_that_repeats_its_pixels_cannot_tell() -> None:
    whole = skin_window(lambda _t, _p: SKIN, seconds=10, noise=0.1, seed=1)
    still = [sighting(f.captured_s, skin_rgb=f.skin_rgb) for f in whole.frames]
    assert pulse_cue(Sightings(frames=still, scenes=())).not_assessable == "compressed"


def test_patches_outside_the_crop_are_left_out_not_guessed() -> None:
    whole = skin_window(beating(60, 0.01), seconds=10, noise=0.1, seed=1)
    torn = [sighting(f.captured_s, skin_rgb=np.full((3, 3), np.nan, np.float32)) for f in whole.frames[:250]]
    result = pulse_cue(Sightings(frames=[*torn, *whole.frames[250:]], scenes=()))
    assert result.not_assessable == "too_short"


def test_no_frames_cannot_tell() -> None:
    assert pulse_cue(Sightings(frames=(), scenes=())).score is None


def trembling(beat: float, seed: int) -> Sightings:
    """Skin of lively texture under patches that tremble with the mesh: their colour follows where they lie."""
    random = np.random.default_rng(seed)
    frames = []
    for number in range(360):
        at_s = number / 30.0
        points = in_pixels(face_points())
        tremble = random.normal(0, 0.6, (468, 2))
        shift = np.array([tremble[list(v)].mean(axis=0) for v in PATCH_VERTICES])
        points[:, :2] += tremble.astype(np.float32)
        texture = 1 + 0.1 * shift[:, :1] * np.array([1.0, 0.2, 0.5]) + 0.1 * shift[:, 1:] * np.array([0.2, 1.0, 0.1])
        heart = 1 - beat * BEAT * np.sin(2 * np.pi * 1.2 * at_s)
        skin = SKIN * heart * texture + random.normal(0, 0.15, (3, 3))
        crop = np.clip(140 + random.normal(0, 2, (64, 64)), 0, 255).astype(np.uint8)
        frames.append(sighting(at_s, points_px=points, skin_rgb=skin.astype(np.float32), crop=crop))
    return Sightings(frames=frames, scenes=())


def test_a_mesh_that_trembles_over_wrinkles_hides_no_beat_and_makes_none() -> None:
    living = pulse_cue(trembling(0.001, seed=1))
    assert living.score is not None and living.score > 0.9
    assert living.details["bpm"] == pytest.approx(72, abs=2)
    for seed in range(3):
        mask = pulse_cue(trembling(0.0, seed=seed))
        assert mask.score is not None and mask.score < 0.5
