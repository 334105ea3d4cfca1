"""The composition root of what concerns people beside a visit: consents taken back, guardians, workers' own faces."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.capture.still import photograph_jpeg
from edge.core.chain import StoredRecord
from edge.core.evidence import EvidenceKind
from edge.core.record import Provenance
from edge.core.visit import Consents
from edge.ports.workers import OpenWorker
from edge.services.burst import Burst
from edge.services.consents import ConsentBook
from edge.services.evidence import keep_evidence
from edge.services.keep import VisitDraft, keep_visit
from edge.services.slip import record_of
from edge.store.evidence import SqliteEvidence
from edge.store.kept_photos import SqliteKeptPhotos
from edge.store.people import SqlitePeople
from edge.wiring.unit import Unit

if TYPE_CHECKING:  # the visit side, with its nets, stands beside this file and is handed in
    from edge.core.comparison import Reference
    from edge.wiring.visit import VisitSide


def consent_book(unit: Unit, no_camera: Provenance) -> ConsentBook:
    """Consents of a unit. no_camera: with what a record without pictures is judged (edge/wiring/visit.py)."""
    evidence = SqliteEvidence(unit.store_file)

    def keep(draft: VisitDraft, signers: object) -> StoredRecord:
        assert isinstance(signers, tuple | list)
        people: list[OpenWorker] = list(signers)
        return keep_visit(draft, store=unit.store, signer=unit.record_key, clock=unit.clock, cosigners=people)

    def hand_over(stored: StoredRecord, content: bytes) -> None:
        evidence_id = f"people-{stored.record_id}"  # the name by which the store purges its own copy too
        if evidence.find(evidence_id) is None:
            keep_evidence(
                content,
                evidence_id=evidence_id,
                kind=EvidenceKind.PEOPLE,
                record=stored,
                store=evidence,
                signer=unit.record_key,
                trusted=unit.believed(),
            )

    return ConsentBook(
        unit_id=unit.config.unit_id,
        records=unit.store,
        evidence=evidence,
        people=SqlitePeople(unit.store_file, unit.at_rest),
        kept=SqliteKeptPhotos(unit.store_file, unit.at_rest),
        clock=unit.clock,
        no_camera=lambda: no_camera,
        keep=keep,
        hand_over=hand_over,
        new_id=lambda: str(uuid.uuid4()),
    )


def photograph_of(burst: Burst, consents: Consents | None) -> bytes | None:
    """The best probe as a JPEG, where somebody agreed that a photograph is kept or sent."""
    if not (burst.probes and consents and (consents.keep_photo or consents.send_photo)):
        return None
    return photograph_jpeg(burst.probes[0].frame.bgr)


def keep_copy(unit: Unit, stored: StoredRecord, photograph: bytes) -> None:
    """Keep a visit's photograph here, as the person agreed; not on a unit that keeps none."""
    if not unit.config.photo_retention_days:
        return
    record = record_of(stored)
    SqliteKeptPhotos(unit.store_file, unit.at_rest).keep(
        record.record_id,
        record.visit.person_served.person_id,
        photograph,
        now_utc_s=datetime.fromisoformat(unit.clock.now_utc()).timestamp(),
    )


def keep_worker_face(side: VisitSide, worker_id: str, picture: Path) -> None:
    """Keep a photograph of the worker, under the data key, once it is seen to serve.

    The photograph and not an embedding, so that a new model bundle finds it as good as the old one did. Raises
    InputError (no such worker), CameraError, FaceNotUsable.
    """
    side.unit.workers.enrolment(worker_id)
    side.references([picture])
    SqlitePeople(side.unit.store_file, side.unit.at_rest).keep_face(worker_id, picture.read_bytes())


def worker_faces(side: VisitSide, worker_id: str) -> list[Reference]:
    """The worker's own face, to be told from the one that is certified; empty when the unit has none, or the policy
    asks for no comparison. Raises CameraError, FaceNotUsable when the stored photograph no longer serves."""
    if not side.policy.own_face.enabled:
        return []
    content = SqlitePeople(side.unit.store_file, side.unit.at_rest).face(worker_id)
    return [side.reference_of(content, "the worker's own photograph")] if content else []
