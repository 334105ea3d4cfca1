"""What is held around the records of a batch, read at once, so that a batch costs a few statements and not hundreds.

True as long as the units' rows are locked: nobody else adds records of these units until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from central.record_row import Row
from central.refusal import LARGEST_SEQUENCE
from central.store import Transaction


class Held:
    """The rows of one unit with the sequences of a batch, those beside them, and those with the same record ids."""

    def __init__(self, transaction: Transaction, unit_id: str, wanted: Sequence[Row]) -> None:
        self._transaction, self._unit_id = transaction, unit_id
        self.asked = {row["sequence"] + step for row in wanted for step in (-1, 0, 1)}
        self._by_sequence: dict[int, Row] = {}
        self._by_id: dict[str, Row] = {}
        self.fresh: list[Row] = []

    def at(self, sequence: int) -> Row | None:
        return self._by_sequence.get(sequence)

    def named(self, record_id: str) -> Row | None:
        return self._by_id.get(record_id)

    def add(self, row: Row) -> None:
        """A row that is to be stored at the end of the batch."""
        self.note(row)
        self.fresh.append(row)

    def gap_free(self, before: int) -> int:
        """Up to where nothing is missing once what is fresh is stored. before: up to where it was."""
        reached = before
        while reached + 1 in self._by_sequence:
            reached += 1
        # What follows is known to be missing where it was asked for; and nothing follows where nothing joined on.
        if reached == before or reached + 1 in self.asked:
            return reached
        return self._transaction.joined(self._unit_id, reached)

    def note(self, row: Row) -> None:
        """A row that is stored already."""
        self._by_sequence[row["sequence"]] = row
        self._by_id[row["record_id"]] = row


def held_around(transaction: Transaction, unit_ids: Iterable[str], wanted: Sequence[Row]) -> Mapping[str, Held]:
    """For each of these units what is held around the wanted rows."""
    of_unit: dict[str, list[Row]] = {unit_id: [] for unit_id in unit_ids}
    for row in wanted:
        of_unit[row["unit_id"]].append(row)
    held = {unit_id: Held(transaction, unit_id, rows) for unit_id, rows in of_unit.items()}
    places = [(u, sequence) for u, h in held.items() for sequence in h.asked if sequence <= LARGEST_SEQUENCE]
    names = [(row["unit_id"], row["record_id"]) for row in wanted]
    for row in transaction.neighbours(places, names) if wanted else ():
        held[row["unit_id"]].note(row)
    return held
