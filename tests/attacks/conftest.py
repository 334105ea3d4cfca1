"""A studio over the set-up's portraits, and a short clip made from one of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture.opencv_sources import read_picture
from edge.capture.script import Script
from edge.capture.scripted import ScriptedCamera
from edge.models.nets import Nets
from tools.attacks.identities import Identity
from tools.attacks.studio import Studio

FRAMES = 24


@pytest.fixture(scope="session")
def man(portraits: Path) -> Identity:
    return Identity(subject="obama", path=portraits / "obama.jpg")


@pytest.fixture(scope="session")
def film(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A second of a portrait in an unsteady hand, as a clip file."""
    path = tmp_path_factory.mktemp("film") / "clip.avi"
    size = (640, 480)
    video = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), 30.0, size)
    script = Script(seconds=FRAMES / 30, span=0.8, center=(0.5, 0.35))
    with ScriptedCamera(read_picture(portraits / "obama.jpg"), script, seed=1) as camera:
        for frame in camera.frames():
            video.write(np.ascontiguousarray(frame.bgr))
    video.release()
    return Identity(subject="film", path=path, film=True)


@pytest.fixture(scope="session")
def studio(nets: Nets, man: Identity, film: Identity, portraits: Path) -> Studio:
    return Studio(nets, [man, film, Identity(subject="biden", path=portraits / "biden.jpg")])
