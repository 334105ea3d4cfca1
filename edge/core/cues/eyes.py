"""Eyes: when they are shut, and whether they blink.

The mesh net draws open eyes on shut ones, so its eye aspect ratio hardly moves; the picture between its eye corners
does: an open eye holds the darkest part of a face, a shut one is skin. Darkness is the lowest tenth of the eye's
brightness over its upper quarter. A blink lasts .1 to .4 s (Pan, Sun, Wu & Lao, "Eyeblink-based anti-spoofing in face
recognition from a generic webcamera", ICCV 2007). Eyes that stay open or shut are no evidence: they are noted only.
While the lamps follow their code nothing counts, for light from another side moves the shadows of the lids.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.cues.result import EYES, CueResult, Unable
from edge.core.sighting import Floats, Sighting, Sightings

CORNERS = ((33, 133), (263, 362))
MIN_FRAMES_PER_S = 8.0
SHUT_AT = 0.56
# Two states are told apart by their own levels where they are this far apart, else by SHUT_AT.
_STATES_APART = 0.14
_STEP = 0.1
_WIDTH, _HEIGHT = 24, 15
_BRIDGE_S = 0.1
_LONGEST_INTERVALS = 4
_TURNED = 0.16


def eyes_cue(sightings: Sightings) -> CueResult:
    """Shut intervals, blinks, and a score where the eyes did something."""
    frames = sightings.frames
    if len(frames) < 10 or len(frames) / max(sightings.seconds, 1e-6) < MIN_FRAMES_PER_S:
        return CueResult.unable(EYES, Unable.TOO_FEW_FRAMES, frames=float(len(frames)))
    times_s = sightings.times_s - sightings.begun_s
    darkness = np.array([[eye_darkness(f, eye) for eye in CORNERS] for f in frames])
    shut, level = shut_frames(darkness)
    shut = _bridged(shut, times_s)
    spans = intervals(shut, times_s)
    steady = times_s > sightings.code.code_s if sightings.code else np.ones(len(frames), np.bool_)
    turn = np.array([_turn(f) for f in frames])
    events = _events(shut[steady], darkness[steady], times_s[steady], turn[steady])
    details = {"shut_share": float(shut.mean()), "events": float(len(events)), "level": level}
    low, high = np.quantile(darkness, [0.1, 0.9]).tolist()
    details |= {"open_darkness": low, "shut_darkness": high}
    longest = sorted(sorted(spans, key=lambda s: s[0] - s[1])[:_LONGEST_INTERVALS])
    for number, (begun_s, ended_s) in enumerate(longest, start=1):
        details |= {f"shut_{number}_from_s": round(begun_s, 2), f"shut_{number}_to_s": round(ended_s, 2)}
    if not events:
        return CueResult.unable(EYES, Unable.NO_EVENT, **details)
    sharpness = float(np.median(events))
    score = 1.0 / (1.0 + float(np.exp(-np.clip(12.0 * (sharpness - _STEP), -20.0, 20.0))))
    return CueResult(name=EYES, score=score, confidence=min(1.0, 0.5 + 0.25 * len(events)), details=details)


def eye_darkness(sighting: Sighting, corners: tuple[int, int]) -> float:
    """The eye's lowest tenth of brightness over its upper quarter, 0..1; higher is more shut."""
    patch = eye_patch(sighting, corners)
    middle = patch[2:-2, 5:-5]
    return float(np.quantile(middle, 0.1)) / max(float(np.quantile(patch, 0.75)), 1.0)


def eye_patch(sighting: Sighting, corners: tuple[int, int]) -> NDArray[np.float64]:
    """The picture between an eye's corners, level, nearest pixels."""
    to_crop = sighting.crop_from_frame
    ends = sighting.points_px[list(corners), :2] @ to_crop[:, :2].T + to_crop[:, 2]
    first, second = (ends[0], ends[1]) if ends[0][0] <= ends[1][0] else (ends[1], ends[0])
    along = second - first
    across = np.array([-along[1], along[0]])
    u = (np.arange(_WIDTH) + 0.5) / _WIDTH - 0.5
    v = ((np.arange(_HEIGHT) + 0.5) / _HEIGHT - 0.5) * _HEIGHT / _WIDTH
    places = (first + second) / 2 + u[None, :, None] * along + v[:, None, None] * across
    size = sighting.crop.shape[0] - 1
    columns, rows = (np.clip(places[..., axis].astype(np.int64), 0, size) for axis in (0, 1))
    return np.asarray(sighting.crop[rows, columns], np.float64)


def shut_frames(darkness: Floats) -> tuple[NDArray[np.bool_], float]:
    """For each row of N×2 whether both eyes are shut, and the level that divides."""
    both = darkness.min(axis=1)
    low, high = np.quantile(both, [0.05, 0.97]).tolist()
    level = SHUT_AT
    if high - low > _STATES_APART and high > SHUT_AT - 0.08:
        for _ in range(8):  # Ridler & Calvard (1978): midway between the means of the two sides
            over = both > level
            if over.all() or not over.any():
                break
            level = float(both[over].mean() + both[~over].mean()) / 2.0
        level = min(max(level, SHUT_AT - 0.1), SHUT_AT + 0.06)
    return np.asarray(both > level, np.bool_), level


def intervals(shut: NDArray[np.bool_], times_s: Floats) -> list[tuple[float, float]]:
    """Begin and end of each run of shut frames, seconds from the window's beginning."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(np.int8)))
    return [(float(times_s[a]), float(times_s[min(b, len(times_s) - 1)])) for a, b in edges.reshape(-1, 2)]


def _events(shut: NDArray[np.bool_], darkness: Floats, times_s: Floats, turn: Floats) -> list[float]:
    """For each opening or closing of both eyes with the head still: how far the lesser eye changed."""
    found = []
    for place in np.flatnonzero(shut[1:] != shut[:-1]) + 1:
        before = (times_s > times_s[place] - 0.4) & (times_s < times_s[place])
        after = (times_s >= times_s[place]) & (times_s < times_s[place] + 0.4)
        if before.sum() < 2 or after.sum() < 2 or np.ptp(turn[before | after]) > _TURNED:
            continue
        pick = (np.max, np.min) if shut[place] else (np.min, np.max)
        # A blink is over before the .4 s are: its extreme counts, not its mean.
        change = np.abs(pick[0](darkness[after], axis=0) - pick[1](darkness[before], axis=0))
        found.append(float(change.min()))
    return [f for f in found if f > _STEP]


def _bridged(shut: NDArray[np.bool_], times_s: Floats) -> NDArray[np.bool_]:
    """Single frames that fall out of a run do not break it."""
    shut = shut.copy()
    runs = np.flatnonzero(shut[1:] != shut[:-1]) + 1
    for begin, end in zip(runs[:-1], runs[1:], strict=True):
        if not shut[begin] and times_s[min(end, len(times_s) - 1)] - times_s[begin] <= _BRIDGE_S:
            shut[begin:end] = True
    return shut


def _turn(sighting: Sighting) -> float:
    """Where the nose stands between the cheeks, in face widths: changes when the head turns."""
    nose, right, left = (sighting.points_px[v, :2] for v in (1, 234, 454))
    across = left - right
    return float((nose - (left + right) / 2) @ across / max(float(across @ across), 1e-6))
