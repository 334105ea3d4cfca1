"""Surroundings: the straight frame of a screen or sheet around the face, and the weave of a screen's pixels on it.

A medium ends in straight edges that enclose the face (edge/core/cues/enclosure.py); a screen photographed by another
sensor shows isolated peaks in its spectrum (Garcia & de Queiroz, "Face-spoofing 2D-detection based on moiré-pattern
analysis", TIFS 2015). A face that is in the picture twice is shown, or mirrored. Absence of all three proves nothing:
a medium may fill the picture.
"""

from __future__ import annotations

import numpy as np

from edge.core.cues.enclosure import enclosure
from edge.core.cues.result import SURROUNDINGS, CueResult, Unable
from edge.core.sighting import Scene, Sightings

_MIN_SCENES, _SCENES_LOOKED_AT = 3, 5
_SPECTRUM_PX = 64
# Rendered people on plain, striped and checked bedding reach 1.2; screens with their border in sight, about 1.35.
_FRAMED = 1.15
# Cosine of two embeddings: strangers reach .42 once in ten thousand, two pictures of one person lie above .5.
_TWIN = 0.40


def surroundings_cue(sightings: Sightings) -> CueResult:
    """A low score where a frame, a weave or the face again is seen; a middling-high one, never a sure one, else."""
    scenes = sightings.scenes
    if len(scenes) < _MIN_SCENES:
        return CueResult.unable(SURROUNDINGS, Unable.TOO_FEW_FRAMES, scenes=float(len(scenes)))
    chosen = [scenes[i] for i in np.unique(np.linspace(0, len(scenes) - 1, _SCENES_LOOKED_AT).astype(int))]
    framed = sorted((enclosure(s) for s in chosen), key=lambda found: found.value)[len(chosen) // 2]
    weave = float(np.median([weave_peak(s) for s in chosen]))
    details = {"enclosed": framed.value, "weave": weave, "scenes": float(len(chosen))}
    details |= dict(zip(("left", "right", "above", "below"), framed.sides, strict=True))
    twin = sightings.twin_likeness
    if twin is not None:
        details["twin_likeness"] = twin
    again = 0.0 if twin is None else 20.0 * max(0.0, twin - _TWIN)
    evidence = 1.5 - again - 20.0 * max(0.0, framed.value - _FRAMED) - 0.8 * max(0.0, weave - 6.0)
    score = 1.0 / (1.0 + float(np.exp(-np.clip(evidence, -20.0, 20.0))))
    return CueResult(name=SURROUNDINGS, score=score, confidence=1.0 if evidence < 0 else 0.5, details=details)


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
