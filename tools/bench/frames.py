"""640×480 frames to time on: a pinned portrait played with movement, or a clip that somebody names."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np

from edge.capture.opencv_sources import VideoFile, read_picture
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.core.config import CameraConfig
from edge.core.face import Frame, Picture
from edge.core.geometry import turned_map
from edge.models.picture import warped
from tools.bundle.places import cache_folder
from tools.portraits import fetch_portraits

WIDTH_PX, HEIGHT_PX = 640, 480
PORTRAIT = "obama.jpg"
RATE_FPS = 30.0


def portrait(name: str = PORTRAIT) -> Picture:
    """A portrait of the set-up, fetched where it is not cached. Raises InputError, CameraError."""
    return read_picture(fetch_portraits(cache_folder()) / name)


def moving_portrait(picture: Picture, count: int, *, roll_deg: float = 0.0) -> list[Frame]:
    """The picture in an unsteady hand: sway, tremor, slow approach, sensor noise."""
    script = Script(seconds=count / RATE_FPS, span=1.2, roll_deg=roll_deg, shake=0.02, shake_deg=3.0, zoom_per_s=0.01)
    config = CameraConfig(width_px=WIDTH_PX, height_px=HEIGHT_PX, rate_fps=RATE_FPS)
    with ScriptedCamera(picture, script, seed=1, config=config) as camera:
        return list(camera.frames())


def clip(path: Path, count: int) -> list[Frame]:
    """The first frames of a clip, each scaled to fit into 640×480 with its border carried on."""
    with VideoFile.open(path) as video:
        return [_fitted(frame) for frame in islice(video.frames(), count)]


def _fitted(frame: Frame) -> Frame:
    scale = min(WIDTH_PX / frame.width_px, HEIGHT_PX / frame.height_px)
    middle = (frame.width_px / 2, frame.height_px / 2)
    affine = turned_map(middle, 0.0, scale, (WIDTH_PX / 2, HEIGHT_PX / 2))
    picture = warped(frame.bgr, np.asarray(affine), (WIDTH_PX, HEIGHT_PX), repeat_border=True)
    return Frame(bgr=picture, captured_s=frame.captured_s)
