"""This unit's own visits, read once and then only what is new: by person, for the list and the history."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from edge.core.errors import VerificationError
from edge.core.record import VisitRecord
from edge.core.today import LastVisit
from edge.core.visit import OutcomeKind
from edge.ports import RecordStore
from edge.services.slip import record_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record as the screen shows it; is_visit: not a withdrawal of consent, which says nothing of a person's due
    date. sequence is its place in the store. Dates are YYYY-MM-DD."""

    sequence: int
    record_id: str
    person_id: str
    date: str
    worker_id: str
    outcome: OutcomeKind
    reasons: tuple[str, ...]
    is_visit: bool


class Ledger:
    """Used by many threads. A record that cannot be read is passed over: `doorstep verify` is where it is named."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._entries: list[Entry] = []
        self._read = 0
        self._guard = threading.Lock()

    def entries(self) -> list[Entry]:
        """All visits, the oldest first."""
        with self._guard:
            for stored in self._records.records(self._read + 1):
                self._read = stored.sequence
                try:
                    self._entries.append(_entry(record_of(stored)))
                except VerificationError:
                    continue
            return list(self._entries)

    def last_visits(self) -> dict[str, LastVisit]:
        """The latest visit to each person, by person_id."""
        return {
            e.person_id: LastVisit(date=e.date, outcome=e.outcome, record_id=e.record_id)
            for e in self.entries()
            if e.is_visit
        }


def _entry(record: VisitRecord) -> Entry:
    return Entry(
        sequence=record.sequence,
        record_id=record.record_id,
        person_id=record.visit.person_served.person_id,
        date=record.visit.date,
        worker_id=record.visit.person_serving,
        outcome=record.outcome.kind,
        reasons=tuple(reason.value for reason in record.outcome.reasons),
        is_visit=record.withdrawal is None,
    )
