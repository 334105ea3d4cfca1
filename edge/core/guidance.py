"""What a worker is told while the camera looks: one hint at a time, steady enough to be read and said aloud.

Perception judges every frame by itself, and near a limit its hint flickers. Rules:
- a new hint is shown when STEADY_S of frames agree on it, and never two at once; a face that was looked for is told
  at once, because finding it took a search of the whole picture;
- another face of like size comes before all that could be better about the right one;
- a hint is said aloud when it has stood for SAY_AFTER_S, and again each SAY_AGAIN_S while nothing changes;
- praise ("hold still") is said once when it comes, for a voice that goes on would unsettle people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.core.quality import Hint

STEADY_S = 0.12
SAY_AFTER_S = 0.6
SAY_AGAIN_S = 6.0
# A source that stalls, or begins again from its beginning, is no agreement of frames.
_LONGEST_STEP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """hint: the one to show, None: the picture is good. say: counts how often something is to be said aloud; what is
    to be said is `hint`. The rest is the state behind it; times in seconds on the source's own axis."""

    hint: Hint | None = Hint.NOBODY
    say: int = 0
    at_s: float | None = None
    shown_s: float = 0.0
    said_s: float | None = None
    rival: Hint | None = None
    rival_s: float | None = None


def crowded(rival_area_ratio: float, dominant_area_ratio: float) -> bool:
    """Whether another face is so large that nobody can say which is the person's (ratios as in BurstPolicy)."""
    return rival_area_ratio * dominant_area_ratio > 1.0


def guided(before: Guidance, seen: Hint | None, *, crowd: bool, at_s: float) -> Guidance:
    """The guidance after one more frame. seen: the frame's own hint; crowd: see `crowded`."""
    wanted = Hint.SEVERAL_PEOPLE if crowd and seen is not Hint.NOBODY else seen
    if before.at_s is None or not 0.0 <= at_s - before.at_s <= _LONGEST_STEP_S:
        return Guidance(hint=wanted, say=before.say, at_s=at_s, shown_s=at_s)
    now = replace(before, at_s=at_s)
    if wanted == before.hint:
        return _spoken(replace(now, rival_s=None))
    found = before.hint is Hint.NOBODY
    if not found and (before.rival_s is None or wanted != before.rival):
        return replace(now, rival=wanted, rival_s=at_s)
    if not found and before.rival_s is not None and at_s - before.rival_s < STEADY_S:
        return now
    return replace(now, hint=wanted, shown_s=at_s, said_s=None, rival_s=None)


def _spoken(now: Guidance) -> Guidance:
    assert now.at_s is not None
    if now.at_s - now.shown_s < SAY_AFTER_S:
        return now
    if now.said_s is not None and (now.hint is None or now.at_s - now.said_s < SAY_AGAIN_S):
        return now
    return replace(now, say=now.say + 1, said_s=now.at_s)
