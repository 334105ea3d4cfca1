"""From findings to outcomes: nothing but all-clear certifies, and similarity alone never refuses anybody."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge
from edge.core.errors import ConfigError, InputError
from edge.core.policy import Policy, decide_attestation, decide_face, decide_not_performed, decode_policy
from edge.core.record import FaceFindings, Score
from edge.core.visit import NOT_PERFORMED_REASONS, Attestation, OutcomeKind, Reason, Witness, WitnessMethod

POLICY_TOML = (Path(edge.__file__).parent / "resources" / "policy.toml").read_bytes()
POLICY: Policy = decode_policy(POLICY_TOML)

scores = st.one_of(st.none(), st.floats(-1, 1), st.just(float("nan")))


def findings(**changes: object) -> FaceFindings:
    clear = FaceFindings(
        frames_seen=60,
        frames_used=20,
        people_seen=1,
        ambiguous=False,
        comparison=POLICY.comparison.score(0.7),
        liveness=POLICY.liveness.score(0.99),
        continuity=POLICY.continuity.score(0.9),
        roll_deg=90.0,
        quality={},
        reference_count=1,
        reference_verified=True,
    )
    return msgspec.structs.replace(clear, **changes)


def test_all_clear_is_certified() -> None:
    outcome = decide_face(findings())
    assert outcome.kind is OutcomeKind.CERTIFIED
    assert outcome.reasons == (Reason.CLEAR_MATCH,)


@given(comparison=scores, liveness=scores, continuity=scores, ambiguous=st.booleans(), references=st.integers(0, 3))
def test_certified_only_when_every_band_is_clear(comparison, liveness, continuity, ambiguous, references) -> None:
    outcome = decide_face(
        findings(
            comparison=POLICY.comparison.score(comparison),
            liveness=POLICY.liveness.score(liveness),
            continuity=POLICY.continuity.score(continuity),
            ambiguous=ambiguous,
            reference_count=references,
        )
    )
    clear = (
        (comparison is not None and comparison >= POLICY.comparison.accept)
        and (liveness is not None and liveness >= POLICY.liveness.accept)
        and (continuity is not None and continuity >= POLICY.continuity.accept)
        and not ambiguous
        and references > 0
    )
    assert (outcome.kind is OutcomeKind.CERTIFIED) == clear
    assert outcome.kind is not OutcomeKind.NOT_CERTIFIED
    assert outcome.reasons


@given(st.floats(-1, POLICY.comparison.review, exclude_max=True))
def test_low_similarity_goes_to_review_and_says_so(value: float) -> None:
    outcome = decide_face(findings(comparison=POLICY.comparison.score(value)))
    assert outcome.kind is OutcomeKind.REVIEW
    assert Reason.LOW_SIMILARITY in outcome.reasons


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reference_count": 0}, Reason.NO_REFERENCE),
        ({"reference_verified": False}, Reason.REFERENCE_UNVERIFIED),
        ({"frames_used": 0}, Reason.POOR_QUALITY),
        ({"ambiguous": True, "people_seen": 2}, Reason.PERSON_UNSURE),
        ({"liveness": Score(value=None, review=0.1, accept=0.5)}, Reason.LIVENESS_UNCERTAIN),
        ({"liveness": Score(value=0.05, review=0.1, accept=0.5)}, Reason.LIVENESS_LOW),
        ({"comparison": Score(value=0.4, review=0.3, accept=0.48)}, Reason.GREY_SIMILARITY),
        ({"continuity": Score(value=0.1, review=0.3, accept=0.4)}, Reason.PERSON_UNSURE),
        ({"continuity": Score(value=None, review=0.3, accept=0.4)}, Reason.POOR_QUALITY),
    ],
)
def test_each_doubt_goes_to_review_with_its_reason(changes: dict, reason: Reason) -> None:
    outcome = decide_face(findings(**changes))
    assert outcome.kind is OutcomeKind.REVIEW
    assert reason in outcome.reasons


def test_nobody_in_the_picture_is_not_performed() -> None:
    outcome = decide_face(findings(people_seen=0, frames_used=0))
    assert outcome.kind is OutcomeKind.NOT_PERFORMED
    assert outcome.reasons == (Reason.FACE_NOT_VISIBLE,)


def test_a_bystander_is_mentioned_but_does_not_block() -> None:
    outcome = decide_face(findings(people_seen=2))
    assert outcome.kind is OutcomeKind.CERTIFIED
    assert Reason.SEVERAL_PEOPLE in outcome.reasons


def attestation(**changes: object) -> Attestation:
    whole = Attestation(
        declared_by="w-1",
        witnessed_by="w-2",
        person_seen=True,
        no_mask_or_photo=True,
        recognised_how="id_card",
        document_kinds=("id_card",),
    )
    return msgspec.structs.replace(whole, **changes)


def test_attestation_ends_as_policy_says_by_how_the_witness_signed() -> None:
    trusting = msgspec.structs.replace(
        POLICY.manual, outcome=OutcomeKind.CERTIFIED, drawn_outcome=OutcomeKind.CERTIFIED
    )
    half = msgspec.structs.replace(trusting, drawn_outcome=OutcomeKind.REVIEW)
    by_hand, by_pin = {WitnessMethod.DRAWN}, {WitnessMethod.PIN}
    for policy, certifying in ((POLICY.manual, set()), (half, by_pin), (trusting, by_pin | by_hand)):
        for how in WitnessMethod:
            kind = decide_attestation(attestation(witness=Witness(how=how)), policy).kind
            assert (kind is OutcomeKind.CERTIFIED) is (how in certifying)
        assert decide_attestation(attestation(), policy).kind is OutcomeKind.REVIEW, "nobody but the worker says so"


def test_the_workers_own_face_is_never_certified() -> None:
    for value, kind in ((0.41, OutcomeKind.CERTIFIED), (0.42, OutcomeKind.REVIEW), (0.9, OutcomeKind.REVIEW)):
        outcome = decide_face(findings(worker_similarity=POLICY.own_face.score(value)))
        assert outcome.kind is kind
    assert outcome.reasons[0] is Reason.WORKER_FACE
    assert decide_face(findings(worker_similarity=POLICY.own_face.score(None))).kind is OutcomeKind.CERTIFIED


def test_a_policy_file_from_before_own_faces_and_offers_is_still_read_with_both_on() -> None:
    text = POLICY_TOML.decode()
    old = text[: text.index("# Self-certification")].replace('drawn_outcome = "review"\n', "")
    policy = decode_policy(old.encode())
    assert policy.own_face.enabled and policy.references.first
    assert policy.manual.drawn_outcome is OutcomeKind.REVIEW


def test_worker_who_did_not_see_the_person_never_certifies() -> None:
    certified = msgspec.structs.replace(POLICY.manual, outcome=OutcomeKind.CERTIFIED)
    signed = Witness(how=WitnessMethod.PIN)
    assert decide_attestation(attestation(witness=signed), certified).kind is OutcomeKind.CERTIFIED
    for denied in ({"person_seen": False}, {"no_mask_or_photo": False}):
        made = attestation(witness=signed, **denied)
        assert decide_attestation(made, certified).kind is OutcomeKind.REVIEW


@pytest.mark.parametrize("changes", [{"witnessed_by": "w-1"}, {"witnessed_by": ""}, {"document_kinds": ()}])
def test_attestation_without_second_person_or_document_is_refused(changes: dict) -> None:
    with pytest.raises(InputError):
        decide_attestation(attestation(**changes), POLICY.manual)


@pytest.mark.parametrize("reason", list(Reason))
def test_not_performed_takes_only_its_own_reasons(reason: Reason) -> None:
    if reason in NOT_PERFORMED_REASONS:
        assert decide_not_performed(reason).reasons == (reason,)
    else:
        with pytest.raises(InputError):
            decide_not_performed(reason)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"doorstep.policy/1", b"doorstep.policy/9"),
        (b'outcome = "review"', b'outcome = "not_certified"'),
        (b"min_probes =", b"max_probes ="),
        (b"[liveness]", b"[liveness]\nunknown = 1"),
        (b"accept = 0.48", b"accept = 0.1"),
        (b"accept = 0.48", b'accept = "high"'),
    ],
)
def test_broken_policy_is_named_not_guessed(old: bytes, new: bytes) -> None:
    assert old in POLICY_TOML
    with pytest.raises(ConfigError, match="policy"):
        decode_policy(POLICY_TOML.replace(old, new))
