"""Reads the QR code in a photograph, a scan or a screenshot, by OpenCV's detectors."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from edge.core.errors import InputError

MAX_BYTES = 16 * 1024 * 1024
_LARGEST_SIDE_PX = 1600
_ENLARGED_SIDE_PX = 1200


def read_qr(raw: bytes) -> str:
    """The text of the one QR code in a JPEG or PNG. Raises InputError when there is none that can be read."""
    picture = _decode(raw)
    # The older detector cannot read some codes at any size: 6 of 150 clean ones.
    for detector in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        for attempt in _attempts(picture):
            text = _found(detector, attempt)
            if text:
                return text
    raise InputError(
        "no QR code can be read in the picture",
        remedy="Photograph it again: the whole code with its white border, sharp, in even light.",
    )


def _decode(raw: bytes) -> np.ndarray:
    if len(raw) > MAX_BYTES:
        raise InputError(f"a picture has at most {MAX_BYTES >> 20} MiB, got {len(raw) >> 20}")
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE) if raw else None
    except cv2.error as e:
        raise InputError("not a picture that can be read (JPEG or PNG)") from e
    if picture is None:
        raise InputError("not a picture that can be read (JPEG or PNG)")
    return np.asarray(picture, np.uint8)


def _attempts(picture: np.ndarray) -> list[np.ndarray]:
    """The picture, brought to a size the detector is good at, then as it is, then with its contrast made hard."""
    longer = max(picture.shape)
    target = min(max(longer, _ENLARGED_SIDE_PX), _LARGEST_SIDE_PX)
    sized = cv2.resize(picture, None, fx=target / longer, fy=target / longer, interpolation=cv2.INTER_AREA)
    hard = cv2.threshold(sized, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    return [sized, picture, hard]


def _found(detector: Any, picture: np.ndarray) -> str:
    try:
        text, _, _ = detector.detectAndDecode(picture)
    except (cv2.error, UnicodeDecodeError):
        return ""
    return str(text)
