"""Faces in a frame: letterbox, net, decoded anchors, regions in frame coordinates."""

from __future__ import annotations

from edge.core import blazeface
from edge.core.face import FaceRegion, Frame
from edge.core.geometry import apply, invert, roll_between, scale_of, wrap_deg
from edge.core.manifest import AnchorReading, NetInput
from edge.models.picture import fill_input, letterboxed
from edge.models.runtime import RuntimeNet


class AnchorDetector:
    """FaceDetector over an anchor-based net (BlazeFace and its kin)."""

    def __init__(self, net: RuntimeNet, want: NetInput, reading: AnchorReading) -> None:
        self._net, self._want, self._reading = net, want, reading
        self._anchors = blazeface.anchor_centers(want.width_px, reading.layers)

    @property
    def input_side_px(self) -> int:
        """Side of the square that a frame is fitted into."""
        return self._want.width_px

    def detect(self, frame: Frame, turn_deg: float = 0.0) -> list[FaceRegion]:
        """Faces whose roll is near `turn_deg`, best score first, in frame coordinates.

        Roll comes from the eye keypoints. The net bears about ±45° around `turn_deg`.
        """
        square, affine = letterboxed(frame, self._want.width_px, turn_deg)
        fill_input(self._net.input, square, self._want, colours="bgr")
        outputs = self._net.run()
        found = blazeface.decode(
            outputs[self._reading.boxes_output][0],
            outputs[self._reading.scores_output].reshape(-1),
            self._anchors,
            input_per_unit=self._reading.unit_px,
            min_score=self._reading.min_score,
        )
        if not len(found.scores):
            return []
        faces = blazeface.blend(found, overlap=self._reading.overlap)
        back, per_px = invert(affine), 1.0 / scale_of(affine)
        regions = []
        for score, box, points in zip(faces.scores, faces.boxes, faces.keypoints, strict=True):
            keypoints = apply(back, points[list(self._reading.keypoints)])
            x, y = apply(back, box[None, :2])[0].tolist()
            regions.append(
                FaceRegion(
                    center_px=(x, y),
                    width_px=float(box[2]) * per_px,
                    height_px=float(box[3]) * per_px,
                    roll_deg=wrap_deg(roll_between(keypoints[0], keypoints[1])),
                    score=float(score),
                    keypoints_px=keypoints,
                )
            )
        return regions
