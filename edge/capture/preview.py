"""A frame as a small JPEG for a screen, with the person's box, from the low-resolution stream where there is one."""

from __future__ import annotations

import cv2
import numpy as np

from edge.core.errors import CameraError
from edge.core.face import FaceRegion, Frame, Picture

WIDTH_PX = 480
_JPEG_QUALITY = 70
# Told apart by brightness too, not by hue alone; a dark line beneath keeps either visible on any ground.
_GOOD_BGR, _NOT_YET_BGR, _BENEATH_BGR = (120, 255, 120), (60, 190, 255), (20, 20, 20)


def preview_jpeg(frame: Frame, region: FaceRegion | None, good: bool) -> bytes:
    """The frame, at most WIDTH_PX wide. region: drawn as a box turned with the head, green when `good`."""
    small = _small(frame)
    if region is not None:
        _draw(small, region, small.shape[1] / frame.width_px, _GOOD_BGR if good else _NOT_YET_BGR)
    done, raw = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise CameraError("a picture of the camera cannot be encoded")
    return raw.tobytes()


def _small(frame: Frame) -> Picture:
    """A copy that may be drawn on."""
    if frame.lores_i420 is not None:
        return np.asarray(cv2.cvtColor(frame.lores_i420, cv2.COLOR_YUV2BGR_I420), np.uint8)
    if frame.width_px <= WIDTH_PX:
        return frame.bgr.copy()
    size = (WIDTH_PX, round(frame.height_px * WIDTH_PX / frame.width_px))
    return np.asarray(cv2.resize(frame.bgr, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _draw(picture: Picture, region: FaceRegion, scale: float, colour: tuple[int, int, int]) -> None:
    center = (region.center_px[0] * scale, region.center_px[1] * scale)
    size = (region.width_px * scale, region.height_px * scale)
    corners = np.rint(cv2.boxPoints((center, size, region.roll_deg))).astype(np.int32)
    for line, width_px in ((_BENEATH_BGR, 6), (colour, 3)):
        cv2.polylines(picture, [corners], True, line, width_px, cv2.LINE_AA)
