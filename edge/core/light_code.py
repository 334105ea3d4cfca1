"""The code that the unit's lamps follow at the beginning of a capture window, and what each lamp does at a time.

A picture or a glowing screen cannot answer light it does not know: the order of dark, left, right and both is drawn
anew for every visit, from a seed that goes into the record (Tang et al., "Face Flashing", NDSS 2018). When the code
is over both lamps stay lit: light that changes has the pace of a heart, and would hide the pulse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LampState:
    """Power of the two lamps, 0..1 of full; left and right as the camera sees them (image left)."""

    left: float
    right: float


DARK = LampState(left=0.0, right=0.0)
LEFT = LampState(left=1.0, right=0.0)
RIGHT = LampState(left=0.0, right=1.0)
BOTH = LampState(left=1.0, right=1.0)
STATES = (DARK, LEFT, RIGHT, BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightCode:
    """seed: what the order was drawn from. slot_s: how long each state lasts. states: one after another, once."""

    seed: int
    slot_s: float
    states: tuple[LampState, ...]

    @property
    def code_s(self) -> float:
        return self.slot_s * len(self.states)


def draw_code(seed: int, *, slots: int = 12, slot_s: float = 0.25) -> LightCode:
    """The code of a seed (0..2^63-1): `slots` states in random order, each as often as the others, give or take one.

    Raises ValueError for fewer slots than there are states, or for slots without length.
    """
    if slots < len(STATES) or slot_s <= 0:
        raise ValueError(f"a code has at least {len(STATES)} slots of some length, got {slots} of {slot_s} s")
    # Raw bits only: numpy promises them for ever, and its shuffles not, and an old record's code must be drawn again.
    bits = np.random.PCG64(seed).random_raw(len(STATES) + slots)
    extra = np.argsort(bits[: len(STATES)], kind="stable")[: slots % len(STATES)]
    numbers = np.concatenate([np.tile(np.arange(len(STATES)), slots // len(STATES)), extra])
    order = numbers[np.argsort(bits[len(STATES) :], kind="stable")].tolist()
    return LightCode(seed=seed, slot_s=slot_s, states=tuple(STATES[number] for number in order))


def state_at(code: LightCode, since_start_s: float) -> LampState:
    """What the lamps do so long after the code began: dark before it, both lit when it is over."""
    if since_start_s < 0:
        return DARK
    slot = int(since_start_s // code.slot_s)
    return code.states[slot] if slot < len(code.states) else BOTH


def powers_at(code: LightCode, since_start_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×2, the power of the left and of the right lamp at each of N times."""
    states = [state_at(code, time_s) for time_s in since_start_s.tolist()]
    return np.array([[s.left, s.right] for s in states], np.float64)
