"""Surroundings: the straight frame of a screen or sheet around the face, and the weave of a screen's pixels on it.

A medium ends in straight edges that enclose the face on several sides (Komulainen, Hadid & Pietikäinen, "Context
based face anti-spoofing", BTAS 2013); a screen photographed by another sensor shows isolated peaks in its spectrum
(Garcia & de Queiroz, "Face-spoofing 2D-detection based on moiré-pattern analysis", TIFS 2015). A face that is in the
picture twice is shown, or mirrored. Absence of all three proves nothing: a medium may fill the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.core.cues.result import SURROUNDINGS, CueResult, Unable
from edge.core.sighting import Floats, Scene, Sightings

_MIN_SCENES, _SCENES_LOOKED_AT = 3, 8
_CELL_PX = 2
_STRONG = 14.0
_ANGLES_DEG = np.arange(-12.0, 12.1, 1.0)
_SPECTRUM_PX = 64
# A screen or sheet ends in one line, or in three with its bezel and a case.
_PATTERN = 5
# Cosine of two embeddings: strangers reach .42 once in ten thousand, two pictures of one person lie above .5.
_TWIN = 0.40


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """Straight edges on the four sides of the face (left, right, above, below): the share of the side's length that
    one line covers, 0..1."""

    sides: tuple[float, float, float, float]

    @property
    def enclosed(self) -> float:
        """How well the third best side is there: three sides make a frame, two are a door or a headboard."""
        return sorted(self.sides)[1]


def surroundings_cue(sightings: Sightings) -> CueResult:
    """A low score where a frame, a weave or the face again is seen; a middling-high one, never a sure one, else."""
    scenes = sightings.scenes
    if len(scenes) < _MIN_SCENES:
        return CueResult.unable(SURROUNDINGS, Unable.TOO_FEW_FRAMES, scenes=float(len(scenes)))
    chosen = [scenes[i] for i in np.unique(np.linspace(0, len(scenes) - 1, _SCENES_LOOKED_AT).astype(int))]
    framings = np.array([framing(s).sides for s in chosen])
    sides = np.median(framings, axis=0)
    weave = float(np.median([weave_peak(s) for s in chosen]))
    enclosed = float(np.sort(sides)[1])
    details = {"enclosed": enclosed, "weave": weave, "scenes": float(len(chosen))}
    details |= {name: float(v) for name, v in zip(("left", "right", "above", "below"), sides, strict=True)}
    twin = sightings.twin_likeness
    if twin is not None:
        details["twin_likeness"] = twin
    again = 0.0 if twin is None else 20.0 * max(0.0, twin - _TWIN)
    evidence = 1.5 - again - 20.0 * max(0.0, enclosed - 0.75) - 0.8 * max(0.0, weave - 6.0)
    score = 1.0 / (1.0 + float(np.exp(-np.clip(evidence, -20.0, 20.0))))
    return CueResult(name=SURROUNDINGS, score=score, confidence=1.0 if evidence < 0 else 0.5, details=details)


def framing(scene: Scene) -> Framing:
    """Straight edges around the face, parallel to its own upright within 12 degrees."""
    upright = _upright(scene)
    sides = []
    for quarter in range(4):  # left, above, right, below, as the picture is turned
        sides.append(_line_left_of_face(np.rot90(upright, quarter)))
    left, above, right, below = sides
    return Framing(sides=(left, right, above, below))


def weave_peak(scene: Scene) -> float:
    """The highest isolated peak in the spectrum of the cheeks and nose, over the median around it, decibels/3."""
    points = scene.points[[234, 454, 10, 152], :2]
    center = points.mean(axis=0)
    half = _SPECTRUM_PX // 2
    height, width = scene.green.shape
    x = int(np.clip(center[0], half, max(half, width - half)))
    y = int(np.clip(center[1], half, max(half, height - half)))
    patch = scene.green[y - half : y + half, x - half : x + half].astype(np.float64)
    if patch.shape != (_SPECTRUM_PX, _SPECTRUM_PX):
        return 0.0
    window = np.hanning(_SPECTRUM_PX)
    seen = (patch - patch.mean()) * np.outer(window, window)
    log_power = np.log(np.abs(np.fft.fftshift(np.fft.fft2(seen))) ** 2 + 1.0)
    v, u = np.mgrid[-half:half, -half:half]
    radius = np.hypot(u, v)
    rings = np.minimum(radius.astype(int), half)
    median = np.array([np.median(log_power[rings == r]) for r in range(half + 1)])
    over = log_power - median[rings]
    return float(over[(radius > 8) & (radius < half)].max())


def _upright(scene: Scene) -> Floats:
    """Luma of five face widths around the face, the head upright, one sample per _CELL_PX; border carried on."""
    points = scene.points[:, :2].astype(np.float64)
    along = points[454] - points[234]
    width = float(np.linalg.norm(along))
    along = along / max(width, 1e-6)
    down = np.array([-along[1], along[0]])
    center = (points[234] + points[454] + points[10] + points[152]) / 4.0
    count = 160
    step = 5.0 * width / count
    reach = (np.arange(count) - count / 2 + 0.5) * step
    places = center + reach[None, :, None] * along + reach[:, None, None] * down
    x, y = places[..., 0], places[..., 1]
    height, columns = scene.green.shape
    out = (x < 0) | (y < 0) | (x >= columns) | (y >= height)
    rows, cells = np.clip(y.astype(int), 0, height - 1), np.clip(x.astype(int), 0, columns - 1)
    picture: Floats = scene.green[rows, cells].astype(np.float64)
    picture[out] = np.nan
    return picture


def _line_left_of_face(picture: Floats) -> float:
    """The best straight, steep edge to the left of the face (which is the middle fifth): the share of the rows of the
    face and a half around it in which it is there. 0 where many stand side by side: striped and checked bedding."""
    count = picture.shape[0]
    rows = np.arange(int(0.3 * count), int(0.7 * count))
    strength = np.abs(picture[:, 2:] - picture[:, :-2])[rows]
    strength = np.nan_to_num(strength, nan=0.0)
    edge = strength > _STRONG
    edge[:, int(0.40 * count) :] = False
    best, many = 0.0, False
    y = rows - rows.mean()
    for angle in np.radians(_ANGLES_DEG):
        shift = np.rint(y * np.tan(angle)).astype(int)
        columns = np.arange(edge.shape[1])[None, :] + shift[:, None]
        inside = (columns >= 1) & (columns < edge.shape[1] - 1)
        safe = np.clip(columns, 1, edge.shape[1] - 2)
        at = np.arange(len(rows))[:, None]
        hit = (edge[at, safe] | edge[at, safe - 1]) & inside
        lines = hit.mean(axis=0)
        if float(lines.max()) > best:
            best, many = float(lines.max()), _side_by_side(lines) >= _PATTERN
    return 0.0 if many else best


def _side_by_side(lines: Floats) -> int:
    """How many separate columns hold a line nearly as good as the best."""
    good = lines > 0.7 * lines.max()
    return int(good[0]) + int((good[1:] & ~good[:-1]).sum())
