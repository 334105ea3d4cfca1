"""A slip's QR code must be read back from a file, from a bad photograph of a screen, and from nothing else."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from edge.core.errors import InputError
from edge.paper.qr import qr_png, qr_svg
from edge.paper.qr_reading import read_qr
from tests.core.test_slip import TEXT


def test_code_is_read_back() -> None:
    assert read_qr(qr_png(TEXT)) == TEXT
    assert read_qr(qr_png(TEXT, module_px=2)) == TEXT


def test_no_code_is_unreadable_by_its_content() -> None:
    """One of OpenCV's detectors fails on about one code in 25, however clean."""
    for number in range(40):
        text = "DS1:" + base64.b32encode(np.random.default_rng(number).bytes(175)).decode()
        assert read_qr(qr_png(text, module_px=3)) == text


@pytest.mark.parametrize("turn_deg", [0, 12, 100])
def test_photograph_of_a_screen_is_read(turn_deg: float) -> None:
    code = cv2.imdecode(np.frombuffer(qr_png(TEXT, module_px=6), np.uint8), cv2.IMREAD_COLOR)
    height, width = code.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    leaning = np.float32([[300, 210], [840, 240], [800, 760], [330, 720]])
    seen = cv2.warpPerspective(
        code, cv2.getPerspectiveTransform(corners, leaning), (1200, 900), borderValue=(60, 70, 80)
    )
    seen = cv2.warpAffine(seen, cv2.getRotationMatrix2D((600, 450), turn_deg, 1.0), (1200, 900))
    noise = np.random.default_rng(1).normal(20, 6, seen.shape)
    seen = np.clip(cv2.GaussianBlur(seen, (3, 3), 0) * 0.6 + noise, 0, 255)
    photograph = cv2.imencode(".jpg", seen.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()
    assert read_qr(photograph) == TEXT


def test_svg_has_a_white_ground_and_loads_nothing() -> None:
    svg = qr_svg(TEXT)
    assert b'fill="#fff"' in svg
    assert b"href" not in svg and b"style" not in svg and b"<script" not in svg


@pytest.mark.parametrize("raw", [b"", b"no picture", qr_png(TEXT)[:200]])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="picture"):
        read_qr(raw)


def test_picture_without_a_code_is_refused_with_a_remedy() -> None:
    empty = cv2.imencode(".png", np.full((300, 400), 200, np.uint8))[1].tobytes()
    with pytest.raises(InputError, match="no QR code") as refused:
        read_qr(empty)
    assert "again" in refused.value.remedy
