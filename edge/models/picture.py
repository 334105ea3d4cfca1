"""Picture operations for the nets: letterboxes, turned crops, aligned faces. The one file here that uses OpenCV.

All maps are corner-based (edge/core/face.py); OpenCV counts from pixel centres, so they are moved by half a
pixel at this border and nowhere else.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.core.errors import InputError
from edge.core.face import Affine, Frame, Picture
from edge.core.geometry import letterbox_map, scale_of
from edge.core.manifest import NetInput

_QUARTER_TURNS = {
    90.0: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180.0: cv2.ROTATE_180,
    270.0: cv2.ROTATE_90_CLOCKWISE,
}


def letterboxed(frame: Frame, side_px: int, turn_deg: float) -> tuple[Picture, Affine]:
    """The whole frame, blue first, in a black square of `side_px`, turned so that roll `turn_deg` is upright.

    Taken from the low-resolution stream where the frame has one: the full picture is then not touched.
    Gives the square and the map frame → square.
    """
    affine = letterbox_map(frame.width_px, frame.height_px, turn_deg, side_px)
    source = _lores_bgr(frame.lores_i420) if frame.lores_i420 is not None else frame.bgr
    square = np.zeros((side_px, side_px, 3), np.uint8)
    turn = turn_deg % 360.0
    if turn in (0.0, 90.0, 180.0, 270.0):
        scale = scale_of(affine)
        size = (max(1, round(frame.width_px * scale)), max(1, round(frame.height_px * scale)))
        small = _shrunk(source, size)
        if turn:
            small = quarter_turned(small, turn)
        height, width = small.shape[:2]
        top, left = (side_px - height) // 2, (side_px - width) // 2
        square[top : top + height, left : left + width] = small
        # Whole pixels: say where the picture really went, not where it would ideally have gone.
        affine = affine.copy()
        affine[0, 2] += left + width / 2 - side_px / 2
        affine[1, 2] += top + height / 2 - side_px / 2
        return square, affine
    cells = (source.shape[1], source.shape[0])
    for factor in range(int(1.0 / scale_of(affine) * source.shape[1] / frame.width_px), 1, -1):
        if cells[0] % factor == 0 and cells[1] % factor == 0:
            source = _shrunk(source, (cells[0] // factor, cells[1] // factor))
            break
    to_frame = np.diag([frame.width_px / source.shape[1], frame.height_px / source.shape[0], 1.0])
    cv2.warpAffine(source, _for_opencv(affine @ to_frame), (side_px, side_px), dst=square, flags=cv2.INTER_LINEAR)
    return square, affine


def warped(
    bgr: Picture, affine: Affine, size_px: tuple[int, int], *, repeat_border: bool = False, cubic: bool = False
) -> Picture:
    """The part of a picture that `affine` maps into width × height, same channel order; black outside of it,
    or the border's colour when `repeat_border`. cubic: smoother where small things are enlarged."""
    border = cv2.BORDER_REPLICATE if repeat_border else cv2.BORDER_CONSTANT
    flags = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(bgr, _for_opencv(affine), size_px, flags=flags, borderMode=border), np.uint8)


def averaged(bgr: Picture, affine: Affine, side_px: int) -> Picture:
    """The square that `affine` maps into `side_px`, its border continued, every pixel of the picture counted.

    A plain warp takes four pixels of many where it shrinks; what it skips lets a sensor's noise through.
    """
    factor = max(1, round(1.0 / scale_of(affine)))
    wide = side_px * factor
    crop = warped(bgr, affine * factor, (wide, wide), repeat_border=True)
    return crop if factor == 1 else _shrunk(crop, (side_px, side_px))


def quarter_turned(picture: Picture, turn_deg: float) -> Picture:
    """Turned so that what had roll `turn_deg` (90, 180 or 270) is upright."""
    return np.asarray(cv2.rotate(picture, _QUARTER_TURNS[turn_deg]), np.uint8)


def swapped(picture: Picture) -> Picture:
    """Red-first from blue-first, and back."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def fill_input(target: np.ndarray, picture: Picture, want: NetInput, *, colours: str) -> None:
    """Writes a picture of the right size, channels in order `colours`, into a float32 input 1×H×W×3."""
    source = picture if colours == want.colours else swapped(picture)
    np.multiply(source, np.float32((want.high - want.low) / 255.0), out=target[0])
    if want.low:
        target += np.float32(want.low)


def decode_picture(raw: bytes) -> Picture:
    """A JPEG or PNG as blue-first pixels. Raises InputError."""
    picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR) if raw else None
    if picture is None:
        raise InputError("not a picture that can be read (JPEG or PNG)")
    return np.asarray(picture, np.uint8)


def _shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    height, width = picture.shape[:2]
    if size[0] >= width:
        return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    # Averaging by a whole factor is many times faster than by a broken one; what is left is less than a half.
    factor = width // size[0]
    if factor > 1 and width % factor == 0 and height % factor == 0:
        picture = np.asarray(
            cv2.resize(picture, (width // factor, height // factor), interpolation=cv2.INTER_AREA), np.uint8
        )
        return picture if picture.shape[1::-1] == size else np.asarray(cv2.resize(picture, size), np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _lores_bgr(planes: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _for_opencv(affine: Affine) -> Affine:
    moved = affine[:2].copy()
    moved[:, 2] += moved[:, :2].sum(axis=1) * 0.5 - 0.5
    return moved
