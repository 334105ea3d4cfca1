"""Relief: whether the face is a solid head or a sheet, from how its points move against one another.

As a hand-held camera or a head moves, the points of a sheet, flat or bent, move by a smooth function of their place
(to second order: a plane's homography, or a cylinder). Those of a head move besides with their depth: the nose goes
before the cheeks. The depth is that of any face (the mesh net's), the motion is measured on the picture itself,
because the net gives depth to photographs too. After Kollreider, Fronthaler & Bigun, "Non-intrusive liveness
detection by face images", IVC 2009, and Koenderink & van Doorn, "Affine structure from motion", JOSA A 1991.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.cues.result import RELIEF, CueResult, Unable
from edge.core.sighting import Scene, Sightings
from edge.core.tracking import track

Floats = NDArray[np.float64]

# Every third vertex, without the lips and lids, which move of themselves.
_MOVING = frozenset([
    0, 11, 12, 13, 14, 15, 16, 17, 37, 38, 39, 40, 41, 42, 61, 62, 72, 73, 74, 76, 77, 78, 80, 81, 82, 84, 85, 86,
    87, 88, 89, 90, 91, 95, 96, 146, 178, 179, 180, 181, 183, 184, 185, 191, 267, 268, 269, 270, 271, 272, 291, 292,
    302, 303, 304, 306, 307, 308, 310, 311, 312, 314, 315, 316, 317, 318, 319, 320, 321, 324, 325, 375, 402, 403,
    404, 405, 407, 408, 409, 415, 7, 22, 23, 24, 25, 33, 110, 130, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160,
    161, 163, 173, 226, 246, 247, 249, 252, 253, 254, 263, 339, 359, 362, 373, 374, 380, 381, 382, 384, 385, 386,
    387, 388, 390, 398, 446, 466, 467,
])  # fmt: skip
VERTICES = np.array([v for v in range(0, 468, 3) if v not in _MOVING])
_MIN_POINTS, _MIN_SCENES = 25, 6
_REFERENCES, _OTHERS = (0.15, 0.5, 0.85), 16
_LIKE = 0.8
# Mean square of depth over its error. Noise alone gives 1; sheets, whose noise is not quite independent from point to
# point, up to about 2.5; heads in a hand-held camera 5 and more (docs/liveness.md).
_EVEN_POWER, _MOST_RATIO = 3.2, 8.0
_SHIFT_ENOUGH = 0.1
_SQUEEZE_ENOUGH = 7.0
# Points that wander by more than this hide what little depth a hand-held camera shows.
_RESIDUAL_PERMILLE_CLEAR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMotion:
    """Two moments. depth: motion explained by depth, root mean square over the points, in face widths; error: what
    noise makes of it. squeeze: ratio of the two scales of the motion's linear part, less one. residual: what no part
    explains. gain: share of what a sheet leaves unexplained that depth explains. shift: of the whole face.
    """

    depth: float
    error: float
    squeeze: float
    residual: float
    gain: float
    shift: float


def relief_cue(sightings: Sightings) -> CueResult:
    """Solid, sheet, or too little motion to tell."""
    scenes = sightings.scenes
    if len(scenes) < _MIN_SCENES:
        return CueResult.unable(RELIEF, Unable.TOO_FEW_FRAMES, scenes=float(len(scenes)))
    pairs = [p for p in (pair_motion(a, b) for a, b in _chosen(scenes)) if p]
    if len(pairs) < _MIN_SCENES // 2:
        return CueResult.unable(RELIEF, Unable.NO_TEXTURE, pairs=float(len(pairs)))
    return _judged(pairs)


def pair_motion(before: Scene, after: Scene) -> PairMotion | None:
    """The motion between two scenes taken apart; None where too few points could be followed."""
    points, guess = before.points[VERTICES, :2].astype(np.float64), after.points[VERTICES, :2].astype(np.float64)
    found = track(before.green, after.green, points, guess)
    good = np.isfinite(found.error_px) & (found.likeness > _LIKE) & (found.error_px < 0.5)
    width = float(np.linalg.norm(before.points[234, :2] - before.points[454, :2]))
    good &= np.linalg.norm(found.places - guess, axis=1) < 0.06 * width + 2.0
    if good.sum() < _MIN_POINTS or width < 20.0:
        return None
    depth = before.points[VERTICES, 2].astype(np.float64)
    return _taken_apart(points[good] / width, found.places[good] / width, depth[good] / width)


def _taken_apart(here: Floats, there: Floats, depth: Floats) -> PairMotion:
    x, y = (here - here.mean(axis=0)).T
    motion = there - here
    sheet = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    weight = np.ones(len(x))
    for _ in range(4):
        root = np.sqrt(weight)[:, None]
        basis, _ = np.linalg.qr(sheet * root)
        ordinary = (depth * root[:, 0]) - basis @ (basis.T @ (depth * root[:, 0]))
        left = motion * root - basis @ (basis.T @ (motion * root))
        norm = max(float(ordinary @ ordinary), 1e-12)
        slope = ordinary @ left / norm
        rest = (left - ordinary[:, None] * slope) / np.maximum(root, 1e-6)
        size = np.linalg.norm(rest, axis=1)
        scale = 1.4826 * float(np.median(size)) + 1e-9
        weight = 1.0 / (1.0 + (size / (1.5 * scale)) ** 2)
    count = float(weight.sum())
    residual = float(np.sqrt((weight * size**2).sum() / max(count, 1.0)))
    linear = np.linalg.lstsq(sheet * root, motion * root, rcond=None)[0][1:3].T + np.eye(2)
    scales = np.linalg.svd(linear, compute_uv=False)
    spread = np.sqrt(norm / count)
    before = float(np.sqrt((left**2).sum() / max(count, 1.0)))
    return PairMotion(
        depth=float(np.linalg.norm(slope)) * float(spread),
        error=residual / float(np.sqrt(max(count - 7.0, 1.0))),
        squeeze=float(scales[0] / max(scales[1], 1e-6)) - 1.0,
        residual=residual,
        gain=1.0 - (residual / max(before, 1e-9)) ** 2,
        shift=float(np.linalg.norm(motion.mean(axis=0))),
    )


def _chosen(scenes: Sequence[Scene]) -> list[tuple[Scene, Scene]]:
    """Three moments, each with moments spread over the whole window: a hand sways slowly, and what is far apart in
    time shows most."""
    last = len(scenes) - 1
    others = np.unique(np.linspace(0, last, _OTHERS).astype(int)).tolist()
    pairs = []
    for share in _REFERENCES:
        own = round(share * last)
        pairs += [(scenes[own], scenes[other]) for other in others if abs(other - own) > 2]
    return pairs


def _judged(pairs: Sequence[PairMotion]) -> CueResult:
    depth, error, squeeze, residual, gain, shift = (
        np.array([getattr(p, name) for p in pairs])
        for name in ("depth", "error", "squeeze", "residual", "gain", "shift")
    )
    depth_power = float(np.mean(np.minimum(depth / np.maximum(error, 1e-9), _MOST_RATIO) ** 2))
    details = {
        "pairs": float(len(pairs)),
        "depth_power": depth_power,
        "depth_permille": 1e3 * float(np.quantile(depth, 0.9)),
        "squeeze_permille": 1e3 * float(np.quantile(squeeze, 0.9)),
        "residual_permille": 1e3 * float(np.median(residual)),
        "gain": float(np.quantile(gain, 0.9)),
        "shift": float(np.quantile(shift, 0.9)),
    }
    evidence = 2.0 * float(np.log(max(depth_power, 0.1) / _EVEN_POWER))
    moved = min(1.0, details["shift"] / _SHIFT_ENOUGH)
    if evidence < 1.0 and moved < 0.3:
        return CueResult.unable(RELIEF, Unable.NO_MOTION, **details)
    score = 1.0 / (1.0 + float(np.exp(-np.clip(evidence, -20.0, 20.0))))
    # A camera that only turned moves the picture and shows no depth: what turned before it is foreshortened besides.
    turned = min(1.0, details["squeeze_permille"] / _SQUEEZE_ENOUGH)
    clear = min(1.0, (_RESIDUAL_PERMILLE_CLEAR / max(details["residual_permille"], 1e-6)) ** 2)
    confidence = 1.0 if evidence > 1.0 else moved * turned * clear
    return CueResult(name=RELIEF, score=score, confidence=confidence, details=details)
