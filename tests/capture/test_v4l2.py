"""A V4L2 camera: what sysfs says that it is, and frames that waited too long."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture.opencv_sources import V4l2Camera
from edge.capture.v4l2_identity import identify
from edge.core.config import CameraConfig
from edge.core.errors import CameraError
from edge.core.face import Picture
from edge.core.record import CaptureSource, SourceKind

USB = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0"
LIVE = CaptureSource(kind=SourceKind.LIVE_CAMERA, model="test")


def sysfs_with(root: Path, device: str, *, name: str = "HD Webcam", serial: str = "") -> Path:
    """A /sys that holds one video device at devices/`device`, as the kernel lays it out."""
    folder = root / "devices" / device / "video4linux" / "video0"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    if serial:
        usb = root / "devices" / Path(device).parent
        (usb / "idVendor").write_text("046d\n")
        (usb / "serial").write_text(f"{serial}\n")
    links = root / "class" / "video4linux"
    links.mkdir(parents=True)
    (links / "video0").symlink_to(folder)
    return root


def test_a_usb_camera_is_live_and_has_its_card_name_and_serial(tmp_path: Path) -> None:
    source = identify(0, sysfs_with(tmp_path, USB, serial="2B9C7E50"))
    assert source == CaptureSource(kind=SourceKind.LIVE_CAMERA, model="HD Webcam", serial="2B9C7E50")


def test_a_sensor_without_usb_is_live_and_has_no_serial(tmp_path: Path) -> None:
    source = identify(0, sysfs_with(tmp_path, "platform/soc/fe801000.csi", name="unicam"))
    assert source == CaptureSource(kind=SourceKind.LIVE_CAMERA, model="unicam")


@pytest.mark.parametrize(
    "device",
    [
        "virtual",
        "platform/vivid.0",
        "platform/vimc.0",
        "platform/vhci_hcd.0/usb3/3-1/3-1:1.0",
        "platform/dummy_hcd.0/usb4/4-1/4-1:1.0",
    ],
)
def test_a_software_camera_never_passes_for_a_live_one(tmp_path: Path, device: str) -> None:
    source = identify(
        0, sysfs_with(tmp_path, device, name="Integrated Camera", serial="1" if "usb" in device else "")
    )
    assert source.simulated
    assert source.kind is SourceKind.SCRIPTED
    assert "Integrated Camera" in source.model


def test_a_camera_that_sysfs_does_not_know_is_not_taken_for_live(tmp_path: Path) -> None:
    assert identify(7, tmp_path).simulated


def test_a_camera_linked_from_outside_the_device_tree_is_not_taken_for_live(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "pci0000:00" / "video0"
    elsewhere.mkdir(parents=True)
    links = tmp_path / "sys" / "class" / "video4linux"
    links.mkdir(parents=True)
    (links / "video0").symlink_to(elsewhere)
    assert identify(0, tmp_path / "sys").simulated


class Driver:
    """A camera driver with a queue of four buffers on a clock that the reader's work moves on."""

    def __init__(self, *, period_s: float = 0.04, stamps: bool = True, dies_after: int = 10**9) -> None:
        self.now_s = 100.0
        self.released = 0
        self._period_s, self._stamps, self._left = period_s, stamps, dies_after
        self._queue: list[float] = []
        self._next_s = self.now_s
        self._current_s = 0.0

    def _expose(self) -> None:
        while self._next_s <= self.now_s:
            if len(self._queue) < 4:
                self._queue.append(self._next_s)
            self._next_s += self._period_s

    def grab(self) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        self._expose()
        if not self._queue:
            self.now_s = self._next_s
            self._expose()
        self._current_s = self._queue.pop(0)
        return True

    def retrieve(self) -> tuple[bool, Picture]:
        return True, np.zeros((4, 4, 3), np.uint8)

    def get(self, property_id: int, /) -> float:
        assert property_id == cv2.CAP_PROP_POS_MSEC
        return self._current_s * 1000 if self._stamps else 0.0

    def set(self, property_id: int, value: float, /) -> bool:
        return False

    def release(self) -> None:
        self.released += 1


