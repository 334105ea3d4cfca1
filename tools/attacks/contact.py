"""Contact sheets: some frames of each clip in a row, to be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from edge.core.face import Picture
from tools.attacks.camera import AttackCamera

THUMB_PX = (320, 240)


def row(camera: AttackCamera, moments_s: tuple[float, ...], size_px: tuple[int, int] = THUMB_PX) -> Picture:
    """Frames nearest the given moments, side by side, the species written in the first."""
    numbers, cells = {round(t * 30) for t in moments_s}, []
    for index, frame in enumerate(camera.frames()):
        if index in numbers:
            cells.append(cv2.resize(frame.bgr, size_px, interpolation=cv2.INTER_AREA))
        if len(cells) == len(numbers):
            break
    text = f"{camera.clip.species} {camera.clip.seed}"
    for colour, width in ((0, 3), (255, 1)):
        cv2.putText(cells[0], text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (colour,) * 3, width, cv2.LINE_AA)
    return np.asarray(np.hstack(cells), np.uint8)


def write_sheet(cameras: Iterable[AttackCamera], path: Path, moments_s: tuple[float, ...]) -> None:
    """One row per camera, as PNG or JPEG by the path's ending."""
    cv2.imwrite(str(path), np.vstack([row(camera, moments_s) for camera in cameras]))
