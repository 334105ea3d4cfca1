"""The Pi adapter against a simulated picamera2: padded buffers, faults, and a machine without it."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from edge.capture.holders import holders
from edge.capture.picamera import PiCamera
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.record import SourceKind
from tests.capture import simulated_pi

CONFIG = CameraConfig(width_px=1000, height_px=500)


def installed(monkeypatch: pytest.MonkeyPatch, **settings: object) -> type[simulated_pi.Camera]:
    library = simulated_pi.module(**settings)
    monkeypatch.setitem(sys.modules, "picamera2", library)
    camera: type[simulated_pi.Camera] = library.Picamera2
    return camera


def test_a_machine_without_picamera2_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError, match="picamera2 is not usable here") as caught:
        PiCamera.open(CONFIG)
    assert "apt install python3-picamera2" in caught.value.remedy


def test_both_streams_lose_their_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with PiCamera.open(CONFIG) as camera:
        _, frame = islice(camera.frames(), 2)
    assert frame.bgr.shape == (500, 1000, 3)
    assert (frame.bgr == 1).all()
    assert frame.lores_i420 is not None
    assert frame.lores_i420.shape == (480, 640)
    luma, blue, red = frame.lores_i420[:320], frame.lores_i420[320:400], frame.lores_i420[400:]
    assert (luma == 10).all() and (blue == 20).all() and (red == 30).all()


def test_the_time_of_a_frame_is_the_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with PiCamera.open(CONFIG) as camera:
        times = [f.captured_s for f in islice(camera.frames(), 3)]
    assert times == pytest.approx([5.0, 5.033333, 5.066666])


def test_one_configuration_serves_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch)
    with PiCamera.open(CONFIG) as camera:
        list(islice(camera.frames(), 2))
        list(islice(camera.frames(), 2))
    assert library.lives[0].calls == ["configure", "start", "stop", "close"]


def test_the_sensor_and_its_port_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with PiCamera.open(CONFIG) as camera:
        assert camera.source.kind is SourceKind.LIVE_CAMERA
        assert camera.source.model == "imx708"
        assert camera.source.serial.endswith("imx708@1a")


def test_a_virtual_libcamera_device_never_passes_for_a_live_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, cameras=[{"Model": "imx708", "Id": "Virtual0", "Num": 0}])
    with PiCamera.open(CONFIG) as camera:
        assert camera.source.kind is SourceKind.SCRIPTED


def test_no_camera_on_the_ribbon_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, cameras=[])
    with pytest.raises(CameraError, match="sees 0 cameras") as caught:
        PiCamera.open(CONFIG)
    assert "ribbon" in caught.value.remedy


@pytest.mark.parametrize("fault", ["busy", "busy_before_0_3_13"])
def test_busy_camera_is_said_to_be_busy_and_how_to_free_it(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    installed(monkeypatch, fault=fault)
    with pytest.raises(CameraError, match="in use by another program") as caught:
        PiCamera.open(CONFIG)
    assert "fuser" in caught.value.remedy and "systemctl stop doorstep-visit" in caught.value.remedy


def test_camera_that_cannot_be_opened_for_another_reason_is_told_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, fault="unconfigured")
    with pytest.raises(CameraError, match="cannot be opened: failed to configure") as caught:
        PiCamera.open(CONFIG)
    assert "ribbon" in caught.value.remedy


def test_who_holds_a_device_is_found(tmp_path: Path) -> None:
    device = tmp_path / "media0"
    device.touch()
    assert holders((str(device),)) == []
    program = "import sys; f = open(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    command, pipe = [sys.executable, "-c", program, device], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout and process.stdout.readline()
        (found,) = holders((str(tmp_path / "media"),))
        assert found.endswith(f"({process.pid})") and "python" in found
        process.kill()


@pytest.mark.parametrize(
    ("fault", "said", "frames"),
    [("hangs", "no frame for", 0), ("breaks", "timed out", 2), ("no_stamp", "sensor time", 0)],
)
def test_a_camera_that_fails_while_running_is_given_back(
    monkeypatch: pytest.MonkeyPatch, fault: str, said: str, frames: int
) -> None:
    library = installed(monkeypatch, fault=fault)
    seen = []
    with pytest.raises(CameraError, match=said), PiCamera.open(CONFIG) as camera:
        for frame in camera.frames():
            seen.append(frame.captured_s)
    assert len(seen) == frames
    assert library.lives[0].calls[-2:] == ["stop", "close"]


def test_exposure_and_white_balance_are_in_force_before_the_window_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Controls take frames to act: a window begun at once would see the change."""
    library = installed(monkeypatch)
    with PiCamera.open(CONFIG) as camera:
        held = camera.hold()
        life = library.lives[0]
        assert held is not None and held.exposure_us == 20_000 and held.gain == pytest.approx(2.7)
        assert life._state() == {"ExposureTime": 20_000, "AnalogueGain": 2.7, "ColourGains": (1.8, 1.4)}
        next(camera.frames())
        camera.release()
    (_, told), (_, after) = life.told
    assert set(told) == {"ExposureTime", "AnalogueGain", "ColourGains"}, "one alone leaves the others automatic"
    assert after == {"ExposureTimeMode": 0, "AnalogueGainMode": 0, "AwbEnable": True}


def test_a_camera_that_does_not_obey_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    library = installed(monkeypatch, fault="disobeys", advertised={"AnalogueGain": (1.0, 16.0, None)})
    with PiCamera.open(CONFIG) as camera:
        assert camera.hold() is None
        camera.release()
    assert [told for _, told in library.lives[0].told][1:] == [{"AeEnable": True, "AwbEnable": True}]


def test_a_failed_start_gives_the_camera_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: simulated_pi.Camera) -> None:
        raise RuntimeError("Failed to start camera")

    library = installed(monkeypatch, start=fails)
    with pytest.raises(CameraError, match="Failed to start"):
        PiCamera.open(CONFIG)
    assert library.lives[0].calls[-1] == "close"
