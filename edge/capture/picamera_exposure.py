"""Holding exposure and white balance on the Pi's camera: libcamera's controls, told and then checked.

Controls take effect some frames after they were set, and setting one of exposure and gain leaves the other automatic
(picamera2 #1269): both are always set, and the frames' own metadata says when they are in force. Only fixed colour
gains stop the white balance (picamera2 #977).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from edge.core.exposure import Exposure, planned

IN_A_ROW = 3
FRAMES_TO_SETTLE, FRAMES_TO_OBEY = 30, 24


def hold(camera: Any, metadata: Callable[[], Iterator[dict[str, Any]]], *, frame_us: float) -> Exposure | None:
    """What the camera holds from now on; None, and everything automatic again, where it does not obey.

    metadata: gives the next frame's, one after another.
    """
    metered = _steady(metadata(), FRAMES_TO_SETTLE, None)
    if metered is None:
        return None
    limits = camera.camera_controls.get("AnalogueGain", ())
    most_gain = float(limits[1]) if len(limits) > 1 and limits[1] else metered.gain
    plan = planned(metered, frame_us=frame_us, most_gain=most_gain)
    controls: dict[str, Any] = {"ExposureTime": round(plan.exposure_us), "AnalogueGain": plan.gain}
    if plan.colour_gains:
        controls["ColourGains"] = plan.colour_gains
    camera.set_controls(controls)
    found = _steady(metadata(), FRAMES_TO_OBEY, plan)
    if found is None:
        release(camera)
    return found


def release(camera: Any) -> None:
    """Everything automatic again. libcamera 0.5 split AeEnable into two modes; older ones know it alone."""
    wanted = {"ExposureTimeMode": 0, "AnalogueGainMode": 0}
    have = camera.camera_controls
    automatic: dict[str, Any] = {k: v for k, v in wanted.items() if k in have} or {"AeEnable": True}
    camera.set_controls({**automatic, "AwbEnable": True})


def _steady(frames: Iterator[dict[str, Any]], most: int, wanted: Exposure | None) -> Exposure | None:
    """What IN_A_ROW frames agree on (and with `wanted`), within `most` frames. What never comes to rest while
    metering is taken as it is at the end."""
    row: list[Exposure] = []
    last: Exposure | None = None
    for _, found in zip(range(most), frames, strict=False):
        last = _read(found)
        if last is None:
            return None
        row = [*row, last] if (wanted or (row[-1] if row else last)).agrees(last) else []
        if len(row) >= IN_A_ROW:
            return last
    return last if wanted is None else None


def _read(metadata: dict[str, Any]) -> Exposure | None:
    exposure_us, gain = metadata.get("ExposureTime"), metadata.get("AnalogueGain")
    if not exposure_us or not gain:
        return None
    red_blue = metadata.get("ColourGains")
    return Exposure(
        exposure_us=float(exposure_us), gain=max(1.0, float(gain)),
        colour_gains=(float(red_blue[0]), float(red_blue[1])) if red_blue else None,
    )  # fmt: skip