def camera_on(driver: Driver) -> V4l2Camera:
    return V4l2Camera(driver, LIVE, rate_fps=25, monotonic_s=lambda: driver.now_s)


def test_a_slow_reader_gets_fresh_frames_not_a_growing_queue() -> None:
    driver = Driver()
    ages = []
    reader = camera_on(driver).frames()
    for _ in range(20):
        ages.append(driver.now_s - next(reader).captured_s)
        driver.now_s += 0.35
    assert max(ages) <= 1.5 / 25


def test_a_fast_reader_gets_every_frame() -> None:
    driver = Driver()
    reader = camera_on(driver).frames()
    times = [next(reader).captured_s for _ in range(10)]
    assert np.diff(times) == pytest.approx([0.04] * 9)


def test_a_driver_without_time_stamps_still_gives_times() -> None:
    driver = Driver(stamps=False)
    reader = camera_on(driver).frames()
    assert [next(reader).captured_s for _ in range(3)] == pytest.approx([100.0, 100.04, 100.08])


def test_an_unplugged_camera_is_an_error_not_the_end_of_the_visit() -> None:
    driver = Driver(dies_after=3)
    with camera_on(driver) as camera, pytest.raises(CameraError, match="stopped giving pictures"):
        for _ in camera.frames():
            pass
    assert driver.released == 1


def test_a_camera_number_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CameraError, match="/dev/video987"):
        V4l2Camera.open(987, CameraConfig())


class Webcam(Driver):
    """One whose controls work, or which says so and goes dark (`stale`: it reports another exposure than it has)."""

    def __init__(self, *, reported: float = 200.0, real: float = 200.0) -> None:
        super().__init__()
        self.controls = {cv2.CAP_PROP_EXPOSURE: reported, cv2.CAP_PROP_WB_TEMPERATURE: 4600.0}
        self._real = real

    def get(self, property_id: int, /) -> float:
        return self.controls[property_id] if property_id in self.controls else super().get(property_id)

    def set(self, property_id: int, value: float, /) -> bool:
        self.controls[property_id] = value
        return True

    def retrieve(self) -> tuple[bool, Picture]:
        manual = self.controls.get(cv2.CAP_PROP_AUTO_EXPOSURE) == 1.0
        exposure = self.controls[cv2.CAP_PROP_EXPOSURE] if manual else self._real
        return True, np.full((40, 40, 3), min(255, int(exposure / 2)), np.uint8)


def test_a_webcam_holds_what_it_had() -> None:
    webcam = Webcam()
    with camera_on(webcam) as camera:
        held = camera.hold()
        assert held is not None and held.exposure_us == 20_000
        assert webcam.controls[cv2.CAP_PROP_AUTO_EXPOSURE] == 1.0 and webcam.controls[cv2.CAP_PROP_AUTO_WB] == 0.0
        camera.release()
    assert webcam.controls[cv2.CAP_PROP_AUTO_EXPOSURE] == 3.0 and webcam.controls[cv2.CAP_PROP_AUTO_WB] == 1.0


def test_a_webcam_that_reports_a_stale_exposure_does_not_go_dark_for_a_window() -> None:
    webcam = Webcam(reported=40.0, real=300.0)
    with camera_on(webcam) as camera:
        assert camera.hold() is None
    assert webcam.controls[cv2.CAP_PROP_AUTO_EXPOSURE] == 3.0


def test_a_driver_without_controls_runs_the_window_all_the_same() -> None:
    class Plain(Driver):
        def get(self, property_id: int, /) -> float:
            return super().get(property_id) if property_id == cv2.CAP_PROP_POS_MSEC else 0.0

    with camera_on(Plain()) as camera:
        assert camera.hold() is None
        camera.release()
        assert next(camera.frames()).bgr.shape == (4, 4, 3)
