"""The policy that simulated windows are judged by is the strict one of the unit, but for what a picture cannot be."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edge.core.liveness import CueMode, CueRule
from edge.core.policy import Policy, decode_policy
from tools.evaluate.rig import RESOURCES

SIMULATED = Path(__file__).parents[2] / "tools" / "evaluate" / "policy-simulated.toml"


def read(path: Path) -> Policy:
    return decode_policy(path.read_bytes())


def test_simulated_windows_are_judged_as_the_strict_policy_would_but_for_texture() -> None:
    strict, simulated = read(RESOURCES / "policy-strict.toml"), read(SIMULATED)
    assert simulated.cues.texture.mode is CueMode.SHADOW, "the net takes what is rendered for what is printed"
    same = msgspec.structs.replace(strict.cues, texture=simulated.cues.texture, active=CueRule())
    assert simulated.cues == same
    assert simulated.liveness == strict.liveness and simulated.quality == strict.quality
    assert simulated.burst.min_liveness_s <= strict.burst.min_liveness_s, "no longer to look than a visit has"


def test_all_policies_tell_faces_apart_alike_and_say_the_same_of_it() -> None:
    first, *others = [read(p) for p in (*sorted(RESOURCES.glob("policy*.toml")), SIMULATED)]
    for other in others:
        assert other.comparison == first.comparison and other.continuity == first.continuity
