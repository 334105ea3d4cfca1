"""The composition root of the unit's pages: the visit side behind the ports that the pages ask for.

Pictures from a recording are played at their own speed here, so that a demonstration shows what a camera would.
"""

from __future__ import annotations

import base64
import os
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

from edge.capture.no_camera import NoCamera
from edge.capture.pacing import PacedCamera
from edge.capture.preview import preview_jpeg
from edge.capture.still import document_hint, is_blank, photograph_jpeg, read_photograph
from edge.core.chain import StoredRecord
from edge.core.civil_time import civil_date
from edge.core.document_photo import DocumentHint
from edge.core.downward_content import Decision
from edge.core.errors import CameraError, InputError, ModelError, VerificationError
from edge.core.evidence import EvidenceKind, sealing_key_among
from edge.core.face import Frame
from edge.core.keys import KeyPurpose
from edge.core.people import SALT_BYTES, Named
from edge.core.policy import Policy
from edge.core.record import Provenance
from edge.core.session import Person, Seen, VisitSession
from edge.core.today import LastVisit
from edge.device.card_reader import TesseractReader
from edge.device.hanzi import simplify
from edge.device.voice import EspeakVoice
from edge.paper.qr import qr_svg
from edge.ports import Camera
from edge.services.ask import ActiveCheck
from edge.services.burst import Watcher
from edge.services.certify import certify_by_face
from edge.services.evidence import keep_evidence
from edge.services.keep import VisitDraft, keep_visit
from edge.services.ledger import Ledger
from edge.services.live_view import LiveView
from edge.services.perceive import Observation, Perceiver
from edge.services.visiting import Visiting
from edge.store.evidence import SqliteEvidence
from edge.store.sessions import SqliteSessions
from edge.web.at import Room
from edge.web.door import Door
from edge.web.faults import LastFaults
from edge.web.pairing import Pairing
from edge.web.viewer import Job, Viewer
from edge.wiring.paper import UnitPapers
from edge.wiring.people import consent_book, keep_copy, photograph_of, worker_faces
from edge.wiring.sync import check_visit_may_begin
from edge.wiring.technician import Technician
from edge.wiring.unit import SYSTEM_FOLDER, Unit
from edge.wiring.visit import VisitSide

OpenCamera = Callable[[], Camera]


class ScreenUnit:
    """Implements the pages' Unit and the viewer's Eye over one opened unit."""

    def __init__(self, unit: Unit, faults: LastFaults, open_camera: OpenCamera | None = None) -> None:
        self._unit, self._side = unit, VisitSide(unit)
        self._open_camera = open_camera or self._side.camera
        self._ledger = Ledger(unit.store)
        self.unit_id = unit.config.unit_id
        view = LiveView(preview_jpeg, dominant_area_ratio=self._side.policy.burst.dominant_area_ratio)
        self.viewer = Viewer(self, view, unit.clock.monotonic_s, faults.note)

    @property
    def side(self) -> VisitSide:
        return self._side

    @cached_property
    def simulated(self) -> bool:
        return self._unit.public.purpose is KeyPurpose.DEMONSTRATION

    @property
    def sends_photos(self) -> bool:
        try:
            sealing_key_among(self._unit.believed())
        except VerificationError:
            return False
        return True

    def today(self) -> str:
        return civil_date(self._unit.clock.now_utc())

    def people(self) -> list[Person]:
        self._side.refresh()
        entries = self._side.entries_from_central()
        status = {p.person_id: p.status for p in self._side.central_list.values()}
        if not entries and self._side.own_list.present:
            entries, _ = self._side.visit_list()
        return [
            Person(
                person_id=e.person_id,
                name=e.name,
                id_number=e.id_number,
                scheme=e.scheme,
                listed=True,
                employer=e.employer,
                status=status.get(e.person_id, ""),
                due_date=e.due_date,
                facts=e.facts,
                address_code=e.address_code,
            )
            for e in entries
        ]

    def last_visits(self) -> dict[str, LastVisit]:
        return self._ledger.last_visits()

    def tasks(self) -> list[Decision]:
        return self._side.tasks()

    def policy(self) -> Policy:
        return self._side.policy

    def history(self, person_id: str) -> list[dict[str, Any]]:
        """This unit's visits to a person, the latest first."""
        rows = []
        for entry in reversed([e for e in self._ledger.entries() if e.person_id == person_id]):
            delivery = self._unit.outbox.entry(entry.sequence)
            rows.append(
                {
                    "sequence": entry.sequence,
                    "date": entry.date,
                    "worker": entry.worker_id,
                    "outcome": entry.outcome.value,
                    "reasons": entry.reasons,
                    "is_visit": entry.is_visit,
                    "delivery": delivery.state.value if delivery else "pending",
                }
            )
        return rows

    def window(self, session: VisitSession, done: Callable[[Seen, bytes | None], None], *, ask: bool) -> Job:
        def job(watch: Watcher) -> None:
            try:
                done(*self._window(session, watch, self._side.new_check() if ask else None))
            finally:
                self._side.nets.embedder.rest()

        return job

    def photograph(self, raw: bytes | None) -> bytes:
        frame = self.viewer.view.glimpse().frame
        if raw is None and frame is None:
            raise InputError("the camera shows nothing yet (还没有画面)", remedy="Wait for the picture.")
        picture = frame.bgr if raw is None and frame else read_photograph(raw or b"")
        if document_hint(picture) is not DocumentHint.READY:
            raise InputError(
                f"the picture is {document_hint(picture).value}: nobody could read the document (照片不清)",
                remedy="Lay the document flat in even light, fill the picture with it, hold still, and try again.",
            )
        return photograph_jpeg(picture)

    def drawing(self, data_url: str) -> bytes:
        head, _, body = data_url.partition(",")
        try:
            raw = base64.b64decode(body, validate=True) if head == "data:image/png;base64" else b""
        except ValueError:
            raw = b""
        picture = read_photograph(raw)
        if is_blank(picture):
            raise InputError("nothing was drawn", remedy="Let the witness sign with a finger.")
        return photograph_jpeg(picture)

    def qr_svg(self, text: str) -> str:
        return qr_svg(text).decode()

    def look(self, *, faces: bool) -> Iterator[tuple[Frame, Observation | None, str]]:
        perceiver = Perceiver(self._side.nets.detector, self._side.nets.landmarker, self._side.policy.quality)
        with self._paced() as camera:
            for frame in camera.frames():
                if faces:
                    yield frame, perceiver.look(frame), ""
                else:
                    yield frame, None, document_hint(frame.bgr).value

    def _paced(self) -> Camera:
        camera = self._open_camera()
        if not camera.source.simulated:
            return camera
        return PacedCamera(camera=camera, monotonic_s=time.monotonic, sleep_s=time.sleep)

    def _window(self, session: VisitSession, watch: Watcher, ask: ActiveCheck | None) -> tuple[Seen, bytes | None]:
        side, person = self._side, session.person
        references = side.references_of_list(person.person_id) if person.listed else []
        with self._paced() as camera, closing(side.light()) as light:
            visit = certify_by_face(
                camera, side.face_nets, references, side.policy,
                references_verified=person.listed, watch=watch, light=light, code=side.new_code(), ask=ask,
                worker_faces=worker_faces(side, session.worker_id),
            )  # fmt: skip
            if visit.findings.frames_seen == 0:
                raise CameraError("the camera gave no picture")
            provenance = side.provenance(camera.source, by_face=True)
        seen = Seen(findings=visit.findings, outcome=visit.outcome, provenance=provenance)
        return seen, photograph_of(visit.burst, session.consents)


