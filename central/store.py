"""Central's store over SQLAlchemy Core: SQLite by default, PostgreSQL by its URL.

Only statements and transactions; what may be stored is decided in ingest.py. A record is never overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from central import tables
from central.config import StoreKind
from central.engine import READ_ONLY, open_engine
from central.rows.around import around
from central.rows.bulk import insert_many
from central.schema import bring_forward
from edge.core.errors import ConfigError, InputError, StoreError
from edge.core.keys import PublicKeyDocument, decode_public_key

PIECE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    unit_id: str
    key: PublicKeyDocument
    registered_utc: str
    revoked_utc: str | None
    gap_free_sequence: int


class CentralStore:
    """One database. A context manager; `close` is idempotent."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, folder: Path, kind: StoreKind) -> CentralStore:
        """Open or make the database at `url`, its schema brought up to date.

        Raises ConfigError when it holds the other kind of records or a newer schema, StoreError out of reach.
        """
        store = cls(open_engine(url, folder))
        try:
            with store.transaction() as transaction:
                bring_forward(transaction.connection)
                found = transaction.meta("kind")
                if found is None:
                    transaction.set_meta("kind", kind.value)
                elif found != kind.value:
                    raise ConfigError(f"the database holds {found} records, central.toml says {kind.value}")
        except BaseException:
            store.close()
            raise
        return store

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A writing transaction: committed at the end, or undone as a whole. Raises StoreError."""
        return self._begun(self._engine)

    def reading(self) -> AbstractContextManager[Transaction]:
        """One that only reads, and waits for no writer. Raises StoreError."""
        return self._begun(self._engine.execution_options(**{READ_ONLY: True}))

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Transaction]:
        try:
            with engine.begin() as connection:
                yield Transaction(connection)
        except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as e:
            raise StoreError(f"central's database: {type(e).__name__}: {_cause(e)}") from e

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> CentralStore:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Transaction:
    """The statements. Rows come as plain mappings by column name."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def meta(self, name: str) -> str | None:
        return self.connection.scalar(select(tables.meta.c.value).where(tables.meta.c.name == name))

    def set_meta(self, name: str, value: str) -> None:
        self.connection.execute(insert(tables.meta).values(name=name, value=value))

    def add_unit(self, key: PublicKeyDocument, *, raw: bytes, at_utc: str) -> None:
        """Register a unit's key. Raises InputError when the id or the key is taken."""
        row = {
            "unit_id": key.owner,
            "keyid": key.keyid,
            "key_document": raw,
            "registered_utc": at_utc,
            "gap_free_sequence": 0,
        }
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(tables.units).values(row))
        except IntegrityError as e:
            raise InputError(f"unit {key.owner!r} or its key is registered already") from e

    def revoke_unit(self, unit_id: str, *, at_utc: str) -> None:
        """Take no more from a unit; what it delivered stays. Raises InputError when there is no such unit."""
        change = update(tables.units).where(tables.units.c.unit_id == unit_id).values(revoked_utc=at_utc)
        if self.connection.execute(change).rowcount == 0:
            raise InputError(f"no unit {unit_id!r} is registered here")

    def unit(self, unit_id: str) -> UnitRow | None:
        """The unit, locked until the end of the transaction where the database can lock a row."""
        query = select(tables.units).where(tables.units.c.unit_id == unit_id).with_for_update()
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else _unit(row)

    def units_named(self, unit_ids: Iterable[str], *, lock: bool = False) -> dict[str, UnitRow | None]:
        """These units, None for one that is not registered.

        lock: until the end of the transaction, where the database can lock a row; all in one order, so that two
        processes cannot wait for each other.
        """
        names = sorted(unit_ids)
        query = select(tables.units).where(tables.units.c.unit_id.in_(names)).order_by(tables.units.c.unit_id)
        rows = self.connection.execute(query.with_for_update() if lock else query).mappings()
        return {**dict.fromkeys(names), **{row["unit_id"]: _unit(row) for row in rows}}

    def units(self) -> list[UnitRow]:
        query = select(tables.units).order_by(tables.units.c.unit_id)
        return [_unit(row) for row in self.connection.execute(query).mappings()]

    def record(self, **columns: Any) -> dict[str, Any] | None:
        """The one record with these column values; callers name columns that are unique together."""
        query = select(tables.records)
        for name, value in columns.items():
            query = query.where(tables.records.c[name] == value)
        row = self.connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)

    def neighbours(
        self, places: Collection[tuple[str, int]], names: Collection[tuple[str, str]]
    ) -> list[dict[str, Any]]:
        """What is held under these pairs of unit and sequence, or of unit and record id; no envelopes."""
        return around(self.connection, places, names)

    def add_records(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert records whose unit is locked. A unique column that is taken ends the whole transaction."""
        insert_many(self.connection, tables.records, rows)

    def joined(self, unit_id: str, gap_free: int) -> int:
        """The sequence that a unit's records reach from `gap_free` on without a gap."""
        column = tables.records.c.sequence
        reached = gap_free
        while True:
            query = select(column).where(tables.records.c.unit_id == unit_id, column > reached).order_by(column)
            # Read in small pieces: a cursor at the server would cost several round trips for each unit.
            found = self.connection.scalars(query.limit(PIECE)).all()
            joined = sum(1 for place, sequence in enumerate(found, start=reached + 1) if sequence == place)
            reached += joined
            if joined < PIECE:
                return reached

    def advance(self, reached: Mapping[str, int]) -> None:
        """Note of units, by their ids, up to which sequence nothing is missing."""
        change = update(tables.units).where(tables.units.c.unit_id == bindparam("of_unit"))
        if reached:
            rows = [{"of_unit": unit_id, "gap_free_sequence": sequence} for unit_id, sequence in reached.items()]
            self.connection.execute(change.values(gap_free_sequence=bindparam("gap_free_sequence")), rows)

    def add_receipts(self, rows: Sequence[dict[str, Any]]) -> None:
        insert_many(self.connection, tables.receipts, rows)

    def note_refusal(self, row: dict[str, Any], *, at_utc: str) -> None:
        """Keep a refusal once; the same thing refused again only counts up."""
        table = tables.refusals
        same = (table.c.unit_id == row["unit_id"]) & (table.c.sha256 == row["sha256"])
        again = (
            update(table)
            .where(same)
            .values(last_utc=at_utc, times=table.c.times + 1, reason=row["reason"], detail=row["detail"])
        )
        first = {**row, "first_utc": at_utc, "last_utc": at_utc, "times": 1}
        if self.connection.execute(again).rowcount == 0 and not self._inserted(table, first):
            self.connection.execute(again)

    def raise_alarm(self, row: dict[str, Any]) -> None:
        """Keep an alarm once per unit, kind and digest."""
        table = tables.alarms
        same = [table.c[name] == row[name] for name in ("unit_id", "kind", "sha256")]
        if self.connection.scalar(select(table.c.id).where(*same)) is None:
            self._inserted(table, row)

    def _inserted(self, table: Table, row: dict[str, Any]) -> bool:
        """Insert, or leave the transaction as it was when another process was first."""
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(table).values(row))
        except IntegrityError:
            return False
        return True

    def rows(self, table_name: str, unit_id: str | None = None) -> Iterator[dict[str, Any]]:
        """All rows of records, receipts, refusals or alarms; records in order of unit and sequence."""
        table = tables.metadata.tables[table_name]
        query = select(table)
        if unit_id is not None:
            query = query.where(table.c.unit_id == unit_id)
        order = (table.c.unit_id, table.c.sequence) if table_name == "records" else (table.c.id,)
        for row in self.connection.execute(query.order_by(*order)).mappings():
            yield dict(row)

    def highest_sequence(self, unit_id: str) -> int:
        query = select(func.max(tables.records.c.sequence)).where(tables.records.c.unit_id == unit_id)
        return self.connection.scalar(query) or 0


def _unit(row: Any) -> UnitRow:
    return UnitRow(
        unit_id=row["unit_id"],
        key=decode_public_key(row["key_document"]),
        registered_utc=row["registered_utc"],
        revoked_utc=row["revoked_utc"],
        gap_free_sequence=row["gap_free_sequence"],
    )


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
