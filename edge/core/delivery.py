"""The way of a record to central: states, transitions, and when to try again.

A record is pending until it is handed to the wire, sent until a receipt names its digest, and then receipted
(stored) or quarantined (refused, with the reason). What the broker says moves it back to pending at most:
only a receipt ends the way. Each record waits for itself, so one that cannot get through delays no other.
TRANSITIONS is the whole machine; an event that is not in it raises and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.errors import DoorstepError
from edge.core.receipt import Receipt, Verdict


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    RECEIPTED = "receipted"
    QUARANTINED = "quarantined"


class DeliveryEvent(StrEnum):
    SEND = "send"
    LOST = "lost"  # the link went before the broker acknowledged
    UNHEARD = "unheard"  # the broker took it, and nobody at central was listening
    DENIED = "denied"  # the broker refused it
    OVERDUE = "overdue"  # no receipt in time
    STORED = "stored"  # a receipt: central holds it
    REFUSED = "refused"  # a receipt: central will not take it
    MISSING = "missing"  # a later receipt: central no longer holds it
    RELEASE = "release"  # a technician wants a quarantined record offered again


_S, _E = DeliveryState, DeliveryEvent
TRANSITIONS: Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState] = {
    (_S.PENDING, _E.SEND): _S.SENT,
    (_S.PENDING, _E.STORED): _S.RECEIPTED,
    (_S.PENDING, _E.REFUSED): _S.QUARANTINED,
    (_S.SENT, _E.LOST): _S.PENDING,
    (_S.SENT, _E.UNHEARD): _S.PENDING,
    (_S.SENT, _E.DENIED): _S.PENDING,
    (_S.SENT, _E.OVERDUE): _S.PENDING,
    (_S.SENT, _E.STORED): _S.RECEIPTED,
    (_S.SENT, _E.REFUSED): _S.QUARANTINED,
    (_S.RECEIPTED, _E.STORED): _S.RECEIPTED,
    (_S.RECEIPTED, _E.MISSING): _S.PENDING,
    (_S.QUARANTINED, _E.REFUSED): _S.QUARANTINED,
    (_S.QUARANTINED, _E.STORED): _S.RECEIPTED,
    (_S.QUARANTINED, _E.RELEASE): _S.PENDING,
}
WIRE_EVENTS = frozenset({_E.LOST, _E.UNHEARD, _E.DENIED})


class IllegalDeliveryEvent(DoorstepError):
    """An event that a record's state does not allow; nothing was changed."""

    default_remedy = "Nothing is lost. Report this with the unit's log; the record stays as it was."


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One record's delivery. `next_try_utc_s` is seconds since the epoch; `attempts` counts sendings."""

    sequence: int
    sha256: str
    state: DeliveryState
    attempts: int = 0
    next_try_utc_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOutcome:
    """Why the wire did not take an envelope: one of WIRE_EVENTS. That it took one is not worth telling."""

    sha256: str
    event: DeliveryEvent
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait, in seconds. After `park_after` sendings a denied record waits `park_s`."""

    base_s: float = 1.0
    cap_s: float = 120.0
    receipt_s: float = 10.0
    park_after: int = 3
    park_s: float = 3600.0

    @property
    def longest_s(self) -> float:
        return max(self.cap_s, self.receipt_s, self.park_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a receipt brings about. `changed` is to be saved; the rest is to be told.

    unknown: digests this unit never wrote. contradicted: digests whose state the receipt contradicts.
    refilled: sequences that central has lost and that go again.
    """

    changed: tuple[OutboxEntry, ...] = ()
    unknown: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    refilled: tuple[int, ...] = ()


def backoff_s(attempts: int, *, random01: float, base_s: float, cap_s: float) -> float:
    """Exponential backoff with full jitter: between 0 and base·2^(attempts−1), capped. Seconds.

    `random01` is uniform over 0..1 and comes from outside. (The scheme is AWS's "full jitter".)
    """
    return random01 * min(cap_s, base_s * 2.0 ** min(max(attempts - 1, 0), 30))


