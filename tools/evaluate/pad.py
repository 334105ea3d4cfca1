"""The error rates of presentation attack detection over many windows, in the terms of ISO/IEC 30107-3.

APCER: share of one species' attacks that were accepted; the worst species comes first, for a mean over species hides
it. BPCER: share of bona fide windows that were not accepted. Non-response: share in which a cue gave no score; the
decision itself always responds, since what is undecided is not accepted. Real and simulated windows are never counted
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from edge.core.comparison import Band, band
from edge.core.cues.result import CUE_NAMES, TEXTURE, CueResult
from edge.core.liveness import CueMode, CuePolicy, fuse_cues, recorded
from edge.core.policy import Policy, liveness_clear
from edge.core.record import CueFinding, FaceFindings
from tools.evaluate.metrics import wilson

LIVE, ATTACK = "live", "attack"
# Bona fide, but played from a recording whose codec took the pulse out: neither the one nor the other can be asked of
# it.
COMPRESSED = "live_compressed"
# Bona fide, but kept moving all the time, so that neither pulse nor blinks can be asked of it: what lets such a head
# pass lets a mask pass that is kept moving.
RESTLESS = "live_restless"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One capture window. species: LIVE's kind or the attack's. accepted: by the policy's liveness. refused_by:
    cues."""

    source: str
    label: str
    species: str
    simulated: bool
    accepted: bool
    liveness: float | None
    texture: float | None
    cues: dict[str, CueFinding]

    @property
    def refused_by(self) -> list[str]:
        return [name for name, cue in self.cues.items() if cue.refuses]


def window_of(findings: FaceFindings, *, source: str, label: str, species: str, simulated: bool) -> Window:
    """What an evaluation keeps of the findings of one window."""
    texture = findings.cues.get(TEXTURE)
    return Window(
        source=source, label=label, species=species, simulated=simulated, accepted=liveness_clear(findings),
        liveness=findings.liveness.value, texture=texture.score if texture else None, cues=findings.cues,
    )  # fmt: skip


def judged_again(window: Window, policy: Policy) -> Window:
    """The same window under another policy, from what its cues said; pictures are not needed for that."""
    results = {
        name: CueResult(
            name=name, score=cue.score, confidence=cue.confidence, not_assessable=cue.not_assessable,
            details=cue.details,
        )
        for name, cue in window.cues.items()
        if name in policy.cues.wanted
    }  # fmt: skip
    cues = recorded(results.values(), policy.cues)
    figure = fuse_cues(results, policy.cues)
    accepted = band(policy.liveness.score(figure)) is Band.CLEAR and not any(
        c.refuses or (c.mode == CueMode.ENFORCED and c.score is None) for c in cues.values()
    )
    return msgspec.structs.replace(window, accepted=accepted, liveness=figure, cues=cues)


def summarise(windows: Sequence[Window], *, texture_accept: float) -> dict[str, Any]:
    """Rates per kind of window, real ones and simulated ones apart."""
    report: dict[str, Any] = {}
    for name, simulated in (("real", False), ("simulated", True)):
        some = [w for w in windows if w.simulated is simulated]
        if some:
            report[name] = {
                "bona_fide": _by_species([w for w in some if w.label == LIVE], texture_accept, attack=False),
                "bona_fide_compressed": _by_species(
                    [w for w in some if w.label == COMPRESSED], texture_accept, attack=False
                ),
                "bona_fide_restless": _by_species(
                    [w for w in some if w.label == RESTLESS], texture_accept, attack=False
                ),
                "attacks": _by_species([w for w in some if w.label == ATTACK], texture_accept, attack=True),
                "non_response": non_response(some),
            }
    return report


def _by_species(windows: Sequence[Window], texture_accept: float, *, attack: bool) -> dict[str, Any]:
    """For each species its error rate, with the interval and texture's own beside it; the worst first."""
    rate = "apcer" if attack else "bpcer"
    rows: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(w.species for w in windows):
        own = [w for w in windows if w.species == name]
        rows[name] = _rates(own, rate, texture_accept, attack=attack)
    ordered = dict(sorted(rows.items(), key=lambda item: -float(item[1][rate])))
    if windows and len(rows) > 1:
        ordered["together"] = _rates(windows, rate, texture_accept, attack=attack)
    return ordered


def _rates(windows: Sequence[Window], rate: str, texture_accept: float, *, attack: bool) -> dict[str, Any]:
    wrong = sum(w.accepted is attack for w in windows)
    by_texture = sum(((w.texture or 0.0) >= texture_accept) is attack for w in windows)
    silent = sum(w.liveness is None for w in windows)
    return {
        "windows": len(windows),
        rate: wrong / len(windows),
        "ci": wilson(wrong, len(windows)),
        f"{rate}_texture_alone": by_texture / len(windows),
        "no_figure": silent,
        "refused_by": {
            n: sum(n in w.refused_by for w in windows) for n in CUE_NAMES if any(n in w.cues for w in windows)
        },
    }


def non_response(windows: Sequence[Window]) -> dict[str, dict[str, float]]:
    """For each cue the share of each kind of windows in which it could not tell."""
    found: dict[str, dict[str, float]] = {}
    for name in CUE_NAMES:
        for kind in (LIVE, COMPRESSED, RESTLESS, ATTACK):
            own = [w.cues[name] for w in windows if w.label == kind and name in w.cues]
            if own:
                found.setdefault(name, {})[kind] = sum(c.score is None for c in own) / len(own)
    return found


def cue_table(windows: Sequence[Window]) -> dict[str, dict[str, list[float]]]:
    """For each species and cue the lower quartile, median and upper quartile of the scores that it gave."""
    table: dict[str, dict[str, list[float]]] = {}
    for window in windows:
        for name, cue in window.cues.items():
            if cue.score is not None:
                table.setdefault(window.species, {}).setdefault(name, []).append(cue.score)
    return {
        species: {name: np.quantile(v, [0.25, 0.5, 0.75]).round(3).tolist() for name, v in cues.items()}
        for species, cues in table.items()
    }


def at_bpcer(windows: Sequence[Window], policy: CuePolicy, most: float) -> dict[str, Any]:
    """The threshold on the liveness figure at which at most `most` of all live windows are refused, and each species'
    APCER there; refusals by single cues and missing enforced cues stand, whatever the threshold."""
    live = [standing(w) for w in windows if w.label == LIVE]
    if not live:
        return {}
    allowed = int(most * len(live) + 1e-9)
    ranked = sorted(live)
    threshold = ranked[allowed] if allowed < len(ranked) else 1.0
    if threshold <= 0.0:
        return {"threshold": None, "bpcer": sum(v <= 0.0 for v in live) / len(live)}
    apcer: dict[str, float] = {}
    for name in dict.fromkeys(w.species for w in windows if w.label == ATTACK):
        own = [standing(w) >= threshold for w in windows if w.species == name and w.label == ATTACK]
        apcer[name] = sum(own) / len(own)
    worst_first = dict(sorted(apcer.items(), key=lambda item: -item[1]))
    return {"threshold": threshold, "bpcer": sum(v < threshold for v in live) / len(live), "apcer": worst_first}


def standing(window: Window) -> float:
    """The liveness figure, 0 where a cue refuses or one that had to speak did not."""
    missing = any(c.mode == "enforced" and c.score is None for c in window.cues.values())
    return 0.0 if missing or window.refused_by or window.liveness is None else window.liveness
