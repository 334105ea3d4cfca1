"""The way of a piece of evidence: its states and transitions, and which chunks go next.

Only a signed receipt moves it forward. TRANSITIONS is the whole machine; docs/protocol.md draws it from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.delivery import IllegalDeliveryEvent, Timing, backoff_s
from edge.core.evidence import EvidenceReceipt


class EvidenceState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"  # the manifest is on its way; central's receipt says which chunks it lacks
    SENDING = "sending"  # chunks are on their way
    RECEIPTED = "receipted"  # central holds all of it
    REFUSED = "refused"
    PURGED = "purged"


class EvidenceEvent(StrEnum):
    OFFER = "offer"
    LOST = "lost"  # the link went
    OVERDUE = "overdue"  # no receipt in time
    LACKING = "lacking"  # a receipt: these chunks are missing
    COMPLETE = "complete"  # a receipt: nothing is missing
    REFUSE = "refuse"  # a receipt: it is not taken
    PURGE = "purge"  # the retention time after the receipt is over, or central ordered it


_S, _E = EvidenceState, EvidenceEvent
UNDER_WAY = (_S.WAITING, _S.OFFERED, _S.SENDING)
TRANSITIONS: Mapping[tuple[EvidenceState, EvidenceEvent], EvidenceState] = {
    (_S.WAITING, _E.OFFER): _S.OFFERED,
    (_S.OFFERED, _E.LOST): _S.WAITING,
    (_S.OFFERED, _E.OVERDUE): _S.WAITING,
    (_S.OFFERED, _E.LACKING): _S.SENDING,
    (_S.SENDING, _E.LACKING): _S.SENDING,
    (_S.SENDING, _E.LOST): _S.WAITING,
    (_S.SENDING, _E.OVERDUE): _S.WAITING,
    (_S.WAITING, _E.LACKING): _S.SENDING,
    **{(state, _E.COMPLETE): _S.RECEIPTED for state in UNDER_WAY},
    **{(state, _E.REFUSE): _S.REFUSED for state in UNDER_WAY},
    (_S.RECEIPTED, _E.PURGE): _S.PURGED,
    (_S.REFUSED, _E.PURGE): _S.PURGED,
}
RECEIPT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceEntry:
    """One piece on its way. Times are seconds since the epoch."""

    evidence_id: str
    state: EvidenceState
    chunks: int
    attempts: int = 0
    next_try_utc_s: float = 0.0
    reason: str = ""
    settled_utc_s: float = 0.0


def advance_evidence(
    entry: EvidenceEntry, event: EvidenceEvent, *, now_utc_s: float, timing: Timing, random01: float, reason: str = ""
) -> EvidenceEntry:
    """The entry after `event`. Raises IllegalDeliveryEvent when the table has no such transition."""
    state = TRANSITIONS.get((entry.state, event))
    if state is None:
        raise IllegalDeliveryEvent(f"evidence {entry.evidence_id} is {entry.state}, which allows no {event!r}")
    attempts = entry.attempts + (event is _E.OFFER)
    if event is _E.LACKING:
        attempts = 0
    wait_s = 0.0
    if event in (_E.OFFER, _E.LACKING):
        wait_s = RECEIPT_S
    elif event in (_E.LOST, _E.OVERDUE):
        wait_s = backoff_s(attempts, random01=random01, base_s=timing.base_s, cap_s=timing.cap_s)
    settled = now_utc_s if state in (_S.RECEIPTED, _S.REFUSED) else entry.settled_utc_s
    return replace(
        entry,
        state=state,
        attempts=attempts,
        next_try_utc_s=now_utc_s + wait_s,
        reason=reason,
        settled_utc_s=settled,
    )


def event_of(receipt: EvidenceReceipt) -> EvidenceEvent:
    if receipt.refused:
        return _E.REFUSE
    return _E.COMPLETE if receipt.complete else _E.LACKING


def purge_is_due(entry: EvidenceEntry, *, now_utc_s: float, retention_s: float) -> bool:
    return (entry.state, _E.PURGE) in TRANSITIONS and now_utc_s >= entry.settled_utc_s + retention_s
