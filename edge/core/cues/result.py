"""What a cue says: how live it looks, how sure it is, or why it cannot tell.

A cue that cannot tell says so; it never gives a middling score instead. ISO/IEC 30107-1 calls the whole a PAD
subsystem, and a window on which it gives no answer a non-response.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

TEXTURE, PULSE, EYES, RELIEF, LIGHT, SURROUNDINGS, ACTIVE = (
    "texture", "pulse", "eyes", "relief", "light", "surroundings", "active",
)  # fmt: skip
CUE_NAMES = (TEXTURE, PULSE, EYES, RELIEF, LIGHT, SURROUNDINGS, ACTIVE)


class Unable(StrEnum):
    """Why a cue could not be assessed."""

    TOO_FEW_FRAMES = "too_few_frames"
    TOO_SHORT = "too_short"
    SLOW_FRAMES = "slow_frames"
    BAD_LIGHT = "bad_light"
    MOTION = "motion"
    NO_MOTION = "no_motion"
    NO_EVENT = "no_event"
    FAINT = "faint"
    COMPRESSED = "compressed"
    NO_LAMPS = "no_lamps"
    NOT_ASKED = "not_asked"
    NO_TEXTURE = "no_texture"


@dataclass(frozen=True, slots=True, kw_only=True)
class CueResult:
    """score: 0..1, 1 is live, None when it could not be assessed; `not_assessable` then says why, else "".
    confidence: 0..1, how much this window let the cue see. details: measured figures, units at the end of names."""

    name: str
    score: float | None
    confidence: float = 0.0
    not_assessable: str = ""
    details: dict[str, float] = field(default_factory=dict)

    @classmethod
    def unable(cls, name: str, why: Unable, **details: float) -> Self:
        return cls(name=name, score=None, not_assessable=why.value, details=details)
