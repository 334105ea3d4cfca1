"""A central with a registered unit, and records signed for it, without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from securesystemslib.signer import Signer

from central.config import ModelsConfig, StoreKind
from central.examination import Arrival
from central.founding import DEFAULT_DATABASE, found_central, register_unit
from central.ingest import Answer, Ingest
from central.list_import import ListImport, photographs_beside
from central.receipts import load_issuer
from central.reference_maker import ReferenceMaker
from central.store import CentralStore
from central.vault import load_vault
from edge.core.chain import ChainHead
from edge.core.envelope import SIMULATED_VISIT_TYPE, VISIT_TYPE, digest, seal
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.receipt import ReceiptItem
from edge.core.record import VisitRecord, encode_record
from edge.device.clock import ManualClock
from edge.signing import keyfile
from tools.faults.scene import draft

AT_UTC = "2026-03-02T02:00:00.000Z"
CENTRAL = "central-one"


def record(unit_id: str, head: ChainHead, **changes: object) -> VisitRecord:
    """The record after `head`."""
    visit = draft(unit_id, f"{unit_id}-{head.sequence + 1}")
    fields: dict[str, object] = {
        "record_id": visit.record_id,
        "unit_id": unit_id,
        "sequence": head.sequence + 1,
        "previous_sha256": head.sha256,
        "visit": visit.visit,
        "outcome": visit.outcome,
        "consents": visit.consents,
        "clock": ManualClock().state(),
        "provenance": visit.provenance,
        "attestation": visit.attestation,
    }
    return VisitRecord(**{**fields, **changes})


@dataclass
class Desk:
    """Central's decision at work for one unit, `unit-a`."""

    folder: Path
    store: CentralStore
    ingest: Ingest
    signer: Signer
    simulated: bool
    database: str

    def sealed(self, made: VisitRecord, signer: Signer | None = None, payload_type: str | None = None) -> bytes:
        kind = payload_type or (SIMULATED_VISIT_TYPE if self.simulated else VISIT_TYPE)
        return seal(encode_record(made), kind, [signer or self.signer])

    def chain(self, count: int, head: ChainHead | None = None, **changes: object) -> list[bytes]:
        """Envelopes of records that follow one another."""
        made, head = [], head or ChainHead()
        for _ in range(count):
            raw = self.sealed(record("unit-a", head, **changes))
            made.append(raw)
            head = ChainHead(sequence=head.sequence + 1, sha256=digest(raw))
        return made

    def submit(self, *raws: bytes, unit_id: str = "unit-a") -> Answer:
        (answer,) = self.ingest.accept([Arrival(unit_id=unit_id, raw=raw) for raw in raws], at_utc=AT_UTC)
        return answer

    def said(self, raw: bytes, unit_id: str = "unit-a") -> ReceiptItem:
        return self.submit(raw, unit_id=unit_id).receipt.items[0]

    def rows(self, table: str) -> list[dict[str, object]]:
        with self.store.transaction() as transaction:
            return list(transaction.rows(table))


def make_desk(folder: Path, *, simulated: bool, database: str = DEFAULT_DATABASE) -> Desk:
    kind = StoreKind.SIMULATED if simulated else StoreKind.GENUINE
    purpose = KeyPurpose.DEMONSTRATION if simulated else KeyPurpose.PROVISIONED
    found_central(folder / "central", central_id=CENTRAL, kind=kind, database=database)
    store = CentralStore.open(database, folder=folder / "central", kind=kind)
    key = keyfile.generate(folder / "unit", "record", role=KeyRole.RECORD, purpose=purpose, owner="unit-a")
    register_unit(store, keyfile.encode_public(key.public), kind=kind, at_utc=AT_UTC)
    issuer = load_issuer(folder / "central" / "keys" / "receipt.pem", central_id=CENTRAL)
    ingest = Ingest(store=store, kind=kind, issuer=issuer)
    return Desk(folder=folder, store=store, ingest=ingest, signer=key.signer, simulated=simulated, database=database)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[Desk]:
    """A genuine store and a provisioned unit."""
    made = make_desk(tmp_path, simulated=False, database=database)
    yield made
    made.store.close()


@pytest.fixture
def demonstration_desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_desk(tmp_path / "demonstration", simulated=True)
    yield made
    made.store.close()


@pytest.fixture
def task(desk: Desk, tmp_path: Path) -> ListImport:
    """The import of lists in `tmp_path`, without models."""
    folder = desk.folder / "central"
    with desk.store.transaction() as transaction:
        vault = load_vault(folder / "keys" / "vault.key", transaction)
    maker = ReferenceMaker(ModelsConfig(), folder=folder)
    return ListImport(store=desk.store, vault=vault, maker=maker, photographs=photographs_beside(tmp_path))
