"""The Raspberry Pi's camera through picamera2: two streams of one exposure, one configuration for the whole run.

picamera2 comes from Raspberry Pi's own archive and is imported in open() only, so that this file loads anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from edge.capture import picamera_exposure
from edge.capture.holders import holders
from edge.capture.stream_layout import StreamLayout, bgr_view, i420_packed
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.exposure import Exposure
from edge.core.face import Frame
from edge.core.record import CaptureSource, SourceKind

LORES_AT_MOST_PX = (640, 480)
BUFFERS = 4  # one held by the reader, one in the ISP, two queued
FRAME_TIMEOUT_S = 5.0
MAINS_50_HZ_FLICKER_US = 10_000
HARDWARE_IDS = ("/base/", "\\_SB_")  # libcamera names real sensors by device tree or ACPI path

INSTALL_REMEDY = (
    "On the Pi: `sudo apt install python3-picamera2`, then run `make demo` again, which lets the virtual "
    "environment see it. Elsewhere choose another camera, e.g. v4l2:0."
)
BUSY_MARKS = ("busy", "-16", "acquire")
"""libcamera's and picamera2's words for EBUSY, by version; -16 is the code itself."""
BUSY_REMEDY = (
    "End that program, then try again; `sudo fuser -v /dev/media* /dev/video*` names who has it. The unit's own "
    "service is stopped by: sudo systemctl stop doorstep-visit"
)
CABLE_REMEDY = "Switch off, check the camera's ribbon cable at both ends, then start again."


class PiCamera:
    """Live frames with the sensor's own time; between reads picamera2 keeps the newest frame only.

    Each frame is copied once per stream out of the camera's buffer: the buffer returns to the camera when
    the next frame is asked for while the burst keeps its best frames, and reading the uncached buffer twice
    costs more than the copy.
    """

    def __init__(
        self, camera: Any, source: CaptureSource, main: StreamLayout, lores: StreamLayout, *, frame_us: float
    ) -> None:
        self.source = source
        self._frame_us = frame_us
        self._held = False
        self._camera = camera
        self._main = main
        self._lores = lores
        self._closed = False

    @classmethod
    def open(cls, config: CameraConfig, number: int = 0) -> PiCamera:
        """Configure and start camera `number`. Raises CameraError: no picamera2, no camera, busy, or it fails."""
        library = _library()
        with ExitStack() as undo, _translated():
            cameras = library.global_camera_info()
            if number >= len(cameras):
                raise CameraError(
                    f"libcamera sees {len(cameras)} cameras, number {number} asked", remedy=CABLE_REMEDY
                )
            camera = _opened(library, number)
            undo.callback(camera.close)
            camera.configure(_configuration(camera, config))
            # Sizes and strides may have been changed to what the hardware takes: read them back.
            settled = camera.camera_configuration()
            camera.start()
            undo.pop_all()
        source = _source(cameras[number])
        main, lores = (StreamLayout.of(settled[name]) for name in ("main", "lores"))
        return cls(camera, source, main, lores, frame_us=1e6 / config.rate_fps)

    def frames(self) -> Iterator[Frame]:
        """The newest frame each time, until closed. Raises CameraError when the camera stops answering."""
        while not self._closed:
            with _translated(), self._camera.captured_request(wait=FRAME_TIMEOUT_S) as request:
                bgr = request.make_buffer("main")
                lores = request.make_buffer("lores")
                stamp_ns = request.get_metadata().get("SensorTimestamp")
            if stamp_ns is None:
                raise CameraError("the camera gives no sensor time with its frames", remedy="Update libcamera.")
            yield Frame(
                bgr=bgr_view(bgr, self._main),
                captured_s=stamp_ns / 1e9,
                lores_i420=i420_packed(lores, self._lores),
            )

    def hold(self) -> Exposure | None:
        """As in edge/services/hold.py; the lens goes on focusing."""
        with _translated():
            exposure = picamera_exposure.hold(self._camera, self._metadata, frame_us=self._frame_us)
        self._held = exposure is not None
        return exposure

    def release(self) -> None:
        if self._held and not self._closed:
            self._held = False
            with _translated():
                picamera_exposure.release(self._camera)

    def _metadata(self) -> Iterator[dict[str, Any]]:
        while not self._closed:
            with self._camera.captured_request(wait=FRAME_TIMEOUT_S) as request:
                yield request.get_metadata()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with _translated():
            try:
                self._camera.stop()
            finally:
                self._camera.close()

    def __enter__(self) -> PiCamera:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _library() -> Any:
    try:
        from picamera2 import Picamera2
    except (ImportError, ValueError) as e:  # ValueError: a module built against another major numpy
        raise CameraError(f"picamera2 is not usable here: {e}", remedy=INSTALL_REMEDY) from e
    return Picamera2


def _opened(library: Any, number: int) -> Any:
    """The camera, acquired. Of every fault here picamera2 says that `__init__` did not complete; its cause tells."""
    try:
        return library(number)
    except RuntimeError as e:
        why = _first_cause(e)
        if not any(mark in why.lower() for mark in BUSY_MARKS):
            raise CameraError(f"the camera cannot be opened: {why}", remedy=CABLE_REMEDY) from e
        who = ", ".join(holders()) or "another program"
        raise CameraError(f"the camera is in use by {who} (摄像头正被占用)", remedy=BUSY_REMEDY) from e


def _first_cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error)


def _configuration(camera: Any, config: CameraConfig) -> Any:
    """main RGB888, which is BGR in memory; lores YUV420; a fixed frame duration, so that samples lie evenly."""
    frame_us = round(1e6 / config.rate_fps)
    scale = min(1.0, LORES_AT_MOST_PX[0] / config.width_px, LORES_AT_MOST_PX[1] / config.height_px)
    lores_size = (int(config.width_px * scale) & ~1, int(config.height_px * scale) & ~1)
    configuration = camera.create_video_configuration(
        main={"size": (config.width_px, config.height_px), "format": "RGB888"},
        lores={"size": lores_size, "format": "YUV420"},
        raw=None,
        buffer_count=BUFFERS,
        queue=True,
        display=None,
        encode=None,
        controls={"FrameDurationLimits": (frame_us, frame_us), **_controls_it_has(camera.camera_controls)},
    )
    camera.align_configuration(configuration)
    return configuration


def _controls_it_has(available: Any) -> dict[str, int]:
    """libcamera's numbers: noise reduction Minimal (texture is evidence), flicker Manual, autofocus Continuous."""
    wanted = {
        "NoiseReductionMode": 3,
        "AeFlickerMode": 1,
        "AeFlickerPeriod": MAINS_50_HZ_FLICKER_US,
        "AfMode": 2,
    }
    return {name: value for name, value in wanted.items() if name in available}


def _source(info: dict[str, Any]) -> CaptureSource:
    """Sensors carry no serial number: libcamera's name of the port and sensor stands in its place."""
    model, place = str(info.get("Model", "unknown")), str(info.get("Id", ""))
    if not place.startswith(HARDWARE_IDS):
        return CaptureSource(kind=SourceKind.SCRIPTED, model=f"{model} (software device)", serial=place)
    return CaptureSource(kind=SourceKind.LIVE_CAMERA, model=model, serial=place)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TimeoutError as e:
        raise CameraError(f"the camera gave no frame for {FRAME_TIMEOUT_S:.0f} s", remedy=CABLE_REMEDY) from e
    except (RuntimeError, OSError, IndexError, KeyError) as e:
        raise CameraError(f"the camera failed: {e}", remedy=f"{CABLE_REMEDY} Or end the program that uses it.") from e
