"""Opens the camera that a configuration or a person names; each adapter is imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path

from edge.core.config import CameraConfig
from edge.core.errors import InputError
from edge.ports import Camera

FORMS = "picamera2, v4l2:N, video:FILE, stills:DIR or none"


def open_camera(spec: str, config: CameraConfig) -> Camera:
    """An open camera for `spec`; the caller closes it. `config` gives size (px) and rate (frames/s), not the source.

    Raises InputError when `spec` names no kind of camera, CameraError when the camera cannot be opened.
    """
    kind, _, name = spec.partition(":")
    if kind in ("picamera2", "none") and not name:
        return _nameless(kind, config)
    if kind in ("v4l2", "video", "stills") and name:
        return _named(kind, name, config)
    raise InputError(f"camera {spec!r} is not one of {FORMS}", remedy=f"Give the camera as {FORMS}.")


def _nameless(kind: str, config: CameraConfig) -> Camera:
    if kind == "none":
        from edge.capture.no_camera import NoCamera

        return NoCamera()
    from edge.capture.picamera import PiCamera

    return PiCamera.open(config)


def _named(kind: str, name: str, config: CameraConfig) -> Camera:
    from edge.capture import opencv_sources

    if kind == "video":
        return opencv_sources.VideoFile.open(Path(name))
    if kind == "stills":
        return opencv_sources.Stills.open(Path(name), rate_fps=config.rate_fps)
    if not name.isdecimal():
        raise InputError(f"a V4L2 camera has a number, got {name!r}", remedy="Give e.g. v4l2:0 for /dev/video0.")
    return opencv_sources.V4l2Camera.open(int(name), config)
