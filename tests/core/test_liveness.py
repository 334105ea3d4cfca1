"""Fusion: what is in shadow changes nothing, what is enforced must have spoken, and no cue certifies alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge
from edge.core.cues.result import CUE_NAMES, EYES, LIGHT, PULSE, RELIEF, SURROUNDINGS, TEXTURE, CueResult, Unable
from edge.core.errors import ConfigError
from edge.core.liveness import TEXTURE_ALONE, CueMode, CuePolicy, CueRule, fuse_cues, recorded, refuses
from edge.core.policy import Policy, decide_face, decode_policy
from edge.core.record import FaceFindings
from edge.core.visit import OutcomeKind, Reason

RESOURCES = Path(edge.__file__).parent / "resources"
DEFAULT = decode_policy((RESOURCES / "policy.toml").read_bytes())

scores = st.one_of(st.none(), st.floats(0, 1))


def result(name: str, score: float | None, confidence: float = 1.0, why: Unable = Unable.TOO_SHORT) -> CueResult:
    if score is None:
        return CueResult.unable(name, why)
    return CueResult(name=name, score=score, confidence=confidence)


def outcome_of(results: list[CueResult], policy: Policy) -> tuple[OutcomeKind, tuple[Reason, ...]]:
    named = {r.name: r for r in results}
    findings = FaceFindings(
        frames_seen=300,
        frames_used=40,
        people_seen=1,
        ambiguous=False,
        comparison=policy.comparison.score(0.8),
        liveness=policy.liveness.score(fuse_cues(named, policy.cues)),
        continuity=policy.continuity.score(0.9),
        roll_deg=0.0,
        quality={},
        reference_count=1,
        reference_verified=True,
        cues=recorded(results, policy.cues),
    )
    outcome = decide_face(findings)
    return outcome.kind, outcome.reasons


@given(texture=scores, others=st.lists(scores, min_size=len(CUE_NAMES) - 1, max_size=len(CUE_NAMES) - 1))
def test_a_cue_in_shadow_changes_no_outcome(texture: float | None, others: list[float | None]) -> None:
    policy = msgspec.structs.replace(
        DEFAULT,
        cues=CuePolicy(
            basis="test", **{n: CueRule(mode=CueMode.SHADOW, refuse_below=0.9) for n in CUE_NAMES if n != TEXTURE}
        ),
    )
    shadows = [result(n, s) for n, s in zip((n for n in CUE_NAMES if n != TEXTURE), others, strict=True)]
    alone = outcome_of([result(TEXTURE, texture)], policy)
    assert outcome_of([result(TEXTURE, texture), *shadows], policy) == alone


@given(st.floats(0.03, 0.97))
def test_texture_alone_is_its_own_figure(score: float) -> None:
    assert fuse_cues({TEXTURE: result(TEXTURE, score)}, TEXTURE_ALONE) == pytest.approx(score)


def enforcing(*names: str, **changes: object) -> Policy:
    rules = {name: CueRule(mode=CueMode.ENFORCED, refuse_below=0.2) for name in names}
    return msgspec.structs.replace(DEFAULT, cues=CuePolicy(basis="test", **{**rules, **changes}))


@pytest.mark.parametrize("missing", [n for n in CUE_NAMES])
def test_an_enforced_cue_that_is_missing_is_never_certified(missing: str) -> None:
    policy = enforcing(*CUE_NAMES)
    results = [result(n, None if n == missing else 1.0) for n in CUE_NAMES]
    kind, reasons = outcome_of(results, policy)
    assert kind is OutcomeKind.REVIEW and Reason.LIVENESS_UNCERTAIN in reasons
    assert outcome_of([result(n, 1.0) for n in CUE_NAMES], policy)[0] is OutcomeKind.CERTIFIED


def test_one_cue_that_is_sure_refuses_against_all_others() -> None:
    policy = enforcing(TEXTURE, PULSE, RELIEF)
    results = [result(TEXTURE, 1.0), result(PULSE, 1.0), result(RELIEF, 0.05)]
    kind, reasons = outcome_of(results, policy)
    assert kind is OutcomeKind.REVIEW and Reason.LIVENESS_LOW in reasons


def test_a_cue_that_saw_little_does_not_refuse() -> None:
    rule = CueRule(mode=CueMode.ENFORCED, refuse_below=0.2, sure_from=0.6)
    assert refuses(result(PULSE, 0.1, confidence=0.7), rule)
    assert not refuses(result(PULSE, 0.1, confidence=0.5), rule)


def test_a_supporting_cue_may_be_silent_but_not_negative() -> None:
    policy = enforcing(TEXTURE, relief=CueRule(mode=CueMode.SUPPORTING, refuse_below=0.2))
    assert outcome_of([result(TEXTURE, 0.99), result(RELIEF, None)], policy)[0] is OutcomeKind.CERTIFIED
    assert outcome_of([result(TEXTURE, 0.99), result(RELIEF, 0.1)], policy)[0] is OutcomeKind.REVIEW


def test_no_cue_certifies_alone_where_the_prior_is_against_it() -> None:
    policy = enforcing(TEXTURE, prior=-4.5)
    assert outcome_of([result(TEXTURE, 1.0)], policy)[0] is OutcomeKind.REVIEW


def test_a_shape_seen_twice_counts_once_and_a_sheet_seen_twice_counts_twice() -> None:
    supporting = CueRule(mode=CueMode.SUPPORTING)
    policy = enforcing(TEXTURE, prior=-3.0, relief=supporting, light=supporting)

    def fused(relief: float, light: float | None) -> float:
        results = {TEXTURE: result(TEXTURE, 0.5), RELIEF: result(RELIEF, relief), LIGHT: result(LIGHT, light)}
        return fuse_cues(results, policy.cues) or 0.0

    assert fused(0.9, 0.8) == fused(0.9, None)
    assert fused(0.1, 0.2) < fused(0.1, None)


def test_an_old_policy_file_is_texture_alone() -> None:
    raw = (RESOURCES / "policy.toml").read_text("utf-8")
    old = raw[: raw.index("[cues]")] + raw[raw.index("[continuity]") :]
    policy = decode_policy(old.encode())
    assert policy.cues == TEXTURE_ALONE and policy.cues.wanted == (TEXTURE,)
    assert outcome_of([result(TEXTURE, 0.9)], policy)[0] is OutcomeKind.CERTIFIED
    assert outcome_of([result(TEXTURE, None)], policy)[0] is OutcomeKind.REVIEW


@pytest.mark.parametrize(
    "cues",
    [
        'basis = "x"\ntexture = { mode = "shadow" }',
        'basis = "x"\npulse = { mode = "sometimes" }',
        'basis = "x"\npulse = { mode = "shadow", refuse_below = 1.5 }',
        'basis = "x"\npalmistry = { mode = "shadow" }',
        'basis = "x"\nprior = 99.0',
        "prior = 0.0",
    ],
)
def test_a_broken_cue_table_is_named(cues: str) -> None:
    raw = (RESOURCES / "policy.toml").read_text("utf-8")
    broken = raw[: raw.index("[cues]")] + f"[cues]\n{cues}\n\n" + raw[raw.index("[continuity]") :]
    with pytest.raises(ConfigError, match="policy"):
        decode_policy(broken.encode())


def test_every_cue_is_in_the_record_whether_it_counted_or_not() -> None:
    policy = enforcing(TEXTURE, surroundings=CueRule(mode=CueMode.SHADOW))
    cues = recorded([result(TEXTURE, 0.9), result(SURROUNDINGS, None)], policy.cues)
    assert cues[TEXTURE].mode == "enforced" and cues[TEXTURE].score == 0.9
    assert cues[SURROUNDINGS].score is None and cues[SURROUNDINGS].not_assessable == "too_short"


def test_a_seed_comes_back_from_the_record_as_it_was() -> None:
    seed = float(2**48 - 7)
    cue = CueResult(name="light", score=0.5, confidence=1.0, details={"seed": seed, "share": 0.123456})
    details = recorded([cue], DEFAULT.cues)["light"].details
    assert int(details["seed"]) == 2**48 - 7 and details["share"] == 0.1235


def test_a_mask_kept_moving_is_not_certified_by_shape_and_texture() -> None:
    """No pulse can be looked for, no eye moves, and a solid mask has relief and may have texture."""
    strict = decode_policy((RESOURCES / "policy-strict.toml").read_bytes())
    moving = result(PULSE, None, why=Unable.MOTION)
    mask = [result(TEXTURE, 1.0), moving, result(RELIEF, 1.0), result(SURROUNDINGS, 0.82, 0.5)]
    kind, reasons = outcome_of([*mask, result(EYES, None)], strict)
    assert kind is OutcomeKind.REVIEW and reasons == (Reason.LIVENESS_UNCERTAIN,)
    assert outcome_of([*mask, result(EYES, 0.7)], strict)[0] is OutcomeKind.CERTIFIED, "a living one blinks"


def test_blinks_behind_a_flat_mask_kept_moving_are_not_enough() -> None:
    strict = decode_policy((RESOURCES / "policy-strict.toml").read_bytes())
    moving = result(PULSE, None, why=Unable.MOTION)
    mask = [result(TEXTURE, 0.99), moving, result(RELIEF, 0.53, 0.9), result(SURROUNDINGS, 0.82, 0.5)]
    assert outcome_of([*mask, result(EYES, 0.73)], strict)[0] is OutcomeKind.REVIEW


def test_eyes_that_blink_in_skin_that_does_not_beat_are_behind_a_mask() -> None:
    strict = decode_policy((RESOURCES / "policy-strict.toml").read_bytes())
    mask = [result(TEXTURE, 1.0), result(RELIEF, 1.0), result(SURROUNDINGS, 0.82, 0.5), result(EYES, 0.97)]
    assert outcome_of([*mask, result(PULSE, 0.5)], strict)[0] is OutcomeKind.REVIEW
    assert outcome_of([*mask, result(PULSE, 0.7)], strict)[0] is OutcomeKind.CERTIFIED


@pytest.mark.parametrize("alone", [n for n in CUE_NAMES if n != SURROUNDINGS])
def test_no_cue_certifies_alone_by_the_strict_policy(alone: str) -> None:
    strict = decode_policy((RESOURCES / "policy-strict.toml").read_bytes()).cues
    figure = fuse_cues({alone: result(alone, 1.0)}, strict)
    assert figure is not None and figure < 0.5


def test_a_policy_without_a_bound_weighs_as_before() -> None:
    assert CuePolicy(basis="test").most > 10.0 * 4.0 - 1.0 and CueRule().moving is None


@pytest.mark.parametrize(
    "change",
    [
        b"vital_from = 2.0",
        b"without_vital = -1.0",
        b"pulse = { missing = 1.0 }",
        b"pulse = { moving = 1.0 }",
        b"most = 0.0",
    ],
)
def test_a_policy_that_would_reward_silence_is_refused(change: bytes) -> None:
    raw = (RESOURCES / "policy.toml").read_bytes()
    field = change.split(b" ")[0]
    kept = b"\n".join(line for line in raw.split(b"\n") if not line.startswith(field + b" "))
    with pytest.raises(ConfigError, match="cues"):
        decode_policy(kept.replace(b"[cues]", b"[cues]\n" + change))
