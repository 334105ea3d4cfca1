"""What is known of a picture and the faces in it: frames, regions, meshes, embeddings.

Frame coordinates are pixels of the main stream, x to the right, y down, (0, 0) the corner of the first
pixel. Roll is the angle in degrees, (-180, 180], by which a head is turned clockwise as seen in the
picture; 0 is upright, 90 lies with its crown to the right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]
Affine = NDArray[np.float64]

MESH_POINTS = 468


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One exposure.

    bgr: main stream, H×W×3, blue first, not copied: readers must not write to it.
    captured_s: sensor time on the source's own axis, seconds; never the time of arrival.
    lores_i420: the same exposure from the camera's low-resolution stream, planar YUV 4:2:0 with 3h/2
        rows of w bytes, or None where the source has one stream only.
    """

    bgr: Picture
    captured_s: float
    lores_i420: Picture | None = None

    @property
    def width_px(self) -> int:
        return int(self.bgr.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.bgr.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceRegion:
    """A face as a rectangle turned by `roll_deg` about its centre, in frame coordinates.

    score: the detector's confidence, 0..1. keypoints_px: 6×2 (person's right eye, left eye, nose tip,
    mouth, right ear, left ear) or None when the region was derived from a mesh.
    """

    center_px: tuple[float, float]
    width_px: float
    height_px: float
    roll_deg: float
    score: float
    keypoints_px: Points | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceMesh:
    """468 points on one face and the upright picture they were read from.

    points_px: 468×3 float32 in frame coordinates (z in the same scale, towards the camera negative).
    presence: 0..1, the net's own belief that a face was in the crop.
    crop_rgb: S×S×3, red first, the head turned upright. crop_from_frame: 2×3 affine, frame → crop.
    """

    points_px: Points
    presence: float
    crop_rgb: Picture
    crop_from_frame: Affine


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A face as a unit vector, float32, as long as the model makes it; comparable only within one model."""

    vector: NDArray[np.float32] = field(repr=False)
    model_sha256: str

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, Embedding)
            and self.model_sha256 == other.model_sha256
            and np.array_equal(self.vector, other.vector)
        )

    __hash__ = None  # type: ignore[assignment]
