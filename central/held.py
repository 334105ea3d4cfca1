"""What is held around the records of a batch, read at once, so that a batch costs a few statements and not hundreds.

True as long as the unit's row is locked: nobody else adds records of this unit until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from central.record_row import Row
from central.store import Transaction


class Held:
    """The rows of one unit with the sequences of a batch, those beside them, and those with the same record ids."""

    def __init__(self, transaction: Transaction, unit_id: str, wanted: Sequence[Row]) -> None:
        self._transaction, self._unit_id = transaction, unit_id
        self._asked = {row["sequence"] + step for row in wanted for step in (-1, 0, 1)}
        ids = {row["record_id"] for row in wanted}
        self._by_sequence: dict[int, Row] = {}
        self._by_id: dict[str, Row] = {}
        for row in transaction.neighbours(unit_id, self._asked, ids) if wanted else ():
            self._note(row)
        self.fresh: list[Row] = []

    def at(self, sequence: int) -> Row | None:
        return self._by_sequence.get(sequence)

    def named(self, record_id: str) -> Row | None:
        return self._by_id.get(record_id)

    def add(self, row: Row) -> None:
        """A row that is to be stored at the end of the batch."""
        self._note(row)
        self.fresh.append(row)

    def gap_free(self, before: int) -> int:
        """Up to where nothing is missing once what is fresh is stored. before: up to where it was."""
        reached = before
        while reached + 1 in self._by_sequence:
            reached += 1
        # What follows is known to be missing where it was asked for; and nothing follows where nothing joined on.
        if reached == before or reached + 1 in self._asked:
            return reached
        return self._transaction.joined(self._unit_id, reached)

    def _note(self, row: Row) -> None:
        self._by_sequence[row["sequence"]] = row
        self._by_id[row["record_id"]] = row
