"""Photographs of documents and faces: taken from a frame, or made anew from the pixels of what came from outside.

What comes from a phone is decoded within bounds and encoded again: no metadata, no place, nothing hidden goes on.
"""

from __future__ import annotations

import cv2
import numpy as np

from edge.core.document_photo import WIDTH_PX, DocumentHint, judge_document
from edge.core.errors import InputError
from edge.core.face import Picture

MOST_PIXELS = 40_000_000
LONGEST_SIDE_PX = 2000
_REMEDY = "Take the photograph again, as JPEG or PNG."


def photograph_jpeg(picture: Picture) -> bytes:
    """A picture to be kept: BGR, at most LONGEST_SIDE_PX long."""
    longest = max(picture.shape[:2])
    if longest > LONGEST_SIDE_PX:
        scale = LONGEST_SIDE_PX / longest
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        picture = small.astype(np.uint8, copy=False)
    return _encoded(picture, 85)


def read_photograph(raw: bytes) -> Picture:
    """A photograph from outside as BGR pixels. Raises InputError for what is none, or is larger than MOST_PIXELS."""
    try:
        if raw[:3] != b"\xff\xd8\xff" and raw[:8] != b"\x89PNG\r\n\x1a\n":
            raise InputError("this is neither a JPEG nor a PNG picture", remedy=_REMEDY)
        # Reduced to an eighth first, so that a small file which claims to be huge never gets its memory.
        small = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
        if small is None or small.size // 3 * 64 > MOST_PIXELS:
            raise InputError("this picture cannot be read, or is too large", remedy=_REMEDY)
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as e:
        raise InputError("this picture cannot be read", remedy=_REMEDY) from e
    if picture is None or min(picture.shape[:2]) < 200:
        raise InputError("this picture cannot be read, or is too small", remedy=_REMEDY)
    return picture.astype(np.uint8, copy=False)


def is_blank(picture: Picture) -> bool:
    """Whether a drawing has less ink than a signature would: under one pixel in five hundred is dark."""
    return bool((picture.max(axis=2) < 128).mean() < 0.002)


def document_hint(picture: Picture) -> DocumentHint:
    """Whether a document in the picture can be read."""
    scale = WIDTH_PX / picture.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=way), cv2.COLOR_BGR2GRAY)
    return judge_document(sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()), luma=float(grey.mean()))


def _encoded(picture: Picture, quality: int) -> bytes:
    done, raw = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise InputError("this picture cannot be encoded", remedy=_REMEDY)
    return bytes(raw)
