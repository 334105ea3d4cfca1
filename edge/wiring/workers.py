"""The part of the composition roots that makes a unit's field workers, and technicians' keys. Below unit.py."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from securesystemslib.signer import Signer

from edge.core.errors import SigningError
from edge.core.keys import KeyPurpose, KeyRole, PublicKeyDocument
from edge.core.unlock_code import challenge_of
from edge.core.worker_enrolment import WorkerEnrolment, sign_enrolment
from edge.services.workers import WorkerKeys
from edge.signing import keyfile
from edge.signing.worker_keys import PinBox
from edge.store.workers import SqliteWorkers

if TYPE_CHECKING:
    from edge.wiring.unit import Unit

TECHNICIAN_KEY = "technician"
CHALLENGE_BYTES = 10


def workers_of(unit: Unit) -> WorkerKeys:
    """The field workers of a unit. Raises SigningError without its data key."""

    def vouch(key: PublicKeyDocument, worker: Signer) -> bytes:
        enrolment = WorkerEnrolment(unit_id=unit.config.unit_id, made_utc=unit.clock.now_utc(), key=key)
        return sign_enrolment(enrolment, unit.record_key.signer, worker)

    return WorkerKeys(
        unit_id=unit.config.unit_id,
        purpose=unit.public.purpose,
        store=SqliteWorkers(unit.store_file),
        box=PinBox(unit.at_rest),
        at_rest=unit.at_rest,
        clock=unit.clock,
        vouch=vouch,
        new_challenge=lambda: challenge_of(secrets.token_bytes(CHALLENGE_BYTES)),
    )


def worker_documents(unit: Unit) -> list[PublicKeyDocument]:
    """Every public key that a worker ever had on this unit; needs no data key."""
    return [worker.public for worker in SqliteWorkers(unit.store_file).stored()]


def make_technician(folder: Path, name: str, purpose: KeyPurpose) -> PublicKeyDocument:
    """A technician's key pair in `folder`, on whatever computer. Raises SigningError."""
    return keyfile.generate(folder, TECHNICIAN_KEY, role=KeyRole.TECHNICIAN, purpose=purpose, owner=name).public


def load_technician(folder: Path) -> keyfile.KeyFile:
    """The technician's key in `folder`. Raises SigningError."""
    key = keyfile.load(folder, TECHNICIAN_KEY)
    if key.public.role is not KeyRole.TECHNICIAN:
        raise SigningError(f"the key in {folder} is a {key.public.role.value} key, not a technician's")
    return key
