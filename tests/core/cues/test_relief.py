"""Relief: a sheet, flat or bent, is not taken for a head, nor a head for a sheet, nor stillness for either."""

from __future__ import annotations

import numpy as np

from edge.core.cues.relief import relief_cue
from edge.core.sighting import Sightings
from tests.core.cues.windows import depth, moving_window


def head(x: np.ndarray, y: np.ndarray, at_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Turning by three degrees, and shifting."""
    turn = np.radians(3) * np.sin(0.9 * at_s)
    z = depth(np.stack([x, y], axis=-1))
    return -z * np.sin(turn) + 0.08 * np.sin(0.7 * at_s), 0.05 * np.cos(0.8 * at_s) + np.zeros_like(y)


def sheet(x: np.ndarray, y: np.ndarray, at_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Tilting by many degrees, seen in perspective."""
    tilt = np.radians(15) * np.sin(0.9 * at_s)
    near = 1 / (1 + 0.3 * np.sin(tilt) * x)
    return x * np.cos(tilt) * near - x + 0.08 * np.sin(0.7 * at_s), y * near - y + 0.05 * np.cos(0.8 * at_s)


def bent(x: np.ndarray, y: np.ndarray, at_s: float) -> tuple[np.ndarray, np.ndarray]:
    """A cylinder as deep as a face, turning by eight degrees."""
    turn = np.radians(8) * np.sin(0.9 * at_s)
    return -0.8 * x**2 * np.sin(turn) + 0.08 * np.sin(0.7 * at_s), 0.05 * np.cos(0.8 * at_s) + np.zeros_like(y)


def test_a_head_that_turns_a_little_is_solid() -> None:
    result = relief_cue(moving_window(head))
    assert result.score is not None and result.score > 0.8


def test_a_photograph_tilted_before_the_lens_is_a_sheet() -> None:
    result = relief_cue(moving_window(sheet))
    assert result.score is not None and result.score < 0.25 and result.confidence > 0.6


def test_bending_the_paper_does_not_make_a_head() -> None:
    result = relief_cue(moving_window(bent))
    assert result.score is not None and result.score < 0.4


def test_what_does_not_move_cannot_be_told() -> None:
    result = relief_cue(moving_window(lambda x, y, _t: (np.zeros_like(x), np.zeros_like(y))))
    assert result.score is None and result.not_assessable == "no_motion"


def test_too_few_pictures_cannot_tell() -> None:
    assert relief_cue(Sightings(frames=(), scenes=moving_window(head).scenes[:4])).not_assessable == "too_few_frames"
