"""What every camera promises, over each adapter: the replays as they are, the Pi's on a simulated library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from edge.capture.choose import open_camera
from edge.capture.pacing import PacedCamera
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.core.config import CameraConfig
from edge.core.errors import CameraError, InputError
from edge.core.face import Frame
from edge.core.record import SourceKind
from edge.ports import Camera
from tests.capture import simulated_pi
from tests.capture.conftest import striped

Opener = Callable[[], Camera]


@pytest.fixture(params=["scripted", "scripted_two_streams", "paced", "video", "stills", "picamera2"])
def opener(
    request: pytest.FixtureRequest, clip: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Opener, SourceKind]:
    config = CameraConfig(width_px=328, height_px=240)
    monkeypatch.setitem(sys.modules, "picamera2", simulated_pi.module())

    def scripted(two_streams: bool = False) -> Camera:
        return ScriptedCamera(striped(), Script(seconds=0.3), seed=3, config=config, two_streams=two_streams)

    openers: dict[str, tuple[Opener, SourceKind]] = {
        "scripted": (scripted, SourceKind.SCRIPTED),
        "scripted_two_streams": (lambda: scripted(two_streams=True), SourceKind.SCRIPTED),
        "paced": (
            lambda: PacedCamera(camera=scripted(), monotonic_s=lambda: 0.0, sleep_s=lambda s: None),
            SourceKind.SCRIPTED,
        ),
        "video": (lambda: open_camera(f"video:{clip}", config), SourceKind.VIDEO_FILE),
        "stills": (lambda: open_camera(f"stills:{folder}", config), SourceKind.STILLS),
        "picamera2": (lambda: open_camera("picamera2", config), SourceKind.LIVE_CAMERA),
    }
    return openers[request.param]


def some(camera: Camera, count: int = 9) -> list[Frame]:
    return list(islice(camera.frames(), count))


def test_frames_are_bgr_bytes_and_run_forward_in_time(opener: tuple[Opener, SourceKind]) -> None:
    with opener[0]() as camera:
        frames = some(camera)
    assert len(frames) >= 3
    assert all(f.bgr.dtype == np.uint8 and f.bgr.shape == (f.height_px, f.width_px, 3) for f in frames)
    assert all(a.captured_s < b.captured_s for a, b in zip(frames, frames[1:], strict=False))


def test_a_kept_frame_does_not_change_when_the_next_one_comes(opener: tuple[Opener, SourceKind]) -> None:
    with opener[0]() as camera:
        reader = camera.frames()
        first = next(reader)
        kept = first.bgr.copy(), None if first.lores_i420 is None else first.lores_i420.copy()
        second = next(reader)
    assert not np.array_equal(first.bgr, second.bgr)
    assert np.array_equal(first.bgr, kept[0])
    assert kept[1] is None or np.array_equal(first.lores_i420, kept[1])


def test_the_low_resolution_stream_is_planar_yuv_without_padding(opener: tuple[Opener, SourceKind]) -> None:
    with opener[0]() as camera:
        lores = [f.lores_i420 for f in some(camera) if f.lores_i420 is not None]
    assert all(p.dtype == np.uint8 and p.ndim == 2 and p.shape[0] % 3 == 0 and p.shape[1] % 2 == 0 for p in lores)
    assert all(p.flags.c_contiguous for p in lores)


def test_a_source_says_what_it_is(opener: tuple[Opener, SourceKind]) -> None:
    make, kind = opener
    with make() as camera, make() as again:
        assert camera.source.kind is kind
        assert camera.source.model
        assert camera.source.simulated == (kind is not SourceKind.LIVE_CAMERA)
        assert len(camera.source.sha256) == (64 if camera.source.simulated else 0)
        assert again.source == camera.source


def test_a_closed_camera_gives_no_more_frames_and_closes_twice(opener: tuple[Opener, SourceKind]) -> None:
    camera = opener[0]()
    reader = camera.frames()
    next(reader)
    camera.close()
    camera.close()
    assert list(reader) == []
    assert list(camera.frames()) == []


def test_no_camera_says_so_instead_of_giving_frames() -> None:
    with open_camera("none", CameraConfig()) as camera:
        assert camera.source.kind is SourceKind.NO_CAMERA
        with pytest.raises(CameraError, match="without a camera") as caught:
            camera.frames()
        assert "manual attestation" in caught.value.remedy


@pytest.mark.parametrize(
    "spec", ["", "webcam", "v4l2", "v4l2:", "video:", "stills", "none:1", "picamera2:0", "v4l2:-1"]
)
def test_a_camera_of_no_known_kind_is_refused_with_the_kinds_there_are(spec: str) -> None:
    with pytest.raises(InputError) as caught:
        open_camera(spec, CameraConfig())
    assert "v4l2:" in caught.value.remedy


def test_choosing_imports_no_adapter_but_the_chosen_one() -> None:
    code = (
        "import sys; from edge.capture.choose import open_camera; from edge.core.config import CameraConfig; "
        "open_camera('none', CameraConfig()); print([m for m in ('cv2', 'picamera2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
