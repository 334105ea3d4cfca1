"""From findings to an outcome. Numbers live in a policy file; the order of the rules lives here.

Rules: certified needs every band clear and every enforced liveness cue to have spoken; whatever is not clear goes to
review; similarity alone never ends in not_certified; nothing here ever concludes that a person has died.
"""

from __future__ import annotations

import msgspec

from edge.core.comparison import Band, band
from edge.core.document import read_toml
from edge.core.errors import ConfigError, InputError
from edge.core.liveness import TEXTURE_ALONE, CueMode, CuePolicy
from edge.core.quality import QualityLimits
from edge.core.record import FaceFindings, Score
from edge.core.renewal import Renewal
from edge.core.visit import (
    NOT_PERFORMED_REASONS,
    Attestation,
    Outcome,
    OutcomeKind,
    Reason,
    Witness,
    WitnessMethod,
)

FORMAT = "doorstep.policy/1"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two bands: clear from `accept`, low below `review`, grey between. `basis`: set and figures behind them."""

    review: float
    accept: float
    basis: str

    def score(self, value: float | None) -> Score:
        return Score(value=value, review=self.review, accept=self.accept)


class BurstPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The capture window. Times in seconds; probes: frames that are compared; gaps keep samples independent."""

    window_s: float
    min_liveness_s: float
    min_liveness_frames: int
    liveness_gap_s: float
    probes: int
    min_probes: int
    probe_gap_s: float
    dominant_area_ratio: float


class ManualPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an attestation by worker and witness leads to: review, or certified where the agency decides so.

    outcome: where the witness signed with a key of their own. drawn_outcome: where they signed by hand on the screen.
    A witness whom the worker only names always leads to review.
    """

    outcome: OutcomeKind
    min_documents: int
    drawn_outcome: OutcomeKind = OutcomeKind.REVIEW

    def outcome_by(self, witness: Witness | None) -> OutcomeKind:
        how = witness.how if witness else WitnessMethod.DECLARED
        by_method = {WitnessMethod.PIN: self.outcome, WitnessMethod.DRAWN: self.drawn_outcome}
        return by_method.get(how, OutcomeKind.REVIEW)


class OwnFacePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the worker's own face is compared with the one that is certified; from match_at on it is the same."""

    enabled: bool = True
    match_at: float = 0.42
    basis: str = ""

    def score(self, value: float | None) -> Score:
        return Score(value=value, review=self.match_at, accept=self.match_at)


class OfferPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """References that a visit offers to central. first: where there was none; from min_samples frames that agree.

    refresh_at: from which comparison score on a fresh photograph is offered beside the old one; above 1: never.
    """

    first: bool = True
    min_samples: int = 3
    refresh_at: float = 0.60
    basis: str = ""


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    policy_id: str
    comparison: Thresholds
    liveness: Thresholds
    continuity: Thresholds
    quality: QualityLimits
    burst: BurstPolicy
    manual: ManualPolicy
    cues: CuePolicy = TEXTURE_ALONE
    renewal: Renewal = Renewal()
    own_face: OwnFacePolicy = OwnFacePolicy()
    references: OfferPolicy = OfferPolicy()


def decode_policy(raw: bytes) -> Policy:
    """Read a policy file. Raises ConfigError naming the field that is wrong."""
    policy = read_toml(raw, Policy, what="policy")
    if policy.format != FORMAT:
        raise ConfigError(f"policy: format {policy.format!r}, expected {FORMAT!r}")
    for name in ("comparison", "liveness", "continuity"):
        thresholds: Thresholds = getattr(policy, name)
        if not -1.0 <= thresholds.review <= thresholds.accept <= 1.0:
            raise ConfigError(f"policy: {name}.review must not exceed {name}.accept, both -1..1")
    for outcome in (policy.manual.outcome, policy.manual.drawn_outcome):
        if outcome not in (OutcomeKind.REVIEW, OutcomeKind.CERTIFIED):
            raise ConfigError("policy: manual.outcome and manual.drawn_outcome are review or certified")
    if not 0.0 < policy.own_face.match_at <= 1.0 or policy.references.min_samples < 2:
        raise ConfigError("policy: own_face.match_at is above 0 and up to 1, references.min_samples at least 2")
    if policy.cues.fault():
        raise ConfigError(f"policy: {policy.cues.fault()}")
    if not 1 <= policy.renewal.months <= 120:
        raise ConfigError("policy: renewal.months is 1 to 120")
    if not 1 <= policy.burst.min_probes <= policy.burst.probes:
        raise ConfigError("policy: burst.min_probes is 1 to burst.probes")
    return policy


