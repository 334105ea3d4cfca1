"""Sources that can be opened on any machine, made of pictures that are drawn here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.core.face import Picture


def striped(width_px: int = 320, height_px: int = 240, shift: int = 0) -> Picture:
    """A picture whose top is red, whose bottom is blue, and whose bright bar stands at `shift`."""
    picture = np.zeros((height_px, width_px, 3), np.uint8)
    picture[: height_px // 2] = (0, 0, 200)
    picture[height_px // 2 :] = (200, 0, 0)
    picture[:, shift : shift + 16] = 255
    return picture


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twenty-four frames at 24 frames/s; the bar moves 8 px each frame."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 24.0, (320, 240))
    assert writer.isOpened()
    for index in range(24):
        writer.write(striped(shift=8 * index))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photographs of different sizes and formats, and a text file that is none."""
    path = tmp_path / "stills"
    path.mkdir()
    cv2.imwrite(str(path / "a.jpg"), striped())
    cv2.imwrite(str(path / "b.png"), striped(200, 300))
    cv2.imwrite(str(path / "c.JPG"), striped(2560, 1920))
    (path / "notes.txt").write_text("not a picture")
    return path
