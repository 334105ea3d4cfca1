"""The optional active check: did the person do what was asked, in the order in which it was asked?

For those who can, never the gate (the people of these visits often cannot). The order is drawn from a seed, so that a
recording made beforehand answers another question (Kollreider et al., "Real-time face detection and motion analysis
with application in liveness assessment", TIFS 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.core.asking import Action, Asked
from edge.core.cues.eyes import CORNERS, eye_darkness, shut_frames
from edge.core.cues.result import ACTIVE, CueResult, Unable
from edge.core.sighting import Floats, Sighting, Sightings

_TURN, _MOUTH = 0.12, 0.25
_ANYWAY = 0.25
_LIPS, _MOUTH_CORNERS = (13, 14), (61, 291)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    """What of a frame can be an answer. darkness: of both eyes, 0..1, higher is more shut. opening: gap between the
    lips over the mouth's width. turned: how far the nose stands towards the person's own left, in face widths."""

    since_s: float
    darkness: tuple[float, float]
    opening: float
    turned: float


def active_cue(sightings: Sightings) -> CueResult:
    """The share of the requests that were done in their time, and were not done all the time anyway."""
    asked = sightings.asked
    if not asked:
        return CueResult.unable(ACTIVE, Unable.NOT_ASKED)
    if len(sightings.frames) < 10:
        return CueResult.unable(ACTIVE, Unable.TOO_FEW_FRAMES, frames=float(len(sightings.frames)))
    gestures = [gesture(frame, sightings.begun_s) for frame in sightings.frames]
    answers = [answered(gestures, request) for request in asked]
    share = sum(answers) / len(asked)
    details = {"seed": float(sightings.asked_seed), "asked": float(len(asked))}
    details |= {f"answered_{number}": float(a) for number, a in enumerate(answers, start=1)}
    score = 0.98 if share == 1.0 else 0.5 * share
    return CueResult(name=ACTIVE, score=score, confidence=min(1.0, len(asked) / 3.0), details=details)


def gesture(sighting: Sighting, begun_s: float) -> Gesture:
    """begun_s: of the window."""
    right, left = (eye_darkness(sighting, eye) for eye in CORNERS)
    return Gesture(
        since_s=sighting.captured_s - begun_s, darkness=(right, left), opening=_mouth_opening(sighting),
        turned=_turned_left(sighting),
    )  # fmt: skip


def answered(gestures: Sequence[Gesture], request: Asked) -> bool:
    """Whether the request was done in its time; what goes on outside of its time as well is no answer."""
    since_s = np.array([g.since_s for g in gestures])
    inside = (since_s >= request.from_s) & (since_s <= request.to_s)
    if not inside.any():
        return False
    doing = _doing(gestures, request.action)
    outside = doing[~inside]
    return bool(doing[inside].any()) and float(outside.mean() if outside.size else 0.0) < _ANYWAY


def _doing(gestures: Sequence[Gesture], action: Action) -> Floats:
    if action is Action.BLINK:
        return shut_frames(np.array([g.darkness for g in gestures]))[0].astype(np.float64)
    if action is Action.MOUTH:
        opening = np.array([g.opening for g in gestures])
        return (opening > float(np.quantile(opening, 0.2)) + _MOUTH).astype(np.float64)
    turned = np.array([g.turned for g in gestures])
    turned -= np.median(turned)
    return ((turned if action is Action.TURN_LEFT else -turned) > _TURN).astype(np.float64)


def _mouth_opening(sighting: Sighting) -> float:
    """Gap between the lips over the width of the mouth."""
    points = sighting.points_px
    gap = np.linalg.norm(points[_LIPS[0], :2] - points[_LIPS[1], :2])
    width = float(np.linalg.norm(points[_MOUTH_CORNERS[0], :2] - points[_MOUTH_CORNERS[1], :2]))
    return float(gap) / max(width, 1e-6)


def _turned_left(sighting: Sighting) -> float:
    """How far the nose stands towards the person's own left, in face widths."""
    nose, right, left = (sighting.points_px[v, :2] for v in (1, 234, 454))
    across = left - right
    return float((nose - (left + right) / 2) @ across / max(float(across @ across), 1e-6))
