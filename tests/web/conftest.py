"""A unit with a small list and two workers, its pages in a process, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from edge.capture.opencv_sources import read_picture
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.demo.page import SHOWN, make_page_unit
from tests.web.kiosk import Kiosk, Walk, chromium


@pytest.fixture(scope="session")
def clip(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of the first man, in a container that any OpenCV writes."""
    file = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 15, (640, 480))
    script = Script(seconds=24, center=(0.58, 0.34), span=0.55, zoom_per_s=0.002)
    for n, frame in enumerate(ScriptedCamera(read_picture(portraits / SHOWN), script, seed=3).frames()):
        if n % 4 == 0:
            writer.write(frame.bgr)
    writer.release()
    return file


@pytest.fixture(scope="session")
def founded(portraits: Path, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A unit as it was made; to be copied."""
    folder = tmp_path_factory.mktemp("founded") / "unit"
    make_page_unit(folder, portraits, bundle_folder).close()
    return folder


@pytest.fixture
def root(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "unit"))


@pytest.fixture
def kiosk(root: Path, clip: Path) -> Iterator[Kiosk]:
    made = Kiosk(root, clip, phones=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def walk(kiosk: Kiosk, browser: object, complaints: list[str]) -> Walk:
    return Walk(browser, kiosk.address, complaints=complaints)
