"""The far side of the Pi adapter: a module with picamera2's surface, padded rows, and faults to order."""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

CAUSES = {
    "busy": "failed to acquire camera: Device or resource busy",
    "busy_before_0_3_13": "camera.acquire() returned unexpected code: -16",
    "unconfigured": "failed to configure: Invalid argument",
}
STRIDE_STEP = 64
PAD = 77
DELAY = 4


def padded(width: int) -> int:
    return -(-width // STRIDE_STEP) * STRIDE_STEP


class Request:
    """One exposure; its buffers are overwritten as soon as it is given back, as on the device."""

    def __init__(self, streams: dict[str, Any], index: int, stamp: bool) -> None:
        self._streams, self._index, self._stamp = streams, index, stamp
        self.state: dict[str, Any] = {}
        self.buffers = {name: self._drawn(name) for name in ("main", "lores")}

    def _drawn(self, name: str) -> np.ndarray:
        (width, height), stride = self._streams[name]["size"], self._streams[name]["stride"]
        if name == "main":
            rows = np.full((height, stride), PAD, np.uint8)
            rows[:, : 3 * width] = self._index
            return rows.reshape(-1)
        luma = np.full((height, stride), PAD, np.uint8)
        luma[:, :width] = 10
        chroma = np.full((height, stride // 2), PAD, np.uint8)
        chroma[: height // 2, : width // 2], chroma[height // 2 :, : width // 2] = 20, 30
        return np.concatenate([luma.reshape(-1), chroma.reshape(-1)])

    def make_buffer(self, name: str) -> np.ndarray:
        return self.buffers[name].copy()

    def get_metadata(self) -> dict[str, Any]:
        stamp = {"SensorTimestamp": 5_000_000_000 + self._index * 33_333_000} if self._stamp else {}
        return {**self.state, **stamp}


class Camera:
    """What the adapter uses of Picamera2. `fault`: one of CAUSES, hangs, breaks, no_stamp, or disobeys (its exposure
    wanders on whatever it is told). Its automatics come to rest at frame 6; controls are in force DELAY frames
    later."""

    cameras = [{"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 0}]
    advertised: dict[str, Any] = {"AnalogueGain": (1.0, 16.0, None), "ExposureTimeMode": (), "AnalogueGainMode": ()}
    fault = ""
    lives: list[Camera] = []

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return cls.cameras

    def __init__(self, number: int) -> None:
        if self.fault in CAUSES:
            # As picamera2 does it: one sentence for every fault, the cause behind it.
            try:
                raise RuntimeError(CAUSES[self.fault])
            except RuntimeError as e:
                raise RuntimeError("Camera __init__ sequence did not complete.") from e
        self.calls: list[str] = []
        self.camera_controls = {"FrameDurationLimits": (), "AfMode": (), **self.advertised}
        self.told: list[tuple[int, dict[str, Any]]] = []
        self._index = 0
        type(self).lives.append(self)

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        unknown = set(wanted["controls"]) - set(self.camera_controls)
        if unknown:
            raise RuntimeError(f"Control {unknown} is not advertised by libcamera")
        return dict(wanted)

    def align_configuration(self, configuration: dict[str, Any]) -> None:
        for name, bytes_per_px in (("main", 3), ("lores", 1)):
            width, height = configuration[name]["size"]
            configuration[name] |= {"size": (width & ~7, height), "stride": padded((width & ~7) * bytes_per_px)}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.calls.append("configure")
        self._configuration = configuration

    def camera_configuration(self) -> dict[str, Any]:
        return self._configuration

    def start(self) -> None:
        self.calls.append("start")

    @contextmanager
    def captured_request(self, wait: float) -> Iterator[Request]:
        if self.fault == "hangs":
            raise TimeoutError
        if self.fault == "breaks" and self._index == 2:
            raise RuntimeError("Camera frontend has timed out!")
        request = Request(self._configuration, self._index, self.fault != "no_stamp")
        request.state = self._state()
        self._index += 1
        try:
            yield request
        finally:
            for buffer in request.buffers.values():
                buffer.fill(255)

    def set_controls(self, controls: dict[str, Any]) -> None:
        self.told.append((self._index, controls))

    def _state(self) -> dict[str, Any]:
        """What the metadata says: the automatics until controls are in force, then those."""
        wander = 1.0 + 0.08 * max(0, 6 - self._index)
        if self.fault == "disobeys":
            wander = 1.0 + 0.1 * (self._index % 5)
        state = {"ExposureTime": 27_000 * wander, "AnalogueGain": 2.0, "ColourGains": (1.8, 1.4)}
        for index, controls in self.told:
            if self.fault != "disobeys" and self._index >= index + DELAY and "ExposureTime" in controls:
                state |= controls
        return state

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


def module(**settings: Any) -> types.ModuleType:
    """A fresh picamera2 whose camera has the given `fault` or `cameras`."""
    made = types.ModuleType("picamera2")
    made.Picamera2 = type("Picamera2", (Camera,), {"lives": [], **settings})  # type: ignore[attr-defined]
    return made
