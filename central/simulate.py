"""The load of many units: each connects with a certificate of its own, sends its records, and checks its receipts.

Rules: a record counts when a receipt that verifies names its digest; what is not receipted in RESEND_S is sent
again; some records may be kept back on purpose, so that `gaps` can be compared with what was made.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from securesystemslib.signer import Key

from central import pki
from central.clock import now, now_utc
from central.config import CentralConfig, StoreKind
from central.founding import register_unit
from central.receipts import load_public
from central.simulated import SimulatedUnit
from central.store import CentralStore
from central.unit_wire import UnitWire
from edge.core.envelope import RECEIPT_TYPE, digest, open_envelope
from edge.core.errors import ConfigError, SyncError, VerificationError
from edge.core.keys import KeyRole, keys_of
from edge.core.protocol import RECEIVE_MAXIMUM, in_batches, join_records
from edge.core.receipt import ReceiptItem, Verdict, decode_receipt

RESEND_S = 10.0
GIVE_UP_S = 300.0


@dataclass(slots=True)
class Load:
    """What a run came to; seconds and cpu_seconds are those of the sending alone. gaps: unit → the sequences kept
    back. refused: verdicts other than stored."""

    units: int = 0
    records: int = 0
    receipted: int = 0
    resent: int = 0
    refused: int = 0
    bad_receipts: int = 0
    failed_units: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    gaps: dict[str, list[int]] = field(default_factory=dict)


class Simulation:
    """Makes the units, then lets them send."""

    def __init__(self, config: CentralConfig, store: CentralStore, *, folder: Path, ca_folder: Path) -> None:
        if config.kind is not StoreKind.SIMULATED:
            raise ConfigError("this central holds genuine records", remedy="Make one with --simulated for this.")
        self._config, self._store, self._ca = config, store, ca_folder
        own = load_public(folder / config.receipt_key)
        self._keys: dict[str, Key] = keys_of([own], KeyRole.RECEIPT)
        self._lock = threading.Lock()
        self._load = Load()

    def run(
        self, *, units: int, visits: int, at_once: int, gaps: int, seed: int, tell: Callable[[int], None]
    ) -> Load:
        """`tell` gets the number of units that are done. Raises ConfigError, StoreError."""
        made = [self._made(f"sim-{now().timestamp():.0f}-{n:05d}") for n in range(units)]
        queues = {unit.unit_id: [unit.next_record(now_utc()) for _ in range(visits)] for unit in made}
        self._keep_back(queues, gaps, random.Random(seed))
        self._load.units, self._load.records = units, sum(len(q) for q in queues.values())
        with tempfile.TemporaryDirectory(prefix="doorstep-simulate-") as temporary:
            for unit in made:
                self._certificate(unit.unit_id, Path(temporary))
            began_s, began_cpu_s = time.monotonic(), time.process_time()
            with ThreadPoolExecutor(at_once) as pool:
                sending = [pool.submit(self._send_all, u, queues[u.unit_id], Path(temporary)) for u in made]
                for done, result in enumerate(sending, start=1):
                    result.result()
                    tell(done)
            self._load.seconds = time.monotonic() - began_s
            self._load.cpu_seconds = time.process_time() - began_cpu_s
        return self._load

    def _made(self, unit_id: str) -> SimulatedUnit:
        unit = SimulatedUnit(unit_id)
        raw = msgspec.json.encode(unit.public)
        register_unit(self._store, raw, kind=self._config.kind, at_utc=now_utc())
        return unit

    def _certificate(self, unit_id: str, to: Path) -> None:
        identity = pki.issue(self._ca, unit_id, now=now())
        for path in (identity.certificate, identity.private_key):
            path.rename(to / path.name)

    def _keep_back(self, queues: dict[str, list[bytes]], count: int, dice: random.Random) -> None:
        """Take out records that are not the last of their unit; the end being absent is no gap that anybody sees."""
        places = [(u, n) for u, queue in queues.items() for n in range(len(queue) - 1)]
        for unit_id, number in sorted(dice.sample(places, min(count, len(places))), reverse=True):
            del queues[unit_id][number]
            self._load.gaps.setdefault(unit_id, []).insert(0, number + 1)

    def _send_all(self, unit: SimulatedUnit, queue: list[bytes], folder: Path) -> None:
        broker = self._config.broker
        wire = UnitWire(
            unit.unit_id,
            host=broker.host,
            port=broker.port,
            ca=self._ca / "ca.crt",
            certificate=folder / f"{unit.unit_id}.crt",
            key=folder / f"{unit.unit_id}.key",
        )
        try:
            wire.connect()
            self._deliver(unit.unit_id, wire, {digest(raw): raw for raw in queue})
            wire.close()
        except SyncError:
            with self._lock:
                self._load.failed_units.append(unit.unit_id)

    def _deliver(self, unit_id: str, wire: UnitWire, open_: dict[str, bytes]) -> None:
        unsent = list(reversed(open_))
        in_flight: dict[str, float] = {}
        deadline = time.monotonic() + GIVE_UP_S
        while open_ and time.monotonic() < deadline:
            going: list[str] = []
            while unsent and len(in_flight) + len(going) < RECEIVE_MAXIMUM:
                name = unsent.pop()
                if name in open_:
                    going.append(name)
            for batch in in_batches(open_[name] for name in going):
                wire.send(join_records(batch))
                self._count(bytes_sent=sum(map(len, batch)))
            in_flight.update(dict.fromkeys(going, time.monotonic() + RESEND_S))
            for raw in wire.pump(0.2):
                said = self._receipted(unit_id, raw)
                fresh = [item for item in said if open_.pop(item.sha256, None) is not None]
                stored = sum(item.verdict is Verdict.STORED for item in fresh)
                self._count(receipted=stored, refused=len(fresh) - stored)
                for item in said:
                    in_flight.pop(item.sha256, None)
            unsent += self._late(in_flight)

    def _late(self, in_flight: dict[str, float]) -> list[str]:
        """What has waited for RESEND_S is in flight no more. The oldest stands first."""
        now_s, late = time.monotonic(), []
        while in_flight and next(iter(in_flight.values())) < now_s:
            late.append(next(iter(in_flight)))
            del in_flight[late[-1]]
        self._count(resent=len(late))
        return late

    def _receipted(self, unit_id: str, raw: bytes) -> tuple[ReceiptItem, ...]:
        """What a receipt says, its signature checked."""
        try:
            receipt = decode_receipt(open_envelope(raw, keys=self._keys, payload_types={RECEIPT_TYPE}).payload)
        except VerificationError:
            self._count(bad_receipts=1)
            return ()
        if receipt.unit_id != unit_id:
            self._count(bad_receipts=1)
            return ()
        return receipt.items

    def _count(self, **more: int) -> None:
        with self._lock:
            for name, number in more.items():
                setattr(self._load, name, getattr(self._load, name) + number)