def make_room(
    unit: Unit, open_camera: OpenCamera | None = None, tell: Callable[[str], None] = lambda _why: None
) -> Room:
    """The room of a unit's pages, its nets loaded and checked against their golden vectors.

    open_camera: in the place of the unit's own camera. tell: hears why no face can be compared; visits without a face
    go on. Raises SigningError.
    """
    faults = LastFaults(unit.clock.now_utc)
    screen = ScreenUnit(unit, faults, open_camera)
    try:
        screen.side.take_in_bundle()
        _ = screen.side.nets
    except (ModelError, VerificationError) as e:
        faults.note(e)
        tell(f"no face can be compared: {e.message} {e.remedy}")

    def unlock(worker_id: str, code: str) -> None:
        unit.workers.unlock(worker_id, code, unit.believed())

    return Room(
        unit=screen,
        visiting=_visiting(unit, screen),
        workers=unit.workers,
        door=Door(unit.workers, unit.clock.monotonic_s),
        pairing=Pairing(unit.clock.monotonic_s),
        viewer=screen.viewer,
        technician=Technician(unit, faults),
        faults=faults,
        simplify=simplify,
        papers=UnitPapers(unit, lambda: screen.policy().renewal, screen.side.listed),
        consents=lambda: consent_book(unit, screen.side.provenance(NoCamera().source, by_face=False)),
        unlock=unlock,
        voice=EspeakVoice(_voice_folder(unit)),
        card_reader=TesseractReader(),
    )


def _voice_folder(unit: Unit) -> Path:
    """The unit's own folder on a unit; elsewhere one for all units of the user, for prompts are the same for all."""
    if unit.root == SYSTEM_FOLDER:
        return unit.root / "voice"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorstep" / "voice"


def _visiting(unit: Unit, screen: ScreenUnit) -> Visiting:
    def keep(draft: VisitDraft, signers: Any) -> StoredRecord:
        return keep_visit(draft, store=unit.store, signer=unit.record_key, clock=unit.clock, cosigners=tuple(signers))

    def hand_over(record: StoredRecord, evidence_id: str, kind: EvidenceKind, content: bytes) -> None:
        store = SqliteEvidence(unit.store_file)
        if store.find(evidence_id) is not None:
            return
        try:
            keep_evidence(
                content, evidence_id=evidence_id, kind=kind, record=record, store=store,
                signer=unit.record_key, trusted=unit.believed(),
            )  # fmt: skip
        except VerificationError:
            return  # no key of central's to seal to: the record stands without the picture

    def note_people(record: StoredRecord, people: Sequence[Named]) -> None:
        try:
            consent_book(unit, no_camera()).note_people(record, people)
        except VerificationError:
            return  # kept here; no key of central's to seal it to

    def no_camera() -> Provenance:
        return screen.side.provenance(NoCamera().source, by_face=False)

    return Visiting(
        unit_id=unit.config.unit_id,
        sessions=SqliteSessions(unit.store_file, unit.at_rest),
        records=unit.store,
        clock=unit.clock,
        policy=screen.policy,
        no_camera=no_camera,
        keep=keep,
        hand_over=hand_over,
        keep_copy=lambda record, content: keep_copy(unit, record, content),
        note_people=note_people,
        new_id=lambda: str(uuid.uuid4()),
        new_salt=lambda: secrets.token_hex(SALT_BYTES),
        admit=lambda: check_visit_may_begin(unit),
    )
