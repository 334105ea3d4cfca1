"""Exposure and white balance held during a capture window, by cameras that can.

Metered with the lamps lit, so that nothing is too bright while they follow their code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from edge.core.exposure import Exposure
from edge.core.light_code import BOTH
from edge.ports import Camera, Light


@runtime_checkable
class HoldsExposure(Protocol):
    """What a camera may be able to do besides."""

    def hold(self) -> Exposure | None:
        """Measure the light, plan, and hold it until `release`; gives what is held, None where the device does not
        obey, which then adjusts itself as before. Takes two seconds at most, whose frames are dropped. Raises
        CameraError."""

    def release(self) -> None:
        """Let the camera adjust itself again; nothing happens where nothing is held. Raises CameraError."""


@contextmanager
def held(camera: Camera, light: Light | None) -> Iterator[Exposure | None]:
    """Hold what can be held during the block. light: the lamps that will be used in it. Raises CameraError."""
    if not isinstance(camera, HoldsExposure):
        yield None
        return
    if light:
        light.set(BOTH)
    exposure = camera.hold()
    try:
        yield exposure
    finally:
        camera.release()
