"""468 points on a face: upright crop, net, points back in frame coordinates."""

from __future__ import annotations

import numpy as np

from edge.core.face import MESH_POINTS, FaceMesh, FaceRegion, Frame
from edge.core.geometry import apply, invert, scale_of, upright_crop
from edge.core.manifest import MeshReading, NetInput
from edge.models.picture import fill_input, swapped, warped
from edge.models.runtime import RuntimeNet


class MeshLandmarker:
    """Landmarker over a face mesh net with MediaPipe's 468-point topology."""

    def __init__(self, net: RuntimeNet, want: NetInput, reading: MeshReading) -> None:
        self._net, self._want, self._reading = net, want, reading

    def fit(self, frame: Frame, region: FaceRegion) -> FaceMesh:
        """The mesh of the face in `region`; outside the picture the crop is black."""
        size_px = self._want.width_px
        side_px = max(region.width_px, region.height_px, 1.0) * self._reading.crop_scale
        affine = upright_crop(region.center_px, side_px, region.roll_deg, size_px)
        crop_rgb = swapped(warped(frame.bgr, affine, (size_px, size_px)))
        fill_input(self._net.input, crop_rgb, self._want, colours="rgb")
        outputs = self._net.run()
        points = outputs[self._reading.points_output].reshape(MESH_POINTS, 3)
        placed = np.empty((MESH_POINTS, 3), np.float32)
        placed[:, :2] = apply(invert(affine), points[:, :2])
        placed[:, 2] = points[:, 2] / scale_of(affine)
        logit = float(outputs[self._reading.presence_output].reshape(-1)[0])
        return FaceMesh(
            points_px=placed,
            presence=1.0 / (1.0 + float(np.exp(-np.clip(logit, -80.0, 80.0)))),
            crop_rgb=crop_rgb,
            crop_from_frame=affine,
        )
