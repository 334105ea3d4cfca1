"""A document is taken only when a person could read it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.capture.still import document_hint
from edge.core.document_photo import DocumentHint
from edge.core.face import Picture


def lines(ground: int = 225) -> Picture:
    """Printed lines, as on a card held before the camera."""
    picture = np.full((480, 640, 3), ground, np.uint8)
    for n in range(12):
        place = (20, 40 + n * 36)
        cv2.putText(picture, f"DOCUMENT 0123456789 LINE {n}", place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 1)
    return picture


def blurred(picture: Picture, sigma_px: float) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), sigma_px).astype(np.uint8)


def test_readable_lines_are_taken_at_any_resolution() -> None:
    assert document_hint(lines()) is DocumentHint.READY
    assert document_hint(blurred(lines(), 1.0)) is DocumentHint.READY
    large = cv2.resize(lines(), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    assert document_hint(large) is DocumentHint.READY


@pytest.mark.parametrize("sigma_px", [1.5, 2.5, 5.0])
def test_shaken_or_unfocused_lines_are_not(sigma_px: float) -> None:
    assert document_hint(blurred(lines(), sigma_px)) is DocumentHint.BLURRED


def test_dark_room_and_glare_are_named_before_blur() -> None:
    assert document_hint((lines() * 0.15).astype(np.uint8)) is DocumentHint.DARK
    assert document_hint(np.full((480, 640, 3), 250, np.uint8)) is DocumentHint.GLARE
