"""Flesh or picture, by texture: a wide upright crop, a classifier, the probability of its live class."""

from __future__ import annotations

import numpy as np

from edge.core.face import FaceRegion, Frame
from edge.core.geometry import shifted_inside
from edge.core.manifest import ClassReading, NetInput
from edge.models.picture import fill_input, quarter_turned, resized
from edge.models.runtime import RuntimeNet


class TextureLiveness:
    """LivenessNet over a classifier that sees the face with what surrounds it."""

    def __init__(self, net: RuntimeNet, want: NetInput, reading: ClassReading) -> None:
        self._net, self._want, self._reading = net, want, reading

    def live_probability(self, frame: Frame, region: FaceRegion) -> float:
        """Probability 0..1 of the live class.

        The crop is `crop_scale` times the box, moved (not padded) to lie inside the picture, and turned by the
        quarter turn next to the head's roll: a finer turn would need pixels that the picture does not have.
        """
        quarter = round(region.roll_deg / 90.0) * 90
        width, height = region.width_px, region.height_px
        if quarter % 180:
            width, height = height, width
        scale = min(self._reading.crop_scale, (frame.width_px - 1) / width, (frame.height_px - 1) / height)
        x, y = region.center_px
        left, right = shifted_inside(x - width * scale / 2, x + width * scale / 2, float(frame.width_px))
        top, bottom = shifted_inside(y - height * scale / 2, y + height * scale / 2, float(frame.height_px))
        crop = frame.bgr[int(top) : max(int(bottom), int(top) + 1), int(left) : max(int(right), int(left) + 1)]
        small = quarter_turned(resized(crop, (self._want.width_px, self._want.height_px)), quarter)
        fill_input(self._net.input, small, self._want, colours="bgr")
        values = self._net.run()[0].reshape(-1).astype(np.float64)
        if self._reading.softmax:
            values = np.exp(values - values.max())
            values /= values.sum()
        return float(values[self._reading.live_class])
