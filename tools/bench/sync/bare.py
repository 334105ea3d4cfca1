"""The two bounds: bare paho QoS 1 publishing of the same bytes, and bare inserts of the same rows."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from central import pki
from central.clock import now, now_utc
from central.config import CentralConfig
from central.founding import register_unit
from central.record_row import Row, record_row
from central.simulated import SimulatedUnit
from central.store import CentralStore
from central.unit_wire import UnitWire
from edge.core.envelope import parse
from edge.core.protocol import RECEIVE_MAXIMUM
from edge.core.record import decode_record

BATCH = RECEIVE_MAXIMUM


def published_per_s(config: CentralConfig, ca: Path, raws: list[bytes], unit_id: str) -> float:
    """One client over TLS, a window of RECEIVE_MAXIMUM, until the broker has acknowledged all; nobody subscribes."""
    identity = pki.issue(ca, unit_id, now=now())
    wire = UnitWire(
        unit_id, host=config.broker.host, port=config.broker.port, ca=ca / "ca.crt",
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
    rows = [_row(raw) for raw in raws]
    began_s = time.monotonic()
    for first in range(0, len(rows), BATCH):
        with store.transaction() as transaction:
            transaction.add_records(rows[first : first + BATCH])
    return len(rows) / (time.monotonic() - began_s)


def _row(raw: bytes) -> Row:
    envelope = parse(raw)
    return record_row(decode_record(envelope.payload, envelope.payload_type), raw, envelope.payload_type, now_utc())
