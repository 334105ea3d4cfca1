"""Views of real portraits: cut-outs as a camera would give them, turned, near and far, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edge.core.face import FaceRegion, Frame, Picture
from edge.core.geometry import upright_crop
from edge.models.nets import Nets
from edge.models.picture import warped

_SIZE_PX = (640, 480)
# Roll in degrees, width of the view in face widths, gamma, gain: fixed, so that every build sees the same.
CALIBRATION = (
    (0.0, 4.0, 1.0, 1.0),
    (0.0, 2.4, 0.7, 0.6),
    (15.0, 3.0, 1.4, 1.0),
    (-20.0, 5.0, 1.0, 0.45),
    (35.0, 2.8, 1.0, 1.25),
    (-40.0, 3.5, 1.3, 0.7),
)
COMPARISON = (
    (0.0, 3.2, 1.0, 0.9),
    (8.0, 2.6, 0.8, 1.1),
    (-12.0, 4.5, 1.2, 0.5),
    (25.0, 3.4, 1.0, 0.8),
    (-30.0, 2.9, 1.1, 1.0),
)


def face_of(nets: Nets, picture: Picture) -> FaceRegion | None:
    """The best face of a whole portrait."""
    found = nets.detector.detect(Frame(bgr=picture, captured_s=0.0))
    return found[0] if found else None


def views(picture: Picture, face: FaceRegion, kinds: Sequence[tuple[float, float, float, float]]) -> Iterator[Frame]:
    """One 640×480 frame per kind, the face off the middle."""
    for count, (roll_deg, width, gamma, gain) in enumerate(kinds):
        side_px = face.width_px * width
        x, y = face.center_px
        away = ((count % 3) - 1) * 0.12 * side_px
        affine = upright_crop((x + away, y - away / 2), side_px, face.roll_deg - roll_deg, _SIZE_PX[0])
        affine[1, 2] -= (_SIZE_PX[0] - _SIZE_PX[1]) / 2
        levels = np.clip((np.arange(256) / 255.0) ** gamma * gain * 255.0, 0, 255).astype(np.uint8)
        yield Frame(bgr=levels[warped(picture, affine, _SIZE_PX, repeat_border=True)], captured_s=float(count))
