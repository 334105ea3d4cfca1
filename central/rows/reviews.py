"""Statements over what waits for review and what was decided, and the figures of the reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, func, insert, or_, select, update

from central.rows.messages import QUEUED
from central.store import Transaction
from central.tables import alarms, records, refusals, units
from central.tables_desk import reviews
from central.tables_messages import messages, unit_messaging

SHOWN = [c for c in records.c if c.name != "envelope"]
GROUPS = {"village": "address_code", "scheme": "scheme", "worker": "worker", "unit": "unit_id", "outcome": "outcome"}


class Reviews:
    """The reviews of one database. Rows are plain mappings by column name."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    def waiting(self, *, limit: int = 50, offset: int = 0) -> list[dict[str, Any]]:
        """Records that a person must decide over, the oldest first; `state` is null before anybody said anything."""
        query = select(*SHOWN, reviews.c.state, reviews.c.proposed_by).select_from(_open())
        query = query.where(_UNDECIDED).order_by(records.c.id).limit(limit).offset(offset)
        return self._all(query)

    def count_waiting(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(_open()).where(_UNDECIDED)) or 0

    def get(self, record_sha256: str) -> dict[str, Any] | None:
        """A record with its review, the record locked for this transaction where the database can."""
        locked = select(records).where(records.c.sha256 == record_sha256).with_for_update()
        record = self._connection.execute(locked).mappings().one_or_none()
        if record is None:
            return None
        found = self._connection.execute(select(reviews).where(reviews.c.record_sha256 == record_sha256)).mappings()
        return {**dict.fromkeys(reviews.c.keys()), **(found.one_or_none() or {}), **record}

    def save(self, record_sha256: str, **columns: Any) -> None:
        same = reviews.c.record_sha256 == record_sha256
        if self._connection.execute(update(reviews).where(same).values(columns)).rowcount == 0:
            self._connection.execute(insert(reviews).values(record_sha256=record_sha256, **columns))

    def not_sent(self, limit: int = 500) -> list[dict[str, Any]]:
        """Decided, not yet issued, and the keys of the unit are known by now."""
        c = reviews.c
        query = select(*SHOWN, c.decision, c.reason, c.decided_utc).select_from(records.join(reviews))
        query = query.join(unit_messaging, unit_messaging.c.unit_id == records.c.unit_id)
        return self._all(query.where(c.decided_utc.is_not(None), c.message_sequence.is_(None)).limit(limit))

    def history(self, person_id: str) -> list[dict[str, Any]]:
        """All visits of a person and what was decided over them, the newest first."""
        query = select(*SHOWN, reviews.c.state, reviews.c.decision, reviews.c.decided_utc).select_from(_open())
        return self._all(
            query.where(records.c.person_id == person_id).order_by(records.c.begun_utc.desc()).limit(200)
        )

    def counts(self, by: str) -> list[dict[str, Any]]:
        """How many records of each outcome there are, by one of GROUPS; reviews that are decided count beside."""
        group = records.c[GROUPS[by]]
        decided = func.count(reviews.c.decided_utc)
        query = select(
            group.label("group"), records.c.outcome, func.count().label("records"), decided.label("decided")
        )
        query = query.select_from(_open()).group_by(group, records.c.outcome)
        return self._all(query.order_by(group, records.c.outcome))

    def units(self) -> list[dict[str, Any]]:
        """Each unit with its number of records, the highest sequence, and when it was last heard."""
        query = select(
            units.c.unit_id,
            units.c.registered_utc,
            units.c.revoked_utc,
            units.c.gap_free_sequence,
            func.count(records.c.id).label("records"),
            func.coalesce(func.max(records.c.sequence), 0).label("highest"),
            func.max(records.c.received_utc).label("last_utc"),
        ).select_from(units.outerjoin(records))
        return self._all(query.group_by(*[c for c in units.c if c.name != "key_document"]).order_by(units.c.unit_id))

    def newest_envelope(self, unit_id: str, sequence: int) -> bytes | None:
        query = select(records.c.envelope).where(records.c.unit_id == unit_id, records.c.sequence == sequence)
        return self._connection.scalar(query)

    def alarms(self, limit: int = 100) -> list[dict[str, Any]]:
        columns = [c for c in alarms.c if c.name != "envelope"]
        return self._all(select(*columns).order_by(alarms.c.id.desc()).limit(limit))

    def messaging(self, unit_id: str) -> dict[str, Any]:
        """How many messages a unit has yet to confirm, and the version of the list that it holds."""
        waiting = select(func.count()).where(messages.c.unit_id == unit_id, messages.c.state == QUEUED)
        version = select(unit_messaging.c.list_version).where(unit_messaging.c.unit_id == unit_id)
        return {
            "open_messages": self._connection.scalar(waiting) or 0,
            "list_version": self._connection.scalar(version) or 0,
        }

    def totals(self) -> dict[str, int]:
        """Counts over all units, by the name they have among the metrics."""
        queries = {
            "alarms": select(func.count()).select_from(alarms),
            "refusals": select(func.count()).select_from(refusals),
            "messages_open": select(func.count()).where(messages.c.state == QUEUED),
        }
        return {name: self._connection.scalar(query) or 0 for name, query in queries.items()}

    def _all(self, query: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query).mappings()]


def _open() -> Any:
    return records.outerjoin(reviews, reviews.c.record_sha256 == records.c.sha256)


_UNDECIDED = and_(records.c.outcome == "review", or_(reviews.c.state.is_(None), reviews.c.state != "decided"))
