"""Light response: whether the face answers the lamps' secret code, and answers it as a head does.

Tang, Zhou, Zhang & Zhang, "Face Flashing: a secure liveness detection protocol based on light reflections", NDSS
2018. Each point's brightness is taken apart into what is there anyway and what each lamp adds. The ratio of the left
lamp's part to the right lamp's does not depend on the skin's colour nor on the room's light: on a sheet it changes
evenly from side to side, on a head it follows which way the skin faces, most of all beside the nose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.core.cues.relief import VERTICES
from edge.core.cues.result import LIGHT, CueResult, Unable
from edge.core.light_code import powers_at
from edge.core.sighting import Floats, Sighting, Sightings

MIN_S = 3.0
_LAGS_S = np.arange(0.0, 0.31, 1 / 60)
_AFTERWARDS_S = 1.0
_BLUR = 4  # half side of the square averaged around each point, px of the crop
_LEAST_SHARE = 0.02  # of the room's light: a lamp that adds less was not on, or shines on a bright screen
_NEIGHBOURS = 12
# Correlation between rendered screens, up to .25, and rendered heads, most from .5: the mesh net's depth is rough.
_TURNED_OF_A_HEAD, _PER_TURNED = 0.40, 12.0
# In dim lamps noise hides the shape: what a head would show, over that and the noise, is to be this at least.
_CLEAR = 0.25
# Slopes less than a head's, and steeper than skin can be: shining plastic. They go with the lens and with how far
# apart the lamps stand.
_FLATTEST, _USUAL, _STEEPEST = 1.6, 2.5, 5.0


def light_cue(sightings: Sightings) -> CueResult:
    """How closely the brightness follows the code, and how well its left/right part follows the face's shape."""
    code = sightings.code
    if code is None:
        return CueResult.unable(LIGHT, Unable.NO_LAMPS)
    # Once the code is over the light is steady and tells nothing more.
    frames = [f for f in sightings.frames if f.captured_s - sightings.begun_s < code.code_s + _AFTERWARDS_S]
    if sightings.seconds < max(MIN_S, 4 * code.slot_s) or len(frames) < 30:
        return CueResult.unable(LIGHT, Unable.TOO_SHORT, seconds=sightings.seconds)
    brightness = np.array([_brightness(f) for f in frames])
    since_s = np.array([f.captured_s for f in frames]) - sightings.begun_s
    whole = np.isfinite(brightness).all(axis=0)
    mean = brightness[:, whole].mean(axis=1)
    lag_s, follows = _lag(mean, since_s, sightings)
    lamps = _lamps(since_s - lag_s, sightings)
    basis = np.column_stack([lamps, np.ones(len(frames)), since_s - since_s.mean()])
    parts = np.linalg.lstsq(basis, brightness[:, whole], rcond=None)[0]
    left, right, room = parts[0], parts[1], np.maximum(parts[2], 1.0)
    share = float(np.median((left + right) / 2 / room))
    details = {"seed": float(code.seed), "slot_s": code.slot_s, "slots": float(len(code.states))}
    details |= {"follows": follows, "lag_s": lag_s, "share": share, "seconds": sightings.seconds}
    lit = (left > 0) & (right > 0)
    if lit.sum() >= 40:
        shape, towards_right = _mean_shape(frames)[whole][lit], _right_of_picture(frames)
        details |= shape_of_response(np.log(left[lit] / right[lit]), shape, towards_right=towards_right)
        noise = _noise(basis, brightness[:, whole][:, lit], shape)
        size = max(_size(sightings), 0.02)
        details["slope_by_size"] = details["slope"] / size
        of_a_head = _USUAL * size * details["facing_spread"]
        details["clear"] = of_a_head**2 / (of_a_head**2 + noise**2)
    return _judged(details)


def shape_of_response(ratio: Floats, shape: Floats, *, towards_right: Floats) -> dict[str, float]:
    """How the logarithm of left over right, N, hangs together with the shape, N×3 in face widths, z towards the
    camera negative, and towards_right, the way to the right lamp in it. turned: correlation with which way the skin
    faces, beyond what is even from side to side; slope: per unit of that; spread: of the ratio's own, at the ends."""
    facing = _facing(shape, towards_right)
    basis = _even(shape)
    facing_left = facing - basis @ (basis.T @ facing)
    ratio_left = ratio - basis @ (basis.T @ ratio)
    size = float(np.sqrt(facing_left @ facing_left))
    heavy = np.abs(ratio_left) < 4.0 * 1.4826 * np.median(np.abs(ratio_left)) + 1e-9
    a, b = facing_left[heavy], ratio_left[heavy]
    turned = float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-12))
    return {
        "turned": turned,
        "slope": float(a @ b / max(float(a @ a), 1e-12)),
        "spread": float(np.quantile(ratio, 0.95) - np.quantile(ratio, 0.05)),
        "facing_spread": size / float(np.sqrt(len(shape))),
    }


def _noise(basis: Floats, brightness: Floats, shape: Floats) -> float:
    """Standard deviation that noise gives to the uneven part of the ratio: every other frame against the rest."""
    even = _even(shape)
    halves = []
    for begin in (0, 1):
        parts = np.linalg.lstsq(basis[begin::2], brightness[begin::2], rcond=None)[0]
        ratio = np.log(np.maximum(parts[0], 0.1) / np.maximum(parts[1], 0.1))
        halves.append(ratio - even @ (even.T @ ratio))
    return float(np.std(halves[0] - halves[1])) / 2.0


