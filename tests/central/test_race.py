"""Two ingest processes with the same records at the same time: every record once, every answer the same."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

from central.config import StoreKind
from central.examination import Arrival
from central.founding import register_unit
from central.ingest import Ingest
from central.receipts import load_issuer
from central.store import CentralStore
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.receipt import Verdict
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.signing import keyfile
from tests.central.conftest import AT_UTC, CENTRAL, Desk
from tests.samples import MemoryStore, sample_draft

RECORDS, UNITS = 40, 3


def _race(
    database: str, folder: str, arrivals: list[Arrival], start: Barrier, refused: multiprocessing.Queue[int]
) -> None:
    issuer = load_issuer(Path(folder) / "keys" / "receipt.pem", central_id=CENTRAL)
    with CentralStore.open(database, folder=Path(folder), kind=StoreKind.GENUINE) as store:
        ingest = Ingest(store=store, kind=StoreKind.GENUINE, issuer=issuer)
        start.wait(30)
        count = 0
        for first in range(0, len(arrivals), 20):
            answers = ingest.accept(arrivals[first : first + 20], at_utc=AT_UTC)
            count += sum(i.verdict is Verdict.REFUSED for a in answers for i in a.receipt.items)
        refused.put(count)


def records_of(desk: Desk, unit_id: str) -> list[Arrival]:
    """Records of a unit that is registered here."""
    role, purpose = KeyRole.RECORD, KeyPurpose.PROVISIONED
    key = keyfile.generate(desk.folder / unit_id, "record", role=role, purpose=purpose, owner=unit_id)
    register_unit(desk.store, keyfile.encode_public(key.public), kind=StoreKind.GENUINE, at_utc=AT_UTC)
    unit = MemoryStore(unit_id)
    for number in range(RECORDS):
        keep_visit(sample_draft(number, unit_id=unit_id), store=unit, signer=key, clock=ManualClock())
    return [Arrival(unit_id=unit_id, raw=stored.envelope) for stored in unit.stored]


def test_two_processes_racing_on_the_same_records_store_each_once(desk: Desk) -> None:
    chains = [records_of(desk, f"unit-r{n}") for n in range(UNITS)]
    # One goes through the units forwards, the other backwards: the order in which locks could cross.
    forwards = [a for same in zip(*chains, strict=True) for a in same]
    backwards = [a for same in zip(*reversed(chains), strict=True) for a in same]
    context = multiprocessing.get_context("spawn")
    start, refused = context.Barrier(2), context.Queue()
    folder = str(desk.folder / "central")
    racing = [
        context.Process(target=_race, args=(desk.database, folder, arrivals, start, refused))
        for arrivals in (forwards, backwards)
    ]
    for process in racing:
        process.start()
    counts = [refused.get(timeout=60) for _ in racing]
    for process in racing:
        process.join(30)
    assert counts == [0, 0]
    held = [(r["unit_id"], r["sequence"]) for r in desk.rows("records")]
    assert len(held) == len(set(held)) == RECORDS * UNITS
    with desk.store.transaction() as transaction:
        reached = {u.unit_id: u.gap_free_sequence for u in transaction.units()}
    assert all(reached[f"unit-r{n}"] == RECORDS for n in range(UNITS))
