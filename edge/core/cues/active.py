"""The optional active check: did the person do what was asked, in the order in which it was asked?

For those who can, never the gate (the people of these visits often cannot). The order is drawn from a seed, so that a
recording made beforehand answers another question (Kollreider et al., "Real-time face detection and motion analysis
with application in liveness assessment", TIFS 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from edge.core.cues.eyes import CORNERS, eye_darkness, shut_frames
from edge.core.cues.result import ACTIVE, CueResult, Unable
from edge.core.sighting import Floats, Sighting, Sightings

_TURN, _MOUTH = 0.12, 0.25
_LIPS, _MOUTH_CORNERS = (13, 14), (61, 291)


class Action(StrEnum):
    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    MOUTH = "mouth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, and the time during which it is to be done, seconds from the window's beginning."""

    action: Action
    from_s: float
    to_s: float


def draw_actions(seed: int, count: int = 3) -> tuple[Action, ...]:
    """`count` (1..4) different actions in the order that the seed gives; the same seed, the same order."""
    actions = tuple(Action)
    order = np.argsort(np.random.PCG64(seed).random_raw(len(actions)), kind="stable")
    return tuple(actions[i] for i in order[:count])


def active_cue(sightings: Sightings, asked: Sequence[Asked]) -> CueResult:
    """The share of the requests that were done in their time, and were not done all the time anyway."""
    if not asked:
        return CueResult.unable(ACTIVE, Unable.NOT_ASKED)
    if len(sightings.frames) < 10:
        return CueResult.unable(ACTIVE, Unable.TOO_FEW_FRAMES, frames=float(len(sightings.frames)))
    since_s = sightings.times_s - sightings.begun_s
    done = {action: _doing(sightings.frames, action) for action in {a.action for a in asked}}
    answered = []
    for request in asked:
        inside = (since_s >= request.from_s) & (since_s <= request.to_s)
        doing = done[request.action]
        # What goes on outside of its time as well is no answer.
        answered.append(bool(doing[inside].any()) and float(doing[~inside].mean() if (~inside).any() else 0.0) < 0.25)
    share = sum(answered) / len(asked)
    details = {f"answered_{number}": float(a) for number, a in enumerate(answered, start=1)}
    score = 0.98 if share == 1.0 else 0.5 * share
    return CueResult(name=ACTIVE, score=score, confidence=min(1.0, len(asked) / 3.0), details=details)


def _doing(frames: Sequence[Sighting], action: Action) -> Floats:
    if action is Action.BLINK:
        darkness = np.array([[eye_darkness(f, eye) for eye in CORNERS] for f in frames])
        return shut_frames(darkness)[0].astype(np.float64)
    if action is Action.MOUTH:
        opening = np.array([_mouth_opening(f) for f in frames])
        return (opening > float(np.quantile(opening, 0.2)) + _MOUTH).astype(np.float64)
    turned = np.array([_turned_left(f) for f in frames])
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
