"""What a drain tells of its steps, for a log, a bar or a program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.core.confirmation import Applied, ConfirmedMessage
from edge.core.delivery import DeliveryState, OutboxEntry, WireOutcome


class ProgressKind(StrEnum):
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    SENT = "sent"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETRY = "retry"
    REFILL = "refill"
    RECEIPT_IGNORED = "receipt_ignored"
    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    MESSAGE_IGNORED = "message_ignored"
    EVIDENCE = "evidence"
    BUNDLE = "bundle"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Something a person or a log may want to know. `sequence` 0: not about one record."""

    kind: ProgressKind
    sequence: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is not delivered: open (pending or sent) and quarantined."""

    open: int
    quarantined: int


def count(entries: Iterable[OutboxEntry]) -> Backlog:
    states = [e.state for e in entries]
    quarantined = states.count(DeliveryState.QUARANTINED)
    return Backlog(open=len(states) - quarantined - states.count(DeliveryState.RECEIPTED), quarantined=quarantined)


def outcome_text(outcome: WireOutcome) -> str:
    return f"{outcome.event}: {outcome.detail}" if outcome.detail else str(outcome.event)


def of_message(item: ConfirmedMessage) -> Progress:
    kind = ProgressKind.APPLIED if item.outcome is Applied.APPLIED else ProgressKind.NOT_APPLIED
    detail = f"message {item.sequence}" + (f": {item.reason}: {item.detail}" if item.reason else "")
    return Progress(kind=kind, detail=detail)


def of_change(entry: OutboxEntry) -> Progress:
    kind = {
        DeliveryState.RECEIPTED: ProgressKind.DELIVERED,
        DeliveryState.QUARANTINED: ProgressKind.REFUSED,
    }.get(entry.state, ProgressKind.REFILL)
    return Progress(kind=kind, sequence=entry.sequence, detail=entry.reason)
