"""Fusion: from what each cue says to one liveness figure, and to who may refuse.

Rules: a cue in shadow is recorded and changes nothing; an enforced cue that cannot tell leaves the window undecided;
a counted cue below its own bound refuses, whatever the others say; no cue certifies alone, for the figure begins at a
prior below the threshold, and what one cue can add to it may be bounded below that gap. Relief and light both speak
of shape, and a solid mask has one: in favour only the stronger of the two counts, against both do. Shape and texture
are what a good mask has too: a policy may ask besides for something that only the living do (a pulse, an answer to
what was asked; blinks only where no pulse could be looked for, as eyes blink behind a mask too), without which
nothing is certified, and may hold it against a window that a cue could not tell, more so for motion, which can be on
purpose.

The figure is a weighted sum of log odds (Ross, Nandakumar & Jain, Handbook of Multibiometrics, 2006, ch. 4), each
cue's part weighed by how much it could see.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from edge.core.cues.result import ACTIVE, CUE_NAMES, EYES, LIGHT, PULSE, RELIEF, TEXTURE, CueResult, Unable
from edge.core.record import CueFinding

_MOST_LOG_ODDS = 4.0
VITAL = (PULSE, EYES, ACTIVE)


class CueMode(StrEnum):
    """off: not computed. shadow: recorded, not used. supporting: used where it can tell, not missed where it cannot.
    enforced: used, and certified only where it can tell."""

    OFF = "off"
    SHADOW = "shadow"
    SUPPORTING = "supporting"
    ENFORCED = "enforced"

    @property
    def counts(self) -> bool:
        return self in (CueMode.SUPPORTING, CueMode.ENFORCED)


class CueRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one cue counts. weight: of its log odds. refuse_below: score that refuses alone, where its confidence is at
    least `sure_from`; 0 never refuses. missing: log odds added where a supporting cue cannot tell, 0 or less; moving:
    in place of it where it cannot tell for motion, None for the same."""

    mode: CueMode = CueMode.OFF
    weight: float = 1.0
    refuse_below: float = 0.0
    sure_from: float = 0.5
    missing: float = 0.0
    moving: float | None = None

    def unable(self, reason: str) -> float:
        """Log odds of having been unable to tell for this reason."""
        if self.mode is not CueMode.SUPPORTING:
            return 0.0
        return self.moving if self.moving is not None and reason == Unable.MOTION else self.missing


class CuePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The [cues] of a policy. prior: log odds of a living face before any cue has spoken. basis: sets and figures.
    most: log odds that one cue can add in favour, so that with a prior as far below none certifies alone.
    vital_from: score that a counted cue of VITAL must reach, or the figure is `without_vital` at most; 0: none."""

    basis: str
    prior: float = 0.0
    most: float = 40.0
    vital_from: float = 0.0
    without_vital: float = 1.0
    texture: CueRule = CueRule(mode=CueMode.ENFORCED)
    pulse: CueRule = CueRule()
    eyes: CueRule = CueRule()
    relief: CueRule = CueRule()
    light: CueRule = CueRule()
    surroundings: CueRule = CueRule()
    active: CueRule = CueRule()

    def rule(self, name: str) -> CueRule:
        rule: CueRule = getattr(self, name)
        return rule

    def fault(self) -> str:
        """What is wrong with the numbers, or ""."""
        for name in CUE_NAMES:
            rule = self.rule(name)
            if not (0.0 <= rule.refuse_below <= 1.0 and 0.0 <= rule.sure_from <= 1.0 and 0.0 <= rule.weight <= 10.0):
                return f"cues.{name}: refuse_below and sure_from are 0..1, weight is 0..10"
            if not (-10.0 <= rule.missing <= 0.0 and -10.0 <= (rule.moving or 0.0) <= 0.0):
                return f"cues.{name}: missing and moving are -10..0"
        if not any(self.rule(name).mode is CueMode.ENFORCED for name in CUE_NAMES):
            return "cues: at least one cue is enforced"
        if not (0.0 <= self.vital_from <= 1.0 and 0.0 <= self.without_vital <= 1.0):
            return "cues.vital_from and without_vital are 0..1"
        return "" if -10.0 <= self.prior <= 10.0 and self.most > 0.0 else "cues: prior is -10..10, most above 0"

    @property
    def wanted(self) -> tuple[str, ...]:
        """The cues to compute."""
        return tuple(name for name in CUE_NAMES if self.rule(name).mode is not CueMode.OFF)


TEXTURE_ALONE = CuePolicy(basis="a policy file without [cues]")


def fuse_cues(results: Mapping[str, CueResult], policy: CuePolicy) -> float | None:
    """The liveness figure 0..1, or None while no counted cue gives a score. A cue alone, with no prior, is itself."""
    counted = [r for name, r in results.items() if policy.rule(name).mode.counts and r.score is not None]
    if not counted:
        return None
    if len(counted) == 1 and policy.prior == 0.0 and policy.rule(counted[0].name).weight == 1.0:
        return counted[0].score
    parts = {result.name: _part(result, policy) for result in counted}
    shape = [parts.pop(name) for name in (RELIEF, LIGHT) if name in parts]
    in_favour = max((part for part in shape if part > 0.0), default=0.0)
    log_odds = policy.prior + sum(parts.values()) + in_favour + sum(part for part in shape if part < 0.0)
    log_odds += sum(policy.rule(n).unable(r.not_assessable) for n, r in results.items() if r.score is None)
    figure = 1.0 / (1.0 + math.exp(-log_odds))
    return figure if _vital(counted, policy) else min(figure, policy.without_vital)


def _vital(counted: Iterable[CueResult], policy: CuePolicy) -> bool:
    """Whether something was seen that only the living do, or need not be."""
    if policy.vital_from <= 0.0:
        return True
    seen = {r.name: r.score for r in counted if r.name in VITAL and r.score is not None}
    if PULSE in seen:
        seen.pop(EYES, None)
    return any(score >= policy.vital_from for score in seen.values())


def refuses(result: CueResult, rule: CueRule) -> bool:
    """Whether this cue, as it counts, says that this is no living face."""
    if result.score is None or not rule.mode.counts:
        return False
    return result.score < rule.refuse_below and result.confidence >= rule.sure_from


def recorded(results: Iterable[CueResult], policy: CuePolicy) -> dict[str, CueFinding]:
    """What goes into the record: every cue that was computed, counted or not."""
    return {
        result.name: CueFinding(
            mode=policy.rule(result.name).mode.value,
            score=None if result.score is None else round(result.score, 4),
            confidence=round(result.confidence, 3),
            not_assessable=result.not_assessable,
            refuses=refuses(result, policy.rule(result.name)),
            details={key: _short(value) for key, value in result.details.items()},
        )
        for result in results
    }


def _part(result: CueResult, policy: CuePolicy) -> float:
    sure = 1.0 if result.name == TEXTURE else result.confidence
    part = policy.rule(result.name).weight * sure * _log_odds(0.5 if result.score is None else result.score)
    return min(part, policy.most)


def _log_odds(score: float) -> float:
    if score <= 0.0 or score >= 1.0:
        return math.copysign(_MOST_LOG_ODDS, score - 0.5)
    return max(-_MOST_LOG_ODDS, min(_MOST_LOG_ODDS, math.log(score / (1.0 - score))))


def _short(value: float) -> float:
    """Four significant digits, but whole numbers whole: a seed must come back as it was."""
    if not math.isfinite(value):
        return 0.0
    return value if value == int(value) else float(f"{value:.4g}")
