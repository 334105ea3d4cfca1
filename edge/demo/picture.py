"""A frame with what was seen on it, ready to be drawn over the picture as vector shapes."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

import cv2
import numpy as np

from edge.core.face import FaceMesh, FaceRegion, Frame, Picture, Points
from edge.core.geometry import five_points

JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """image: a data URI; corners and points in its pixels. Empty lists where no face was seen."""

    image: str
    width_px: int
    height_px: int
    box: tuple[tuple[float, float], ...] = ()
    mesh: tuple[tuple[float, float], ...] = ()
    five: tuple[tuple[float, float], ...] = ()


def draw(frame: Frame, region: FaceRegion | None = None, mesh: FaceMesh | None = None) -> Drawing:
    """`frame` with the turned box of `region` and the points of `mesh`."""
    return Drawing(
        image=data_uri(frame.bgr),
        width_px=frame.width_px,
        height_px=frame.height_px,
        box=corners(region) if region else (),
        mesh=_pairs(mesh.points_px[:, :2]) if mesh else (),
        five=_pairs(five_points(mesh)) if mesh else (),
    )


def corners(region: FaceRegion) -> tuple[tuple[float, float], ...]:
    """The four corners of a turned rectangle, clockwise from the one above the person's right eye."""
    angle = math.radians(region.roll_deg)
    across = np.array([math.cos(angle), math.sin(angle)]) * region.width_px / 2
    down = np.array([-math.sin(angle), math.cos(angle)]) * region.height_px / 2
    center = np.asarray(region.center_px)
    return _pairs(np.stack([center + a * across + d * down for a, d in ((-1, -1), (1, -1), (1, 1), (-1, 1))]))


def data_uri(bgr: Picture, largest_px: int = 800) -> str:
    """The picture inside an address of its own, so that the report needs no other file."""
    scale = min(1.0, largest_px / max(bgr.shape[:2]))
    if scale < 1:
        bgr = np.asarray(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode()


def _pairs(points: Points | np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points)