def _judged(details: dict[str, float]) -> CueResult:
    follows, share = details["follows"], details["share"]
    slope = details.get("slope_by_size", 0.0)
    shaped = _PER_TURNED * (details.get("turned", 0.0) - _TURNED_OF_A_HEAD)
    shaped -= 4.0 * max(0.0, _FLATTEST - slope) + 8.0 * max(0.0, slope - _STEEPEST)
    evidence = min(1.0, 8.0 * (follows - 0.5)) + float(np.clip(shaped, -6.0, 5.0))
    if follows < 0.3 or share < _LEAST_SHARE:
        evidence = min(evidence, -2.0)
    score = 1.0 / (1.0 + float(np.exp(-np.clip(evidence, -20.0, 20.0))))
    clear = min(1.0, details.get("clear", 1.0) / _CLEAR) if share >= _LEAST_SHARE else 1.0
    confidence = clear * min(1.0, details["seconds"] / 6.0)
    return CueResult(name=LIGHT, score=score, confidence=confidence, details=details)


def _brightness(sighting: Sighting) -> Floats:
    """Mean green around each point; not a number where the square leaves the crop. By a table of sums."""
    sums = np.zeros((sighting.crop.shape[0] + 1, sighting.crop.shape[1] + 1))
    np.cumsum(np.cumsum(sighting.crop, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    places = np.floor(sighting.crop_points[VERTICES]).astype(np.int64)
    x, y = places.T
    size = sighting.crop.shape[0]
    inside = (x >= _BLUR) & (y >= _BLUR) & (x < size - _BLUR) & (y < size - _BLUR)
    x, y = np.clip(x, _BLUR, size - _BLUR - 1), np.clip(y, _BLUR, size - _BLUR - 1)
    top, bottom, left, right = y - _BLUR, y + _BLUR + 1, x - _BLUR, x + _BLUR + 1
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return np.where(inside, total / (2 * _BLUR + 1) ** 2, np.nan)


def _lag(mean: Floats, since_s: Floats, sightings: Sightings) -> tuple[float, float]:
    """The delay at which the mean brightness follows the code best, and the share of its variance then explained."""
    best = (0.0, -1.0)
    drift = np.column_stack([np.ones(len(mean)), since_s, since_s**2])
    plain = mean - drift @ np.linalg.lstsq(drift, mean, rcond=None)[0]
    for lag_s in _LAGS_S:
        basis = np.column_stack([_lamps(since_s - lag_s, sightings), drift])
        rest = mean - basis @ np.linalg.lstsq(basis, mean, rcond=None)[0]
        explained = 1.0 - float(rest @ rest) / max(float(plain @ plain), 1e-9)
        if explained > best[1]:
            best = (float(lag_s), explained)
    return best


def _lamps(since_s: Floats, sightings: Sightings) -> Floats:
    assert sightings.code is not None
    return powers_at(sightings.code, since_s)


def _even(shape: Floats) -> Floats:
    """What is even from side to side, to second order: N×6, orthonormal."""
    x, y, _ = (shape - shape.mean(axis=0)).T
    basis, _ = np.linalg.qr(np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y]))
    return np.asarray(basis, np.float64)


def _mean_shape(frames: Sequence[Sighting]) -> Floats:
    """The points of all frames, upright, centred, in face widths: N×3."""
    shapes = []
    for f in frames:
        flat, scale = f.crop_points[VERTICES], float(np.hypot(f.crop_from_frame[0, 0], f.crop_from_frame[1, 0]))
        shapes.append(np.column_stack([flat, f.points_px[VERTICES, 2] * scale]) / f.crop.shape[0])
    return np.asarray(np.mean(shapes, axis=0), np.float64)


def _right_of_picture(frames: Sequence[Sighting]) -> Floats:
    """The picture's right, as a unit vector in the upright crop: a head on its side has a lamp above its brow."""
    axis = np.mean([f.crop_from_frame[:, 0] for f in frames], axis=0)
    return np.asarray(axis / max(float(np.linalg.norm(axis)), 1e-9), np.float64)


def _size(sightings: Sightings) -> float:
    """Width of the face in widths of the picture: the nearer the face, the further apart do the lamps stand for
    it."""
    sizes = [
        float(np.linalg.norm(s.points[234, :2] - s.points[454, :2])) / s.green.shape[1] for s in sightings.scenes
    ]
    return float(np.median(sizes)) if sizes else 0.25


def _facing(shape: Floats, towards_right: Floats) -> Floats:
    """For each point how far its skin faces the left lamp: the slope of depth there, from its nearest neighbours."""
    flat = shape[:, :2]
    apart = ((flat[:, None] - flat[None]) ** 2).sum(axis=2)
    near = np.argsort(apart, axis=1)[:, :_NEIGHBOURS]
    local = shape[near] - shape[near].mean(axis=1, keepdims=True)
    xy, z = local[..., :2], local[..., 2]
    normal = xy.transpose(0, 2, 1) @ xy + 1e-9 * np.eye(2)
    slope = np.linalg.solve(normal, (xy.transpose(0, 2, 1) @ z[..., None]))[..., 0]
    # Depth grows away from the camera: where it falls towards the right, the skin faces left.
    away = np.column_stack([slope, np.ones(len(slope))])
    return np.asarray(-(slope @ towards_right) / np.linalg.norm(away, axis=1), np.float64)
