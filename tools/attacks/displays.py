"""Screens that show a picture or a film: gamut, black level, bands, pixel grid, bezel, glass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.core.face import Picture
from tools.attacks.projection import Grid
from tools.attacks.scene import Glow
from tools.attacks.sensor import to_linear


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """Sizes in mm, of the lit area; bezel_mm around it. pitch_mm: of its pixels. nits: of white. black: share of
    white that black still gives. flicker, flicker_hz: of its dimming. gloss, shine: of its glass."""

    name: str
    width_mm: float
    height_mm: float
    bezel_mm: float
    corner_mm: float
    px_per_mm: float
    pitch_mm: float
    nits: float
    black: float
    saturation: float
    gamma: float
    flicker: float
    flicker_hz: float
    gloss: float
    shine: float
    near_mm: float
    far_mm: float


PHONE = Display(
    name="phone", width_mm=70, height_mm=150, bezel_mm=3.5, corner_mm=9, px_per_mm=3.2, pitch_mm=0.058, nits=260,
    black=0.0005, saturation=1.15, gamma=1.03, flicker=0.25, flicker_hz=240, gloss=0.04, shine=2500, near_mm=150,
    far_mm=210,
)  # fmt: skip
TABLET = Display(
    name="tablet", width_mm=160, height_mm=230, bezel_mm=9, corner_mm=8, px_per_mm=2.2, pitch_mm=0.096, nits=220,
    black=0.0012, saturation=1.0, gamma=0.98, flicker=0.05, flicker_hz=200, gloss=0.04, shine=1500, near_mm=260,
    far_mm=380,
)  # fmt: skip
MONITOR = Display(
    name="monitor", width_mm=345, height_mm=260, bezel_mm=14, corner_mm=3, px_per_mm=1.6, pitch_mm=0.265, nits=180,
    black=0.002, saturation=0.92, gamma=1.0, flicker=0.03, flicker_hz=180, gloss=0.02, shine=40, near_mm=330,
    far_mm=520,
)  # fmt: skip


def varied(display: Display, rng: np.random.Generator) -> Display:
    """Another specimen of the kind: brightness, contrast, colours, dimming."""
    return replace(
        display, nits=display.nits * float(rng.uniform(0.5, 1.6)),
        black=display.black * float(rng.uniform(0.7, 2.5)),
        saturation=display.saturation * float(rng.uniform(0.88, 1.1)),
        gamma=display.gamma * float(rng.uniform(0.9, 1.12)),
        flicker=display.flicker * float(rng.uniform(0.2, 1.5)),
        pitch_mm=display.pitch_mm * float(rng.uniform(0.9, 1.1)),
    )  # fmt: skip


def body(display: Display) -> tuple[Grid, tuple[int, int, int, int]]:
    """The dark front, H×W×4, and where in it the lit area is: top, bottom, left, right."""
    scale, edge = display.px_per_mm, display.bezel_mm
    width, height = (round((side + 2 * edge) * scale) for side in (display.width_mm, display.height_mm))
    cover = np.zeros((height, width), np.uint8)
    r = round(display.corner_mm * scale)
    cv2.rectangle(cover, (r, 1), (width - 1 - r, height - 2), 255, -1)
    cv2.rectangle(cover, (1, r), (width - 2, height - 1 - r), 255, -1)
    for x in (r, width - 1 - r):
        for y in (r, height - 1 - r):
            cv2.circle(cover, (x, y), r - 1, 255, -1)
    soft = cv2.GaussianBlur(cover, (0, 0), 0.8).astype(np.float32) / 255
    tone = np.full((height, width, 3), 0.025, np.float32)
    paint = np.dstack([tone * soft[..., None], soft]).astype(np.float32)
    b = round(edge * scale)
    return paint, (b, height - b, b, width - b)


def shown(
    display: Display, film: Callable[[float], Picture], face_px: tuple[float, float, float], *, fills: float
) -> Callable[[float], Glow]:
    """What the display glows at a time. film: the picture shown; face_px: centre x, y and width of the face in it.
    fills: share of the lit width that the face takes."""
    paint, (top, bottom, left, right) = body(display)
    lit = (right - left, bottom - top)
    scale = fills * lit[0] / face_px[2]
    place = np.array([[scale, 0, lit[0] / 2 - scale * face_px[0]], [0, scale, 0.47 * lit[1] - scale * face_px[1]]])
    ripple = pixel_ripple(display)
    light = np.zeros((*paint.shape[:2], 3), np.float32)

    def glow(time_s: float) -> Glow:
        cut = cv2.warpAffine(film(time_s), place, lit, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_CONSTANT)
        light[top:bottom, left:right] = emitted(display, np.asarray(cut, np.uint8))
        return Glow(
            light=light, lux=np.pi * display.nits, flicker=display.flicker, flicker_hz=display.flicker_hz,
            ripple=ripple, pitch_px=display.pitch_mm * display.px_per_mm,
        )  # fmt: skip

    return glow


def emitted(display: Display, picture: Picture) -> Grid:
    """Linear light of each pixel, 0..1: the panel's own gamma, its gamut, and the black that is not black."""
    linear = to_linear(picture)
    if display.gamma != 1.0:
        linear = np.asarray(cv2.pow(linear, display.gamma), np.float32)
    s = display.saturation
    grey = (1 - s) * np.array([0.07, 0.72, 0.21])
    mix = np.eye(3) * s + grey[None, :]
    light = cv2.transform(linear, mix.astype(np.float32))
    return np.asarray(np.clip(light, 0, 1) * (1 - display.black) + display.black, np.float32)


def pixel_ripple(display: Display) -> Grid:
    """32×32×3: one period of the pixel grid as the sensor's own pixels average it; the three colours side by side.

    A sensor pixel that sees a whole screen pixel hardly notices the grid; one that sees a part of it does.
    """
    depth = 0.10 if display.pitch_mm > 0.2 else 0.035 if display.pitch_mm > 0.08 else 0.012
    x = np.arange(32) / 32
    columns = np.stack([np.cos(2 * np.pi * (x - third / 3)) for third in (2, 1, 0)], axis=1)
    rows = np.cos(2 * np.pi * x)[:, None, None]
    return np.asarray(1 + depth * columns[None] + 0.5 * depth * rows, np.float32)
