"""Which records of a unit are missing below the highest that is held."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from central.store import Transaction
from central.tables import records


def gaps(transaction: Transaction, unit_id: str, *, gap_free: int) -> Iterator[tuple[int, int]]:
    """The stretches first..last that are not held. gap_free: up to there nothing is missing."""
    column = records.c.sequence
    query = select(column).where(records.c.unit_id == unit_id, column > gap_free).order_by(column)
    expected = gap_free + 1
    with transaction.connection.execute(query, execution_options={"yield_per": 500}) as found:
        for sequence in found.scalars():
            if sequence > expected:
                yield expected, sequence - 1
            expected = sequence + 1
