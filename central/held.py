"""What is held around the records of a batch, read at once, so that a batch costs a few statements and not hundreds.

True as long as the unit's row is locked: nobody else adds records of this unit until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from central.store import Transaction


class Held:
    """The rows of one unit with the sequences of a batch, those beside them, and those with the same record ids."""

    def __init__(self, transaction: Transaction, unit_id: str, rows: Iterable[dict[str, Any]]) -> None:
        wanted = list(rows)
        sequences = {row["sequence"] + step for row in wanted for step in (-1, 0, 1)}
        ids = {row["record_id"] for row in wanted}
        self._by_sequence: dict[int, dict[str, Any]] = {}
        self._by_id: dict[str, dict[str, Any]] = {}
        for row in transaction.neighbours(unit_id, sequences, ids) if wanted else ():
            self._note(row)
        self.fresh: list[dict[str, Any]] = []

    def at(self, sequence: int) -> dict[str, Any] | None:
        return self._by_sequence.get(sequence)

    def named(self, record_id: str) -> dict[str, Any] | None:
        return self._by_id.get(record_id)

    def add(self, row: dict[str, Any]) -> None:
        """A row that is to be stored at the end of the batch."""
        self._note(row)
        self.fresh.append(row)

    def _note(self, row: dict[str, Any]) -> None:
        self._by_sequence[row["sequence"]] = row
        self._by_id[row["record_id"]] = row
