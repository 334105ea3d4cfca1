"""How a camera lays a picture in a flat buffer, and the picture taken out of it; rows may be padded to a stride."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.core.face import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLayout:
    """Width and height in px; stride_bytes from one row (of the first plane) to the next."""

    width_px: int
    height_px: int
    stride_bytes: int

    @classmethod
    def of(cls, stream: Mapping[str, Any]) -> StreamLayout:
        """From one stream of a picamera2 configuration that was read back."""
        width_px, height_px = stream["size"]
        return cls(width_px=width_px, height_px=height_px, stride_bytes=stream["stride"])


def bgr_view(buffer: Picture, layout: StreamLayout) -> Picture:
    """H×W×3 over the same memory, whatever the stride."""
    rows = buffer[: layout.height_px * layout.stride_bytes].reshape(layout.height_px, layout.stride_bytes)
    return rows[:, : 3 * layout.width_px].reshape(layout.height_px, layout.width_px, 3)


def i420_packed(buffer: Picture, layout: StreamLayout) -> Picture:
    """Planar YUV 4:2:0 as 3h/2 rows of w bytes; copied only if rows are padded.

    The planes U and V have half the stride of Y, so padding cannot be sliced off as one rectangle.
    """
    width, height, stride = layout.width_px, layout.height_px, layout.stride_bytes
    if stride == width:
        return buffer[: height * width * 3 // 2].reshape(height * 3 // 2, width)
    luma = buffer[: height * stride].reshape(height, stride)[:, :width]
    chroma = buffer[height * stride : height * stride * 3 // 2].reshape(height, stride // 2)[:, : width // 2]
    packed = np.empty((height * 3 // 2, width), np.uint8)
    packed[:height] = luma
    packed[height:] = chroma.reshape(height // 2, width)
    return packed
