"""The two bounds: bare paho QoS 1 publishing of the same bytes, and bare inserts of the same rows."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from sqlalchemy import insert

from central import pki, tables
from central.clock import now, now_utc
from central.config import CentralConfig
from central.founding import register_unit
from central.simulated import SimulatedUnit
from central.store import CentralStore
from central.unit_wire import UnitWire
from edge.core.envelope import digest
from edge.core.protocol import RECEIVE_MAXIMUM

BATCH = RECEIVE_MAXIMUM


def published_per_s(config: CentralConfig, ca: Path, raws: list[bytes]) -> float:
    """One client over TLS, a window of RECEIVE_MAXIMUM, until the broker has acknowledged all; nobody subscribes."""
    identity = pki.issue(ca, "bench-bare", now=now())
    wire = UnitWire(
        "bench-bare", host=config.broker.host, port=config.broker.port, ca=ca / "ca.crt",
        certificate=identity.certificate, key=identity.private_key,
    )  # fmt: skip
    wire.connect()
    began_s = time.monotonic()
    sent = 0
    while wire.acknowledged < len(raws):
        while sent < len(raws) and sent - wire.acknowledged < RECEIVE_MAXIMUM:
            wire.send(raws[sent])
            sent += 1
        wire.pump(0.05)
    seconds = time.monotonic() - began_s
    wire.close()
    return len(raws) / seconds


def inserted_per_s(store: CentralStore, config: CentralConfig, raws: list[bytes], unit: SimulatedUnit) -> float:
    """The rows as ingest makes them, by the statement it uses, one transaction on the disk for each BATCH."""
    register_unit(store, msgspec.json.encode(unit.public), kind=config.kind, at_utc=now_utc())
    rows = [_row(unit.unit_id, number, raw) for number, raw in enumerate(raws, start=1)]
    began_s = time.monotonic()
    for first in range(0, len(rows), BATCH):
        with store.transaction() as transaction:
            transaction.connection.execute(insert(tables.records), rows[first : first + BATCH])
    return len(rows) / (time.monotonic() - began_s)


def _row(unit_id: str, number: int, raw: bytes) -> dict[str, object]:
    return {
        "unit_id": unit_id, "sequence": number, "sha256": digest(raw), "record_id": f"bare-{number}",
        "previous_sha256": "0" * 64, "payload_type": "bare", "envelope": raw, "received_utc": now_utc(),
        "visit_id": f"v-{number}", "begun_utc": now_utc(), "outcome": "certified", "reasons": "[]",
        "person_id": f"p-{number}", "scheme": "resident", "address_code": "village-1", "worker": "w-1",
    }  # fmt: skip
