"""What may be decided over a record that waits for review, by whom, and what then goes down to the unit.

Rules: `certified` and `visit_again` are one person's decision; `not_certified` is proposed by one and confirmed by
another, or sent back to wait; who decides gives a reason; what is decided stays decided. The decision goes down as a
task in the same transaction; while the unit's keys are not known it waits here.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from central.clock import as_utc
from central.desk.signing_in import Visitor
from central.downward import Downlink
from central.policies import renewal_of
from central.rows.accounts import Accounts
from central.rows.people import due_date_of
from central.rows.reviews import Reviews
from central.store import Transaction
from edge.core.civil_time import civil_date
from edge.core.downward import MessageKind
from edge.core.downward_content import Decision
from edge.core.errors import InputError
from edge.core.renewal import next_due_date
from edge.core.visit import OutcomeKind

SHORTEST_REASON, LONGEST_REASON = 4, 500


class Choice(StrEnum):
    CERTIFIED = "certified"
    VISIT_AGAIN = "visit_again"
    NOT_CERTIFIED = "not_certified"


class State(StrEnum):
    """waiting: nobody has said anything, or a proposal was sent back. proposed: it needs a second person."""

    WAITING = "waiting"
    PROPOSED = "proposed"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """One person's words over one record, in one transaction."""

    transaction: Transaction
    downlink: Downlink
    visitor: Visitor
    at: dt.datetime

    def decide(self, sha256: str, choice: Choice, reason: str) -> State:
        """Decide, or propose a refusal. Raises InputError when that is not this person's to do now."""
        reason = " ".join(reason.split())
        if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or not reason.isprintable():
            raise InputError("reason_needed")
        row = self._row(sha256)
        if State(row["state"] or State.WAITING) is not State.WAITING:
            raise InputError("already_decided")
        said = {
            "decision": choice.value,
            "reason": reason,
            "proposed_by": self.visitor.username,
            "proposed_utc": as_utc(self.at),
            "decided_by": None,
            "decided_utc": None,
        }
        if choice is Choice.NOT_CERTIFIED:
            Reviews(self.transaction).save(sha256, state=State.PROPOSED.value, **said)
            self._log("refusal_proposed", sha256)
            return State.PROPOSED
        Reviews(self.transaction).save(sha256, state=State.WAITING.value, **said)
        return self._settle({**row, **said})

    def second(self, sha256: str, *, agrees: bool) -> State:
        """The second person's word over a refusal. Raises InputError for the one who proposed it."""
        row = self._row(sha256)
        if row["state"] != State.PROPOSED:
            raise InputError("nothing_proposed")
        if row["proposed_by"] == self.visitor.username:
            raise InputError("second_person_needed")
        if agrees:
            return self._settle(row)
        Reviews(self.transaction).save(sha256, state=State.WAITING.value)
        self._log("refusal_sent_back", sha256)
        return State.WAITING

    def _row(self, sha256: str) -> dict[str, Any]:
        if not self.visitor.decides:
            raise InputError("not_allowed")
        row = Reviews(self.transaction).get(sha256)
        if row is None or row["outcome"] != "review":
            raise InputError("no_such_review")
        return row

    def _settle(self, row: dict[str, Any]) -> State:
        Reviews(self.transaction).save(
            row["sha256"],
            state=State.DECIDED.value,
            decided_by=self.visitor.username,
            decided_utc=as_utc(self.at),
            message_sequence=self._send_down(row),
        )
        self._log("decided", row["sha256"], row["decision"])
        return State.DECIDED

    def _send_down(self, row: dict[str, Any]) -> int | None:
        decided = {**row, "decided_utc": as_utc(self.at)}
        return send_down(self.transaction, self.downlink, decided, at_utc=as_utc(self.at))

    def _log(self, action: str, sha256: str, detail: str = "") -> None:
        at_utc = as_utc(self.at)
        Accounts(self.transaction).log(self.visitor.username, action, at_utc=at_utc, subject=sha256, detail=detail)


TASKS = {Choice.CERTIFIED: "", Choice.VISIT_AGAIN: "visit_again", Choice.NOT_CERTIFIED: "tell_person"}
"""What the worker is to do, as a code of the unit's catalogue."""


def send_down(transaction: Transaction, downlink: Downlink, row: dict[str, Any], *, at_utc: str) -> int | None:
    """Issue a decision to the unit of its record; None while the unit's keys are not known."""
    decision = Decision(
        decision_id=uuid.uuid4().hex,
        record_sha256=row["sha256"],
        record_id=row["record_id"],
        person_id=row["person_id"],
        decision=row["decision"],
        reason=row["reason"],
        decided_utc=row["decided_utc"],
        task=TASKS[Choice(row["decision"])],
        next_due_date=_next_due(transaction, row),
    )
    try:
        return downlink.issue(transaction, row["unit_id"], MessageKind.DECISION, decision, at_utc=at_utc)
    except InputError:
        return None


def _next_due(transaction: Transaction, row: dict[str, Any]) -> str:
    """When the person is to be certified next, by the unit's policy; empty when that cannot be told."""
    if row["decision"] == Choice.VISIT_AGAIN:
        return ""
    kind = OutcomeKind(row["decision"])
    due_date = due_date_of(transaction.connection, row["person_id"])
    renewal = renewal_of(transaction, row["unit_id"])
    try:
        return next_due_date(kind, visited=civil_date(row["begun_utc"]), due_date=due_date, renewal=renewal)
    except (InputError, ValueError):
        return ""  # the unit's own clock gave no date


def send_waiting(transaction: Transaction, downlink: Downlink, *, at_utc: str) -> int:
    """Issue what was decided before its unit's keys were known; gives how many decisions went down."""
    sent = 0
    reviews = Reviews(transaction)
    for row in reviews.not_sent():
        sequence = send_down(transaction, downlink, row, at_utc=at_utc)
        if sequence is not None:
            reviews.save(row["sha256"], message_sequence=sequence)
            sent += 1
    return sent
