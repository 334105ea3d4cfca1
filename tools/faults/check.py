"""What must hold after any fault: compare what was acknowledged, what the unit holds, and what central holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from central.config import load_config
from central.receipts import load_public
from edge.core.chain import StoredRecord
from edge.core.errors import DoorstepError
from edge.core.verdict import Verdict
from edge.core.verify import verify_chain
from edge.services.audit import audit_store
from edge.wiring.unit import Unit, open_unit_readonly
from tools.faults.scene import Scene

_EVERY_INDEX = """
SELECT bt_index_check(index.indexrelid, true) FROM pg_index index
JOIN pg_class c ON c.oid = index.indexrelid JOIN pg_am am ON am.oid = c.relam
WHERE am.amname = 'btree' AND index.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One unit's figures. lost_unit: acknowledged, not in the unit's store; lost_central: there, not at central.

    double: digests or record ids more than once at either end; foreign: at central and not in the unit's store.
    """

    unit_id: str
    acknowledged: int
    unit_records: int
    central_records: int
    receipted: int
    lost_unit: int
    lost_central: int
    double: int
    foreign: int
    unit_chain: str
    central_chain: str
    unit_store: str
    central_store: str

    @property
    def clean(self) -> bool:
        faults = self.lost_unit + self.lost_central + self.double + self.foreign
        whole = (self.unit_chain, self.central_chain) == (Verdict.VERIFIES, Verdict.VERIFIES)
        sound = (self.unit_store, self.central_store) == ("ok", "ok")
        return not faults and whole and sound and self.receipted == self.unit_records


def check(scene: Scene, root: Path, acknowledged_file: Path) -> Outcome:
    """Compare the three; nothing is written but what SQLite's recovery writes."""
    acknowledged = acknowledged_file.read_text(encoding="ascii").split() if acknowledged_file.exists() else []
    with open_unit_readonly(root) as unit:
        unit_id = unit.config.unit_id
        held = list(unit.store.records())
        central, central_chain, central_store = _central(scene, unit)
        digests, taken = {r.sha256 for r in held}, {r.sha256 for r in central}
        return Outcome(
            unit_id=unit_id,
            acknowledged=len(acknowledged),
            unit_records=len(held),
            central_records=len(central),
            receipted=len(unit.outbox.receipted(1, len(held))),
            lost_unit=len(set(acknowledged) - digests),
            lost_central=len(digests - taken),
            double=_doubles(held) + _doubles(central),
            foreign=len(taken - digests),
            unit_chain=audit_store(unit.store, unit.believed()).verdict,
            central_chain=central_chain,
            unit_store=_quick_check(unit),
            central_store=central_store,
        )


def _central(scene: Scene, unit: Unit) -> tuple[list[StoredRecord], str, str]:
    own = load_public(scene.central / load_config(scene.central).receipt_key)
    with scene.store() as store, store.transaction() as transaction:
        sound = _soundness(transaction.connection)
        rows = list(transaction.rows("records", unit.config.unit_id))
        receipts = [row["envelope"] for row in transaction.rows("receipts", unit.config.unit_id)]
    held = [
        StoredRecord(
            sequence=row["sequence"],
            record_id=row["record_id"],
            payload_type=row["payload_type"],
            sha256=row["sha256"],
            envelope=row["envelope"],
            stored_utc=row["received_utc"],
        )
        for row in rows
    ]
    report = verify_chain(held, [unit.public, own], unit_id=unit.config.unit_id, receipts=receipts)
    return held, report.verdict, sound


def _soundness(connection: Connection) -> str:
    """`ok`, or what the database's own check found: SQLite's, or PostgreSQL's of every index against its table."""
    if connection.dialect.name == "sqlite":
        return str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(_EVERY_INDEX)
    except DBAPIError as e:
        return str(e.orig)
    return "ok"


def _doubles(records: list[StoredRecord]) -> int:
    names = Counter(name for r in records for name in (r.sha256, f"id {r.record_id}", f"no. {r.sequence}"))
    return sum(count - 1 for count in names.values())


def _quick_check(unit: Unit) -> str:
    try:
        unit.store_file.quick_check()
    except DoorstepError as e:
        return e.message
    return "ok"