def advance(
    entry: OutboxEntry,
    event: DeliveryEvent,
    *,
    now_utc_s: float,
    timing: Timing,
    random01: float = 1.0,
    reason: str = "",
) -> OutboxEntry:
    """The entry after `event`. Raises IllegalDeliveryEvent when the table has no such transition."""
    state = TRANSITIONS.get((entry.state, event))
    if state is None:
        raise IllegalDeliveryEvent(f"record {entry.sequence} is {entry.state}, which allows no {event!r}")
    attempts = entry.attempts
    if event is _E.SEND:
        attempts += 1
    elif event in (_E.MISSING, _E.RELEASE):
        attempts = 0
    wait_s = _wait_s(event, attempts, timing, random01)
    return replace(entry, state=state, attempts=attempts, next_try_utc_s=now_utc_s + wait_s, reason=reason)


def _wait_s(event: DeliveryEvent, attempts: int, timing: Timing, random01: float) -> float:
    if event is _E.SEND:
        return timing.receipt_s
    if event is _E.DENIED and attempts >= timing.park_after:
        return timing.park_s
    if event in (_E.LOST, _E.DENIED, _E.OVERDUE):
        return backoff_s(attempts, random01=random01, base_s=timing.base_s, cap_s=timing.cap_s)
    return 0.0


def is_due(entry: OutboxEntry, *, now_utc_s: float, timing: Timing) -> bool:
    """Whether its time has come. A wait longer than any we set means that the clock was set back."""
    return now_utc_s >= entry.next_try_utc_s or entry.next_try_utc_s - now_utc_s > timing.longest_s


def overdue(entries: Iterable[OutboxEntry], *, now_utc_s: float, timing: Timing) -> list[OutboxEntry]:
    """Sent entries whose receipt did not come in time."""
    return [e for e in entries if e.state is _S.SENT and is_due(e, now_utc_s=now_utc_s, timing=timing)]


def select(
    entries: Sequence[OutboxEntry], *, now_utc_s: float, window: int, timing: Timing
) -> list[OutboxEntry]:
    """What to send now: due, lowest sequence first, so many that at most `window` are under way."""
    under_way = sum(1 for e in entries if e.state is _S.SENT)
    due = [e for e in entries if e.state is _S.PENDING and is_due(e, now_utc_s=now_utc_s, timing=timing)]
    return sorted(due, key=lambda e: e.sequence)[: max(0, window - under_way)]


def apply_receipt(
    receipt: Receipt,
    *,
    known: Mapping[str, OutboxEntry],
    above_gap: Sequence[OutboxEntry],
    now_utc_s: float,
    timing: Timing,
) -> Applied:
    """The entries after a verified receipt for this unit; applying it again changes nothing more.

    known: by digest, the entries that the items name. above_gap: receipted entries from gap_free_sequence + 1 on.
    Central certainly lacks the record after its gap-free ones; if that one counts as receipted here, central has
    lost records (a restored backup), and all of `above_gap` that this receipt does not name stored go again.
    """
    changed: dict[str, OutboxEntry] = {}
    unknown, contradicted = [], []
    for item in receipt.items:
        entry = changed.get(item.sha256) or known.get(item.sha256)
        event = _E.STORED if item.verdict is Verdict.STORED else _E.REFUSED
        if entry is None:
            unknown.append(item.sha256)
        elif (entry.state, event) not in TRANSITIONS:
            contradicted.append(item.sha256)
        elif TRANSITIONS[entry.state, event] is not entry.state:
            reason = ": ".join(part for part in (item.reason, item.detail) if part)
            changed[item.sha256] = advance(entry, event, now_utc_s=now_utc_s, timing=timing, reason=reason)
    refill = _refill(receipt, above_gap)
    for entry in refill:
        changed[entry.sha256] = advance(entry, _E.MISSING, now_utc_s=now_utc_s, timing=timing)
    return Applied(
        changed=tuple(changed.values()),
        unknown=tuple(unknown),
        contradicted=tuple(contradicted),
        refilled=tuple(e.sequence for e in refill),
    )


def _refill(receipt: Receipt, above_gap: Sequence[OutboxEntry]) -> list[OutboxEntry]:
    lacking = receipt.gap_free_sequence + 1
    held = {item.sha256 for item in receipt.items if item.verdict is Verdict.STORED}
    lost = [e for e in above_gap if e.state is _S.RECEIPTED and e.sequence >= lacking and e.sha256 not in held]
    return lost if any(e.sequence == lacking for e in lost) else []
