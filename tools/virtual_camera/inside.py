"""Runs in the Trixie system: edge/capture/picamera.py, untouched, on picamera2's own class over a virtual camera.

Stood in for, because the virtual camera is not a Pi's: the modules of other hardware that picamera2 imports; the raw
stream, which it has none of; the memory allocator; and the two formats, since it gives NV12 only, in one size: the
streams are converted to what the adapter asked for. Configuring, starting, requests, metadata, stopping, closing and
every error are the real ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any
from unittest.mock import MagicMock

FRAMES = 30
SIZE_PX = (640, 480)
OTHER_HARDWARE = ("pykms", "prctl", "pidng", "pidng.core", "pidng.camdefs")

for name in OTHER_HARDWARE:
    sys.modules[name] = MagicMock(__spec__=None, __name__=name)

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import picamera2.picamera2  # noqa: E402
from picamera2 import Picamera2  # noqa: E402
from picamera2.allocators import LibcameraAllocator  # noqa: E402

from edge.capture.picamera import PiCamera  # noqa: E402
from edge.core.config import CameraConfig  # noqa: E402
from edge.core.errors import CameraError  # noqa: E402


class Request:
    """A completed request of the real class whose NV12 buffer is read in the formats that were asked for."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def get_metadata(self) -> Any:
        return self._request.get_metadata()

    def make_buffer(self, stream: str) -> Any:
        width, height = SIZE_PX
        nv12 = self._request.make_buffer("main")[: width * height * 3 // 2].reshape(height * 3 // 2, width)
        bgr = cv2.cvtColor(nv12, cv2.COLOR_YUV2BGR_NV12)
        return (bgr if stream == "main" else cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420)).reshape(-1)


class VirtualPicamera2(Picamera2):  # type: ignore[misc]
    """The real class, made to ask of the virtual camera what it has."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.allocator = LibcameraAllocator(self.camera)

    def _get_raw_modes(self) -> list[dict[str, Any]]:
        return [{"format": "NV12", "size": SIZE_PX}]

    def create_video_configuration(self, main: Any = None, lores: Any = None, **options: Any) -> Any:
        if main is None:  # the class's own default, made when it is opened
            return super().create_video_configuration(**options)
        self.asked = {"main": dict(main), "lores": dict(lores)}
        return super().create_video_configuration(main={**main, "format": "NV12"}, **options)

    def camera_configuration(self) -> Any:
        settled = super().camera_configuration()
        width, height = settled["main"]["size"]
        main = {"size": (width, height), "stride": 3 * width, "format": self.asked["main"]["format"]}
        return {**settled, "main": main, "lores": {"size": (width, height), "stride": width}}

    @contextmanager
    def captured_request(self, *args: Any, **options: Any) -> Iterator[Request]:
        with super().captured_request(*args, **options) as request:
            yield Request(request)


def main() -> None:
    """Print what was found as JSON; an assertion that does not hold ends the program."""
    picamera2.picamera2.DmaAllocator = lambda: None
    picamera2.Picamera2 = VirtualPicamera2
    config = CameraConfig(width_px=SIZE_PX[0], height_px=SIZE_PX[1])
    with PiCamera.open(config) as camera:
        refused = _refusal(lambda: PiCamera.open(config))
        frames = [frame for frame, _ in zip(camera.frames(), range(FRAMES), strict=False)]
        source = camera.source
    camera.close()
    times_s = [frame.captured_s for frame in frames]
    assert all(frame.bgr.shape == (SIZE_PX[1], SIZE_PX[0], 3) for frame in frames), "main stream"
    assert all(f.lores_i420 is not None and f.lores_i420.shape == (720, 640) for f in frames), "lores stream"
    assert all(a < b for a, b in zip(times_s, times_s[1:], strict=False)), "sensor times do not grow"
    assert float(np.std(frames[-1].bgr)) > 10, "the picture is blank"
    assert source.simulated, "a camera of software passed for hardware"
    missing = _refusal(lambda: PiCamera.open(config, number=7))
    with PiCamera.open(config) as again:
        next(iter(again.frames()))
    print(
        json.dumps(
            {
                "picamera2": version("picamera2"),
                "frames": len(frames),
                "source": source.model,
                "opened_again": True,
                "second_at_once": refused,
                "no_such_camera": missing,
            }
        )
    )


def _refusal(act: Any) -> str:
    try:
        act()
    except CameraError as e:
        return e.message
    raise AssertionError("a CameraError was due")


if __name__ == "__main__":
    main()
