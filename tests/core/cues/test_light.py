"""The lamps' code: a face must follow it, and as a head; a sheet, a screen and another visit's answer do not pass."""

from __future__ import annotations

import numpy as np

from edge.core.cues.light import light_cue
from edge.core.light_code import draw_code
from edge.core.sighting import Sightings
from tests.core.cues.windows import depth, lit_window

CODE = draw_code(42)


def on_a_head(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = np.stack([x, y], axis=-1)
    step = 1e-3
    slope = (depth(flat + np.array([step, 0])) - depth(flat - np.array([step, 0]))) / (2 * step)
    facing = -slope / np.sqrt(1 + slope**2)
    skin = 40 * (1 + 0.3 * np.sin(9 * x) * np.cos(7 * y))
    # What has a slope of depth that falls to the right faces left, and takes more of the left lamp.
    return skin * np.exp(facing), skin * np.exp(-facing)


def on_paper(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    printed = 40 * (1 + 0.3 * np.sin(9 * x) * np.cos(7 * y))
    return printed * (1 - 0.3 * x), printed * (1 + 0.3 * x)


def test_a_head_follows_the_code() -> None:
    result = light_cue(lit_window(CODE, on_a_head))
    assert result.score is not None and result.score > 0.8
    assert int(result.details["seed"]) == CODE.seed


def test_paper_follows_the_code_but_not_as_a_head() -> None:
    result = light_cue(lit_window(CODE, on_paper))
    assert result.details["follows"] > 0.8
    assert result.score is not None and result.score < 0.8
    head = light_cue(lit_window(CODE, on_a_head))
    assert head.details["turned"] > result.details["turned"] + 0.2


def test_a_screen_that_ignores_the_lamps_is_refused() -> None:
    result = light_cue(lit_window(CODE, lambda x, y: (np.zeros_like(x), np.zeros_like(y))))
    assert result.score is not None and result.score < 0.2


def test_an_answer_to_another_code_is_refused() -> None:
    shown = lit_window(draw_code(43), on_a_head)
    result = light_cue(Sightings(frames=shown.frames, scenes=(), code=CODE))
    assert result.score is not None and result.score < 0.2


def test_without_lamps_nothing_is_claimed() -> None:
    shown = lit_window(CODE, on_a_head)
    assert light_cue(Sightings(frames=shown.frames, scenes=())).not_assessable == "no_lamps"


def test_a_window_shorter_than_the_code_needs_cannot_tell() -> None:
    shown = lit_window(CODE, on_a_head)
    assert light_cue(Sightings(frames=shown.frames[:40], scenes=(), code=CODE)).not_assessable == "too_short"


def test_lamps_that_hardly_show_in_the_noise_refuse_nobody() -> None:
    """A living head in lamps that light it by a grey level: whatever shape seems to answer is not sure."""
    faint, bright = (
        light_cue(lit_window(CODE, lambda x, y, part=part: tuple(part * v for v in on_a_head(x, y))))
        for part in (0.02, 1.0)
    )
    assert faint.details["clear"] < 0.6 * bright.details["clear"] and bright.confidence == 1.0
    paper = light_cue(lit_window(CODE, on_paper))
    assert paper.confidence == 1.0, "a sheet that is well lit is seen to be one"
