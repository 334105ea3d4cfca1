"""Examine a unit line by line: what one line meets never keeps the next from being looked at.

A camera is looked at through its port: how many frames a second, how sharp, how light, and whether the lamps show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np

from edge.core.bench_rules import judge_camera, judge_lamps
from edge.core.bench_sheet import SheetLine, ended_by, failed, passed, skipped
from edge.core.errors import CameraError, DoorstepError
from edge.core.face import Frame
from edge.core.light_code import BOTH, DARK
from edge.core.panel import Button, Sign
from edge.ports import Camera, Light, Panel

SETTLING_FRAMES = 8
TIMED_FRAMES = 24

Check = Callable[[], SheetLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a camera showed. frame: the last one, for the technician's eyes; rate in frames/s."""

    frame: Frame
    rate_fps: float


def examine(checks: Mapping[str, Check], tell: Callable[[str], None]) -> tuple[SheetLine, ...]:
    """Every check in order; `tell` hears its name before. An error of ours is a line that fails, with its remedy."""
    lines = []
    for name, check in checks.items():
        tell(name)
        try:
            lines.append(check())
        except DoorstepError as e:
            lines.append(ended_by(name, e))
    return tuple(lines)


def look_through(camera: Camera) -> Seen:
    """Some frames for exposure to settle, then those whose times count. Raises CameraError when there are too few."""
    frames = list(islice(camera.frames(), SETTLING_FRAMES + TIMED_FRAMES))
    timed = frames[SETTLING_FRAMES:]
    if len(timed) < 2:
        raise CameraError(f"the camera gave {len(frames)} frames and then no more")
    span_s = timed[-1].captured_s - timed[0].captured_s
    return Seen(frame=timed[-1], rate_fps=(len(timed) - 1) / max(span_s, 1e-6))


def camera_line(camera: Camera, seen: Seen) -> SheetLine:
    height_px, width_px = seen.frame.bgr.shape[:2]
    luma = _luma(seen.frame)
    middle = luma[height_px // 4 : -(height_px // 4), width_px // 4 : -(width_px // 4)]
    size_px = (width_px, height_px)
    return judge_camera(camera.source.model, size_px, _sharpness(middle), seen.rate_fps, float(luma.mean()))


def lamps_line(camera: Camera, light: Light) -> SheetLine:
    """Lamps off and on, as the camera sees it."""
    if not light.present:
        return skipped("lamps", "none")
    means = []
    for state in (DARK, BOTH):
        light.set(state)
        frame = list(islice(camera.frames(), SETTLING_FRAMES))[-1:]
        if not frame:
            raise CameraError("the camera gave no more frames to see the lamps by")
        means.append(float(_luma(frame[0]).mean()))
    light.set(DARK)
    return judge_lamps(*means)


def buttons_line(panel: Panel, wanted: Set[Button], wait: Callable[[Callable[[], bool]], None]) -> SheetLine:
    """Each wanted button pressed by a person; the panel's lamps say when to press, and what came of it.

    wait: returns when what it is given holds, or when its patience is over.
    """
    pressed: set[Button] = set()
    panel.listen(pressed.add)
    panel.show(Sign.BUSY)
    wait(lambda: pressed >= wanted)
    missing = sorted(button.value for button in wanted - pressed)
    panel.show(Sign.FAULT if missing else Sign.PASS)
    found = {"pressed": " ".join(sorted(button.value for button in pressed)), "missing": " ".join(missing)}
    return failed("buttons", "missing", found) if missing else passed("buttons", "ok", found)


def _luma(frame: Frame) -> np.ndarray:
    weights = np.array([0.114, 0.587, 0.299], np.float32)
    return np.asarray(frame.bgr.astype(np.float32) @ weights)


def _sharpness(luma: np.ndarray) -> float:
    """Variance of the Laplacian (as edge/core/quality.py has it of a face)."""
    inner = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    return float(inner.var())