def decide_face(findings: FaceFindings) -> Outcome:
    """The outcome of a visit by face."""
    if findings.people_seen == 0:
        return Outcome(kind=OutcomeKind.NOT_PERFORMED, reasons=(Reason.FACE_NOT_VISIBLE,))
    doubts = _doubts(findings)
    if doubts:
        return Outcome(kind=OutcomeKind.REVIEW, reasons=doubts)
    remarks = (Reason.SEVERAL_PEOPLE,) if findings.people_seen > 1 else ()
    return Outcome(kind=OutcomeKind.CERTIFIED, reasons=(Reason.CLEAR_MATCH, *remarks))


def liveness_clear(findings: FaceFindings) -> bool:
    """Whether, for all that liveness says, the visit could be certified."""
    return band(findings.liveness) is Band.CLEAR and not _missing(findings) and not _refused(findings)


def decide_attestation(attestation: Attestation, policy: ManualPolicy, *, why: Reason | None = None) -> Outcome:
    """The outcome of a visit without a face. `why` a face was not used, where a reason was given.

    Raises InputError when the witness is the worker, or a declaration or document is wanting.
    """
    if not attestation.witnessed_by or attestation.witnessed_by == attestation.declared_by:
        raise InputError("the witness must be a second person", remedy="Ask somebody else present to witness.")
    if len(attestation.document_kinds) < policy.min_documents:
        raise InputError(
            f"{policy.min_documents} document(s) must be photographed, got {len(attestation.document_kinds)}",
            remedy="Photograph the identity card or the household book.",
        )
    reasons = (Reason.MANUAL_ATTESTATION, *((why,) if why else ()))
    if not attestation.person_seen or not attestation.no_mask_or_photo:
        return Outcome(kind=OutcomeKind.REVIEW, reasons=(*reasons, Reason.WORKER_DENIES_IDENTITY))
    return Outcome(kind=policy.outcome_by(attestation.witness), reasons=reasons)


def decide_not_performed(reason: Reason) -> Outcome:
    """The outcome of a visit that could not take place. Raises InputError for a reason of another kind."""
    if reason not in NOT_PERFORMED_REASONS:
        raise InputError(
            f"{reason.value} is no reason for a visit not performed",
            remedy="Choose one of: " + ", ".join(sorted(r.value for r in NOT_PERFORMED_REASONS)),
        )
    return Outcome(kind=OutcomeKind.NOT_PERFORMED, reasons=(reason,))


def held_for_review(outcome: Outcome, reason: Reason) -> Outcome:
    """The outcome with one reason more that a person at central must look at: certified no longer stands."""
    if reason in outcome.reasons:
        return outcome
    if outcome.kind is OutcomeKind.CERTIFIED:
        reasons = tuple(r for r in outcome.reasons if r is not Reason.CLEAR_MATCH)
        return Outcome(kind=OutcomeKind.REVIEW, reasons=(reason, *reasons))
    return Outcome(kind=outcome.kind, reasons=(*outcome.reasons, reason))


def _doubts(findings: FaceFindings) -> tuple[Reason, ...]:
    """Every reason against certifying, the weightiest first; empty when all is clear."""
    liveness, comparison = band(findings.liveness), band(findings.comparison)
    continuity = band(findings.continuity)
    rules = (
        (_is_worker(findings), Reason.WORKER_FACE),
        (findings.reference_count == 0, Reason.NO_REFERENCE),
        (not findings.reference_verified, Reason.REFERENCE_UNVERIFIED),
        (findings.frames_used == 0 or continuity is Band.ABSENT, Reason.POOR_QUALITY),
        (findings.ambiguous or continuity in (Band.GREY, Band.LOW), Reason.PERSON_UNSURE),
        (liveness is Band.LOW or _refused(findings), Reason.LIVENESS_LOW),
        (liveness in (Band.GREY, Band.ABSENT) or _missing(findings), Reason.LIVENESS_UNCERTAIN),
        (findings.reference_count > 0 and comparison is Band.LOW, Reason.LOW_SIMILARITY),
        (findings.reference_count > 0 and comparison is Band.GREY, Reason.GREY_SIMILARITY),
        (findings.reference_count > 0 and comparison is Band.ABSENT, Reason.POOR_QUALITY),
        (findings.people_seen > 1 and findings.ambiguous, Reason.SEVERAL_PEOPLE),
    )
    return tuple(dict.fromkeys(reason for failed, reason in rules if failed))


def _is_worker(findings: FaceFindings) -> bool:
    return findings.worker_similarity is not None and band(findings.worker_similarity) is Band.CLEAR


def _missing(findings: FaceFindings) -> bool:
    """Whether a cue that has to speak could not."""
    return any(c.mode == CueMode.ENFORCED and c.score is None for c in findings.cues.values())


def _refused(findings: FaceFindings) -> bool:
    return any(c.refuses for c in findings.cues.values())
