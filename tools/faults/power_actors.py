"""What runs while the power goes: visits step by step, a bundle put in the place of another, evidence purged.

Each writes a line to `told` once the unit said that a thing is kept; the line lies outside the disk that is cut.
"""

from __future__ import annotations

import hashlib
import os
import random
import time
import uuid
from dataclasses import replace
from pathlib import Path

import msgspec

from edge.core.errors import StoreError
from edge.core.evidence import EvidenceKind
from edge.core.evidence_delivery import EvidenceState
from edge.core.keys import KeyRole, keys_of
from edge.core.session import Person, VisitSession
from edge.core.visit import Scheme
from edge.models.bundle import read_exported
from edge.services.evidence import keep_evidence
from edge.services.keep import keep_visit
from edge.store.evidence import SqliteEvidence
from edge.store.sessions import SqliteSessions
from edge.wiring import Unit, open_unit
from edge.wiring_sync import purge_evidence
from edge.wiring_visit import VisitSide
from tools.faults.scene import draft

WORKER = "w-power"
LEFT_UNPURGED = 3
PAUSE_S = 0.02


def make_visits(root: str, told: str, seed: int) -> None:
    """Visits for ever: begun, photographed, signed, evidence kept, closed."""
    dice, out = random.Random(seed), _Told(told)
    with open_unit(Path(root)) as unit:
        sessions = SqliteSessions(unit.store_file, unit.at_rest)
        left = sessions.open_of(WORKER)
        if left is not None:
            sessions.close(left.visit_id)
        while True:
            try:
                _one_visit(unit, sessions, dice, out)
            except StoreError:
                continue  # not acknowledged: the worker would have been told


def _one_visit(unit: Unit, sessions: SqliteSessions, dice: random.Random, out: _Told) -> None:
    name = uuid.UUID(int=dice.getrandbits(128)).hex
    person = Person(person_id="p-1", name="", id_number="", scheme=Scheme.RESIDENT, listed=False)
    session = VisitSession(
        visit_id=name, record_id=name, worker_id=WORKER, begun_utc=unit.clock.now_utc(), person=person
    )
    sessions.begin(session)
    out.tell("begun", name)
    visit = draft(unit.config.unit_id, name)
    consents = msgspec.structs.replace(visit.consents, send_photo=True)
    kept = keep_visit(replace(visit, consents=consents), store=unit.store, signer=unit.record_key, clock=unit.clock)
    out.tell("record", kept.sha256)
    photograph = dice.randbytes(dice.randint(1000, 40_000))
    keep_evidence(
        photograph,
        evidence_id=name,
        kind=EvidenceKind.DOCUMENT_PHOTO,
        record=kept,
        store=SqliteEvidence(unit.store_file),
        signer=unit.record_key,
        trusted=unit.believed(),
    )
    out.tell("evidence", name)
    sessions.close(name)
    out.tell("closed", name)


def update_bundles(root: str, told: str, exported: tuple[str, str]) -> None:
    """Put one model bundle in the place of the other after its self-test, for ever."""
    out = _Told(told)
    with open_unit(Path(root)) as unit:
        side, keys = VisitSide(unit), keys_of(unit.believed(), KeyRole.BUNDLE)
        bundles = [read_exported(Path(file), keys) for file in exported]
        while True:
            for bundle in bundles:
                side.install(bundle)
                out.tell("bundle", bundle.sha256)


def purge(root: str, told: str) -> None:
    """Let evidence count as receipted long ago, all but the newest, and purge it; for ever."""
    out = _Told(told)
    with open_unit(Path(root)) as unit:
        store = SqliteEvidence(unit.store_file)
        while True:
            time.sleep(PAUSE_S)
            over = store.under_way()[:-LEFT_UNPURGED]
            try:
                for entry in over:
                    out.tell("settling", entry.evidence_id)
                    store.save(replace(entry, state=EvidenceState.RECEIPTED, settled_utc_s=1.0))
                purge_evidence(unit)
            except StoreError:
                continue
            for entry in over:
                out.tell("purged", entry.evidence_id)


def content_sha256(store: SqliteEvidence, evidence_id: str, chunks: int) -> str:
    return hashlib.sha256(b"".join(store.chunk(evidence_id, n) for n in range(chunks))).hexdigest()


class _Told:
    def __init__(self, path: str) -> None:
        self._out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def tell(self, what: str, name: str) -> None:
        os.write(self._out, f"{what} {name}\n".encode())
