"""Drawings in the place of the camera's picture: a face on a pillow, a card, a code; no screenshot shows a person."""

from __future__ import annotations

import cv2
import numpy as np

from edge.capture.preview import preview_jpeg
from edge.core.face import FaceRegion, Frame, Picture
from edge.paper.qr import qr_png

WIDTH_PX, HEIGHT_PX = 480, 360
_ROLL_DEG = 64.0
_CENTER = (246, 186)


def person_jpeg() -> bytes:
    """What the live page would show of a person who lies on the side, with the box."""
    region = FaceRegion(
        center_px=(float(_CENTER[0]), float(_CENTER[1])),
        width_px=150.0, height_px=176.0, roll_deg=_ROLL_DEG, score=1.0,
    )  # fmt: skip
    return preview_jpeg(Frame(bgr=_drawn(), captured_s=0.0), region, True)


def card_jpeg() -> bytes:
    """A card on a table, its text no text."""
    table = np.full((HEIGHT_PX, WIDTH_PX, 3), (120, 148, 170), np.uint8)
    cv2.rectangle(table, (70, 66), (410, 282), (238, 236, 230), -1)
    cv2.rectangle(table, (300, 100), (384, 212), (206, 200, 190), -1)
    for row, length_px in enumerate((150, 110, 180, 196)):
        cv2.rectangle(table, (96, 104 + 36 * row), (96 + length_px, 116 + 36 * row), (150, 142, 132), -1)
    cv2.rectangle(table, (96, 252), (376, 266), (110, 104, 96), -1)
    return preview_jpeg(Frame(bgr=table, captured_s=0.0), None, True)


def slip_jpeg() -> bytes:
    """A slip held before the camera; its code is nobody's."""
    drawn = np.frombuffer(qr_png("A DRAWING" * 24, module_px=4), np.uint8)
    code = np.asarray(cv2.imdecode(drawn, cv2.IMREAD_COLOR), np.uint8)
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), (120, 148, 170), np.uint8)
    picture[40:320, 100:380] = cv2.resize(code, (280, 280), interpolation=cv2.INTER_AREA)
    return preview_jpeg(Frame(bgr=picture, captured_s=0.0), None, True)


def _drawn() -> Picture:
    down = np.linspace(1.0, 0.82, HEIGHT_PX)[:, None, None]
    room = (np.array([206, 214, 219]) * down * np.ones((1, WIDTH_PX, 1))).astype(np.uint8)
    cv2.ellipse(room, (250, 214), (206, 128), 8, 0, 360, (240, 238, 232), -1, cv2.LINE_AA)
    cv2.ellipse(room, (250, 214), (206, 128), 8, 0, 360, (205, 200, 192), 3, cv2.LINE_AA)
    upright = _head()
    turn = cv2.getRotationMatrix2D((150, 150), -_ROLL_DEG, 1.0)
    turn[:, 2] += np.array(_CENTER) - 150
    head = cv2.warpAffine(upright, turn, (WIDTH_PX, HEIGHT_PX))
    alpha = head[..., 3:].astype(np.float32) / 255
    return (room * (1 - alpha) + head[..., :3] * alpha).astype(np.uint8)


def _head() -> Picture:
    """A head upright, with an alpha channel: grey hair, eyes shut, a calm mouth."""
    skin, hair, line = (168, 196, 224, 255), (176, 176, 172, 255), (84, 100, 128, 255)
    head = np.zeros((300, 300, 4), np.uint8)
    cv2.ellipse(head, (150, 132), (76, 84), 0, 150, 390, hair, -1, cv2.LINE_AA)
    cv2.ellipse(head, (150, 158), (64, 82), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for x in (124, 176):
        cv2.ellipse(head, (x, 150), (14, 6), 0, 10, 170, line, 3, cv2.LINE_AA)
        cv2.ellipse(head, (x, 132), (16, 6), 0, 200, 340, hair, 3, cv2.LINE_AA)
    cv2.ellipse(head, (150, 176), (8, 10), 0, 20, 160, line, 2, cv2.LINE_AA)
    cv2.ellipse(head, (150, 200), (20, 8), 0, 15, 165, line, 3, cv2.LINE_AA)
    return head
