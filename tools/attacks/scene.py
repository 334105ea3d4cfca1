"""Layers before a lens: draws what light reaches each pixel of one exposure, far layers first.

A layer is whatever can say where its surface is and how it is painted at a time. Camera and lamps are one rigid unit
in a hand, so the hand's motion is applied to everything that is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from tools.attacks.lighting import Lamps, Room, Shutter, answers, row_powers
from tools.attacks.motion import Hand, Pose
from tools.attacks.projection import (
    NODE_PX,
    Grid,
    Lens,
    Part,
    box_of,
    enlarge,
    frame_nodes,
    project,
    sampled,
    texture_coordinates,
)

LEAST_SMEAR_PX = 0.5
# What the blur of motion and of the lens may carry into a part of the frame from beside it.
BESIDE_PX = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glow:
    """Light that a surface makes itself. light: H×W×3, blue first, 0..1, of the texture's size. lux: at 1.
    flicker, flicker_hz: depth and rate of its own dimming, as screens have it. ripple: texture of the pixel grid's
    beat with the sensor's, drawn over the texture (periodic, N×N×3, mean 1), ripple_mm: the pitch of the grid and
    px_per_mm the texture's scale; sensor_per_px: how many native sensor pixels make one pixel of the frame."""

    light: Grid
    lux: float
    flicker: float = 0.0
    flicker_hz: float = 240.0
    ripple: Grid | None = None
    pitch_px: float = 1.0
    sensor_per_px: float = 3.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A surface at a moment. points_mm: grid before the camera at rest; node (i, j) is texture pixel (j, i)·step_px.
    paint: H×W×4 float32, reflectance blue first, times its fourth channel, the cover 0..1.
    tint: factor of the reflectance on the grid, ×3. gloss, shine: as in lighting.answers. opaque: nothing is seen
    through it or beside it, so that what was drawn before is overwritten."""

    points_mm: Grid
    step_px: float
    paint: Grid
    tint: Grid | None = None
    gloss: float = 0.0
    shine: float = 20.0
    glow: Glow | None = None
    opaque: bool = False


class Layer(Protocol):
    def at(self, time_s: float) -> Placed:
        """The surface as it is at a time, seconds of the clip."""


class Scene:
    """What stands before the lens. `radiance` draws it; nothing is kept between calls but tables."""

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        lens: Lens,
        room: Room,
        lamps: Lamps | None,
        shutter: Shutter,
        hand: Hand,
    ) -> None:
        self.layers = tuple(layers)
        self.lens, self.room, self.lamps, self.shutter = lens, room, lamps, shutter
        self._hand = hand
        self._nodes = frame_nodes(lens)

    def radiance(self, time_s: float, *, powers: tuple[float, float] | None = None, part: Part | None = None) -> Grid:
        """H×W×3 float32, blue first, lux × reflectance, of the exposure that begins at `time_s`.

        powers: of the lamps, left and right, in place of their code (for metering). part: draws no more than that
        (None: the whole frame); BESIDE_PX within its border the light is what it is in the whole.
        """
        part = part or Part.whole(self.lens)
        out = np.zeros((part.bottom - part.top, part.right - part.left, 3), np.float32)
        rows = row_powers(self.room, self.lamps, self.shutter, time_s, self.lens.height_px // NODE_PX)
        if powers is not None:
            rows[:, 1:] = powers
        hand = self._hand.at(time_s)
        later = self._hand.at(time_s + self.shutter.readout_s)
        for layer in self.layers:
            placed = layer.at(time_s)
            self._draw(out, part, placed, hand, later, rows, time_s)
        moved = self._skew(placed.points_mm, hand, later)[-1] * (self.shutter.exposure_s / self.shutter.readout_s)
        return _smeared(out, moved)

    def _draw(
        self, out: Grid, part: Part, placed: Placed, hand: Pose, later: Pose, rows: Grid, time_s: float
    ) -> None:
        points = hand.of(placed.points_mm)
        seen = project(self.lens, points)
        box = box_of(seen, part)
        if box is None:
            return
        top, bottom, left, right = box
        nodes = self._nodes[top:bottom, left:right] - self._skew(placed.points_mm, hand, later)[top:bottom, None]
        cells = texture_coordinates(seen, placed.step_px, nodes)
        onto, mirrored = answers(points, self.room, self.lamps, gloss=placed.gloss, shine=placed.shine)
        light = self._coloured(_look_up(onto, cells), rows[top:bottom])
        if placed.tint is not None:
            light *= _look_up(placed.tint, cells)
        where = enlarge(cells) * np.float32(placed.step_px)
        paint = sampled(placed.paint, where, beyond=cv2.BORDER_CONSTANT)
        # OpenCV's own arithmetic on whole pictures is several times faster than numpy's on slices of channels.
        colour = cv2.multiply(cv2.cvtColor(paint, cv2.COLOR_BGRA2BGR), enlarge(light))
        cover = cv2.cvtColor(cv2.extractChannel(paint, 3), cv2.COLOR_GRAY2BGR) if not placed.opaque else None
        if placed.gloss > 0:
            shone = enlarge(self._coloured(_look_up(mirrored, cells), rows[top:bottom]))
            colour = cv2.add(colour, shone if cover is None else cv2.multiply(cover, shone))
        if placed.glow is not None:
            fold = self._fold(placed.glow, seen, placed.step_px) if placed.glow.ripple is not None else None
            colour = cv2.add(colour, self._glow(placed.glow, where, box, time_s, fold))
        view = out[
            top * NODE_PX - part.top : bottom * NODE_PX - part.top,
            left * NODE_PX - part.left : right * NODE_PX - part.left,
        ]
        view[...] = colour if cover is None else cv2.add(colour, cv2.subtract(view, cv2.multiply(view, cover)))

    def _skew(self, points_mm: Grid, hand: Pose, later: Pose) -> Grid:
        """Rows × 2: how far, in px, the layer has moved when each row of nodes is exposed (rolling shutter)."""
        middle = points_mm[points_mm.shape[0] // 2, points_mm.shape[1] // 2][None]
        moved = (project(self.lens, later.of(middle)) - project(self.lens, hand.of(middle)))[0]
        share = np.linspace(0, 1, self.lens.height_px // NODE_PX, dtype=np.float32)
        return np.asarray(share[:, None] * moved, np.float32)

    def _coloured(self, light: Grid, rows: Grid) -> Grid:
        """Nodes × 3 sources to nodes × 3 colours, each source at the power it has in the row."""
        light = light * rows[:, None]
        tints = np.zeros((3, 3), np.float32)
        tints[0] = self.room.tint_bgr
        if self.lamps is not None:
            tints[1:] = self.lamps.tint_bgr
        return np.asarray(light @ tints, np.float32)

    def _fold(self, glow: Glow, seen: Grid, step_px: float) -> Grid:
        """How many whole periods of the screen's grid pass from one native sensor pixel to the next, (x, y): over all
        of the frame that the screen takes up."""
        top, bottom, left, right = box_of(seen, Part.whole(self.lens)) or (0, 2, 0, 2)
        corners = self._nodes[[top, top, bottom - 1], [left, right - 1, left]][None]
        phase = texture_coordinates(seen, step_px, corners)[0] * np.float32(step_px / glow.pitch_px)
        samples = np.array([right - 1 - left, bottom - 1 - top]) * NODE_PX * glow.sensor_per_px
        rate = np.array([phase[1, 0] - phase[0, 0], phase[2, 1] - phase[0, 1]])
        return np.rint(rate / np.maximum(samples, 1e-6)).astype(np.float32)

    def _glow(
        self, glow: Glow, where: Grid, box: tuple[int, int, int, int], time_s: float, fold: Grid | None
    ) -> Grid:
        light = sampled(glow.light, where, beyond=cv2.BORDER_CONSTANT)
        begin = time_s + np.linspace(0, self.shutter.readout_s, self.lens.height_px)
        hz, over_s = glow.flicker_hz, self.shutter.exposure_s
        wave = np.cos(2 * np.pi * hz * (begin + over_s / 2)) * np.sinc(hz * over_s)
        dimming = (glow.lux * (1 + glow.flicker * wave))[box[0] * NODE_PX : box[1] * NODE_PX]
        light *= dimming.astype(np.float32)[:, None, None]
        if fold is not None:
            light *= _ripple(glow, where, box, fold)
        return np.asarray(light, np.float32)


def _smeared(light: Grid, moved_px: Grid) -> Grid:
    """Motion blur: what the last layer moved by while a row was exposed, spread along its way."""
    length = float(np.hypot(*moved_px))
    if length < LEAST_SMEAR_PX:
        return light
    side = 2 * int(np.ceil(length / 2)) + 1
    kernel, middle = np.zeros((side, side), np.float32), side // 2
    for share in np.linspace(-0.5, 0.5, 9):
        patch = np.array([[1, 0, middle + share * moved_px[0]], [0, 1, middle + share * moved_px[1]]], np.float32)
        kernel += cv2.warpAffine(np.ones((1, 1), np.float32), patch, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.filter2D(light, -1, kernel / kernel.sum()), np.float32)


def _ripple(glow: Glow, where: Grid, box: tuple[int, int, int, int], fold: Grid) -> Grid:
    """The beat of the screen's grid with the sensor's: both are periodic, and what is left is the slow difference."""
    assert glow.ripple is not None
    height, width = where.shape[:2]
    native = np.dstack(
        np.meshgrid(
            (box[2] * NODE_PX + np.arange(width, dtype=np.float32)) * glow.sensor_per_px,
            (box[0] * NODE_PX + np.arange(height, dtype=np.float32)) * glow.sensor_per_px,
        )
    )
    slow = where / np.float32(glow.pitch_px) - fold * native
    size = glow.ripple.shape[0]
    index = np.asarray((slow - np.floor(slow)) * size, np.float32)
    return sampled(glow.ripple, index, beyond=cv2.BORDER_WRAP)


def _look_up(grid: Grid, cells: Grid) -> Grid:
    return sampled(grid, cells, beyond=cv2.BORDER_REPLICATE)
