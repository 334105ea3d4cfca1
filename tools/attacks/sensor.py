"""From light to picture: exposure and gain planned once and locked, photon and read noise, tone curve, JPEG.

The unit locks exposure and white balance before its window; `drift` is there for cameras that do not obey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from edge.core.face import Picture
from tools.attacks.motion import Wander
from tools.attacks.projection import Grid, Lens, Part, corner_falloff

NOISE_MARGIN_PX = 96
LUMA_BGR = np.array([0.07, 0.72, 0.21], np.float32)
LEVELS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """well_e: electrons of a full pixel at gain 1, after binning. read_e: read noise, electrons, root mean square.
    target: where the metered face lies, 0..1 of linear full scale. jpeg_quality: None for an uncompressed stream.
    drift: root mean square of a wandering white balance, share; 0 is locked."""

    well_e: float = 20000.0
    read_e: float = 6.0
    target: float = 0.22
    jpeg_quality: int | None = None
    drift: float = 0.0


def to_linear(picture: Picture) -> Grid:
    """8-bit sRGB to linear 0..1 (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    table = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(cv2.LUT(picture, table), np.float32)


def tone_table() -> Picture:
    """LEVELS linear values to 8-bit sRGB, with the soft shoulder that camera pipelines give to highlights; what is
    over them is white, up to the end of 16 bits."""
    linear = np.minimum(np.arange(2**16) / (LEVELS - 1), 1.0)
    shoulder = np.where(linear < 0.7, linear, 0.7 + 0.3 * np.tanh((linear - 0.7) / 0.3) / np.tanh(1.0))
    coded = np.where(shoulder <= 0.0031308, 12.92 * shoulder, 1.055 * shoulder ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * np.clip(coded, 0, 1)), np.uint8)


class Development:
    """Turns the light of one clip into pictures. balance_bgr: the locked white balance."""

    def __init__(
        self, sensor: Sensor, lens: Lens, *, metered_lux: float, balance_bgr: tuple[float, float, float], seed: int
    ) -> None:
        rng = np.random.default_rng((seed, 7))
        self._sensor, self._lens, self._seed = sensor, lens, seed
        self._gain = sensor.target / max(metered_lux, 1e-3)
        self._falloff = corner_falloff(lens) * np.asarray(balance_bgr, np.float32)
        # Short exposures in a dim room are amplified: fewer electrons then make full scale.
        amplified = float(np.clip(60.0 / max(metered_lux, 1e-3), 1.0, 12.0))
        self._full_e = sensor.well_e / amplified
        self._grain = _grain(rng, lens)
        self._tone = tone_table()
        self._drift = Wander(rng, 3, sway=sensor.drift)

    def picture(
        self, radiance: Grid, index: int, time_s: float, *, part: Part, wanted: Part | None = None
    ) -> Picture:
        """The exposure as 8-bit BGR. Changes `radiance`, which is of `part`; gives the `wanted` part, or all."""
        gain = self._gain * (1 + self._drift.at(time_s)) if self._sensor.drift else np.full(3, self._gain)
        radiance *= self._falloff[part.slices] * gain.astype(np.float32)
        if self._lens.blur_px > 0:
            radiance = np.asarray(cv2.GaussianBlur(radiance, (0, 0), self._lens.blur_px), np.float32)
        if wanted is not None:
            radiance = radiance[
                wanted.top - part.top : wanted.bottom - part.top, wanted.left - part.left : wanted.right - part.left
            ]
            part = wanted
        floor = (self._sensor.read_e / self._full_e) ** 2
        spread = np.asarray(cv2.sqrt(radiance * np.float32(1 / self._full_e) + np.float32(floor)), np.float32)
        x, y = np.random.default_rng((self._seed, index)).integers(0, NOISE_MARGIN_PX, 2).tolist()
        spread *= self._grain[y + part.top : y + part.bottom, x + part.left : x + part.right]
        spread += radiance
        top: Any = (float(LEVELS - 1),) * 4  # the stubs want an array
        codes = np.asarray(cv2.multiply(spread, top, dtype=cv2.CV_16U), np.uint16)
        return self._compressed(np.take(self._tone, codes))  # OpenCV 4 has no look-up for 16 bits

    def _compressed(self, picture: Picture) -> Picture:
        quality = self._sensor.jpeg_quality
        if quality is None:
            return picture
        _, coded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _grain(rng: np.random.Generator, lens: Lens) -> Grid:
    """Unit noise, wider than the frame, of which each frame shows another part; neighbours share some of it, as
    they do after demosaicing."""
    shape = (lens.height_px + NOISE_MARGIN_PX, lens.width_px + NOISE_MARGIN_PX, 3)
    raw = rng.standard_normal(shape, np.float32)
    mixed = cv2.GaussianBlur(raw, (0, 0), 0.55)
    return np.asarray(mixed / mixed.std(), np.float32)
