"""The unit's panel in words: two buttons, five lamps of which one is lit, and what the buzzer says.

The panel does what the page does and nothing else: whoever looks at the person and not at the screen hears and sees
the same. No sound and no lamp tells review from certified by being worse: a review is no failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.visit import OutcomeKind


class Button(StrEnum):
    START = "start"
    CANCEL = "cancel"


class Sign(StrEnum):
    """The lamp that is lit. OFF: none, as before the unit is ready."""

    OFF = "off"
    READY = "ready"
    BUSY = "busy"
    PASS = "pass"
    REVIEW = "review"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`count` sounds of `on_s` seconds, `off_s` apart."""

    count: int
    on_s: float
    off_s: float = 0.15


SIGNALS = {
    Sign.BUSY: Signal(count=1, on_s=0.08),
    Sign.PASS: Signal(count=1, on_s=0.5),
    Sign.REVIEW: Signal(count=2, on_s=0.2),
    Sign.FAULT: Signal(count=4, on_s=0.1),
}


def sign_of(outcome: OutcomeKind) -> Sign:
    """What the panel shows when a visit is stored. A visit that could not take place leaves it ready for the next."""
    if outcome is OutcomeKind.CERTIFIED:
        return Sign.PASS
    return Sign.READY if outcome is OutcomeKind.NOT_PERFORMED else Sign.REVIEW
