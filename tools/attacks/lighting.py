"""The light in the room and from the unit's two lamps, and how a surface answers it.

Light is in lux on the surface; what leaves a surface is reflectance × lux, so that a white sheet under 100 lux shows
100. Lamps are points beside the lens (inverse square, cosine law); gloss is normalised Blinn-Phong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.light_code import LightCode, state_at
from tools.attacks.projection import Grid

LAMP_REFERENCE_MM = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """ambient_lux: on a surface that faces the light. tint_bgr: its colour, green 1. towards: unit vector to the main
    source in camera axes. direct: share 0..1 that comes from there, the rest from all around.
    flicker: depth 0..1 of the mains flicker at twice mains_hz."""

    ambient_lux: float = 150.0
    tint_bgr: tuple[float, float, float] = (0.9, 1.0, 1.05)
    towards: tuple[float, float, float] = (0.0, -0.8, -0.6)
    direct: float = 0.4
    flicker: float = 0.1
    mains_hz: float = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamps:
    """code: what they follow, begun at start_s of the clip's time. lux: of one at full power, at 400 mm.
    apart_mm: between them, the lens in the middle."""

    code: LightCode
    start_s: float = 0.0
    lux: float = 120.0
    apart_mm: float = 180.0
    tint_bgr: tuple[float, float, float] = (1.05, 1.0, 0.92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutter:
    """readout_s: from the first row's exposure to the last row's. exposure_s: of each row."""

    readout_s: float = 0.016
    exposure_s: float = 0.020


def normals_of(points_mm: Grid) -> Grid:
    """Unit normals of a grid of points, towards the camera; a border takes its neighbour's."""
    across = np.empty_like(points_mm)
    down = np.empty_like(points_mm)
    across[:, 1:-1] = points_mm[:, 2:] - points_mm[:, :-2]
    across[:, 0], across[:, -1] = points_mm[:, 1] - points_mm[:, 0], points_mm[:, -1] - points_mm[:, -2]
    down[1:-1] = points_mm[2:] - points_mm[:-2]
    down[0], down[-1] = points_mm[1] - points_mm[0], points_mm[-1] - points_mm[-2]
    out = np.empty_like(points_mm)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        out[..., k] = down[..., i] * across[..., j] - down[..., j] * across[..., i]
    return _unit(out)


def _unit(vectors: Grid) -> Grid:
    length = np.sqrt(_dot(vectors, vectors))
    return np.asarray(vectors / np.maximum(length, 1e-9)[..., None], np.float32)


def _dot(a: Grid, b: Grid) -> Grid:
    # Written out, for numpy sums over a last axis of three an order of magnitude slower.
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2], np.float32)


def answers(points_mm: Grid, room: Room, lamps: Lamps | None, *, gloss: float, shine: float) -> tuple[Grid, Grid]:
    """Light on each point, and mirrored towards the lens, from the room, the left and the right lamp at full power.

    Two grids × 3, lux. gloss: reflectance of the surface as a mirror, 0..1. shine: Blinn-Phong exponent.
    """
    normals, to_lens = normals_of(points_mm), -_unit(points_mm)
    onto = np.zeros((*points_mm.shape[:2], 3), np.float32)
    mirrored = np.zeros_like(onto)
    towards = np.asarray(room.towards, np.float32)
    facing = normals @ towards
    # Light from all around still favours the side of its main source: rooms have dark corners.
    onto[..., 0] = room.ambient_lux * (
        room.direct * np.maximum(facing, 0) + (1 - room.direct) * (0.65 + 0.35 * facing)
    )
    mirrored[..., 0] = room.ambient_lux * room.direct * _mirrored(normals, towards, to_lens, gloss, min(shine, 60.0))
    if lamps is not None:
        for k, x_mm in ((1, -lamps.apart_mm / 2), (2, lamps.apart_mm / 2)):
            ray = np.array([x_mm, 0, 0], np.float32) - points_mm
            distance2 = _dot(ray, ray)
            ray /= np.sqrt(distance2)[..., None]
            strength = lamps.lux * LAMP_REFERENCE_MM**2 / np.maximum(distance2, 2500.0)
            onto[..., k] = strength * np.maximum(_dot(normals, ray), 0)
            mirrored[..., k] = strength * _mirrored(normals, ray, to_lens, gloss, shine)
    return onto, mirrored


def _mirrored(normals: Grid, towards: Grid, to_lens: Grid, gloss: float, shine: float) -> Grid:
    if gloss <= 0:
        return np.zeros(normals.shape[:2], np.float32)
    aligned = np.maximum(_dot(normals, _unit(towards + to_lens)), 0)
    return np.asarray(gloss * (shine + 8) / 8 * aligned**shine, np.float32)


def row_powers(room: Room, lamps: Lamps | None, shutter: Shutter, time_s: float, rows: int) -> Grid:
    """rows × 3: factor of the room's light and power of the lamps, each averaged over the row's own exposure."""
    begin = time_s + np.linspace(0, shutter.readout_s, rows)
    powers = np.zeros((rows, 3), np.float32)
    powers[:, 0] = 1 + room.flicker * _averaged_wave(2 * room.mains_hz, begin, shutter.exposure_s)
    if lamps is not None:
        powers[:, 1:] = _lamp_powers(lamps, begin, shutter.exposure_s)
    return powers


def _averaged_wave(hz: float, begin_s: NDArray[np.float64], over_s: float) -> NDArray[np.float64]:
    middle = begin_s + over_s / 2
    return np.asarray(np.cos(2 * math.pi * hz * middle) * np.sinc(hz * over_s))


def _lamp_powers(lamps: Lamps, begin_s: NDArray[np.float64], over_s: float) -> Grid:
    moments = (begin_s[:, None] + np.linspace(0, over_s, 8)[None] - lamps.start_s).ravel()
    slots = np.floor(moments / lamps.code.slot_s).astype(int)
    known = {n: state_at(lamps.code, (n + 0.5) * lamps.code.slot_s) for n in np.unique(slots).tolist()}
    values = np.array([(known[n].left, known[n].right) for n in slots.tolist()], np.float32)
    return np.asarray(values.reshape(len(begin_s), -1, 2).mean(axis=1), np.float32)
