"""What may be asked of a person in the optional active check, and the order, drawn from a seed that is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


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
