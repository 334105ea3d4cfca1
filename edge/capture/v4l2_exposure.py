"""Holding exposure and white balance on a V4L2 camera, where the driver can; many say yes and do otherwise.

UVC drivers may report a stale exposure while they are automatic, so the pictures themselves are asked: when they are
not as bright as before, everything is set back to automatic, and the window runs as it would have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from edge.core.exposure import Exposure, planned

# V4L2's menu of exposure modes, as OpenCV passes it on: 1 manual, 3 aperture priority, which webcams call automatic.
MANUAL, AUTOMATIC = 1.0, 3.0
EXPOSURE_UNIT_US = 100.0
FRAMES_TO_SETTLE, FRAMES_COMPARED = 20, 5
_AS_BRIGHT = 0.2


def hold(device: Any, brightness: Callable[[], float], *, frame_us: float) -> Exposure | None:
    """What is held from now on, or None. brightness: of the next frame, 0..255. gain: 1, for V4L2 gives no unit."""
    metered = Exposure(exposure_us=device.get(cv2.CAP_PROP_EXPOSURE) * EXPOSURE_UNIT_US, gain=1.0)
    before = [brightness() for _ in range(FRAMES_TO_SETTLE)][-FRAMES_COMPARED:]
    warmth_k = device.get(cv2.CAP_PROP_WB_TEMPERATURE)
    if metered.exposure_us < EXPOSURE_UNIT_US or not device.set(cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL):
        return None
    plan = planned(metered, frame_us=frame_us, most_gain=1.0)
    # Without a gain that could make up for it a shorter exposure would be darker: only one that gathers the same.
    exposure_us = plan.exposure_us if plan.agrees(metered) else min(metered.exposure_us, frame_us)
    device.set(cv2.CAP_PROP_EXPOSURE, exposure_us / EXPOSURE_UNIT_US)
    if device.set(cv2.CAP_PROP_AUTO_WB, 0.0) and warmth_k > 0:
        device.set(cv2.CAP_PROP_WB_TEMPERATURE, warmth_k)
    after = [brightness() for _ in range(FRAMES_TO_SETTLE)][-FRAMES_COMPARED:]
    if abs(np.mean(after) - np.mean(before)) > _AS_BRIGHT * max(float(np.mean(before)), 1.0):
        release(device)
        return None
    return Exposure(exposure_us=exposure_us, gain=1.0)


def release(device: Any) -> None:
    device.set(cv2.CAP_PROP_AUTO_EXPOSURE, AUTOMATIC)
    device.set(cv2.CAP_PROP_AUTO_WB, 1.0)
