"""Plays the scenes on a demonstration unit: each visit is captured, judged, signed and stored as on any unit."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from edge.capture.choose import open_camera
from edge.capture.opencv_sources import read_picture
from edge.capture.scripted import ScriptedCamera
from edge.core.face import Frame
from edge.core.visit import Attestation, ConsentGiver, Consents, PersonServed, Place, Reason
from edge.demo.cast import REFERENCE, Scene
from edge.demo.picture import Drawing, draw
from edge.demo.summary import VisitSummary
from edge.ports import Camera
from edge.services.burst import Burst
from edge.services.certify import FaceVisit, certify_by_face
from edge.services.keep import VisitDraft, keep_visit
from edge.services.perceive import Observation
from edge.services.visit import VisitRequest, draft_by_attestation, draft_by_face
from edge.wiring.unit import Unit
from edge.wiring.visit import VisitSide

WORKER = "demo-worker"
WITNESS = "demo-neighbour"
PERSON = PersonServed(person_id="demo-0001")

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A visit that is stored, and what the report shows of it; no picture for a visit without a face."""

    summary: VisitSummary
    drawing: Drawing | None = field(repr=False)


class Player:
    """One unit with the references of its one person."""

    def __init__(self, unit: Unit, portraits: Path, *, seed: int) -> None:
        self._unit = unit
        self._side = VisitSide(unit)
        self._portraits = portraits
        self._seed = seed
        self._references = self._side.references([portraits / REFERENCE])

    @property
    def runtime(self) -> str:
        return self._side.nets.runtime_name

    @property
    def bundle_sha256(self) -> str:
        return self._side.bundle.sha256

    def play(self, scene: Scene, tell: Tell) -> Played:
        """Make and store the visit of `scene`; `tell` hears the number of frames seen so far."""
        began_s = time.monotonic()
        drawing = None
        if scene.script is None:
            draft = self._attested()
        else:
            draft, drawing = self._by_face(scene, tell)
        stored = keep_visit(draft, store=self._unit.store, signer=self._unit.record_key, clock=self._unit.clock)
        summary = VisitSummary(
            key=scene.key,
            expected=scene.outcome,
            expected_reason=scene.reason,
            outcome=draft.outcome,
            record_id=stored.record_id,
            sequence=stored.sequence,
            sha256=stored.sha256,
            payload_type=stored.payload_type,
            broker_up=scene.broker_up,
            begun_utc=draft.visit.begun_utc,
            seconds=round(time.monotonic() - began_s, 2),
            face=draft.face,
        )
        return Played(summary=summary, drawing=drawing)

    def _by_face(self, scene: Scene, tell: Tell) -> tuple[VisitDraft, Drawing]:
        request = self._request(Consents(match_on_unit=True))
        request.check_face_consent()
        latest: list[Frame] = []

        def watch(frame: Frame, _observation: Observation, burst: Burst) -> None:
            latest[:] = [frame]
            tell(burst.frames_seen)

        with self._camera(scene) as camera:
            visit = certify_by_face(
                camera,
                self._side.face_nets,
                self._references,
                self._side.policy,
                references_verified=True,
                watch=watch,
            )
            provenance = self._side.provenance(camera.source, by_face=True)
        draft = draft_by_face(request, visit, provenance, ended_utc=self._unit.clock.now_utc())
        return draft, _drawing(visit, latest[0])

    def _attested(self) -> VisitDraft:
        request = self._request(Consents(match_on_unit=False, given_by=ConsentGiver.GUARDIAN))
        attestation = Attestation(
            declared_by=WORKER,
            witnessed_by=WITNESS,
            person_seen=True,
            no_mask_or_photo=True,
            recognised_how="known to the witness for many years",
            document_kinds=("id_card",),
        )
        with open_camera("none", self._unit.config.camera) as camera:
            provenance = self._side.provenance(camera.source, by_face=False)
        return draft_by_attestation(
            request,
            attestation,
            self._side.policy.manual,
            provenance,
            ended_utc=self._unit.clock.now_utc(),
            why=Reason.REFUSED_FACE,
        )

    def _camera(self, scene: Scene) -> Camera:
        assert scene.script is not None
        photograph = read_picture(self._portraits / scene.photograph) if scene.photograph else None
        return ScriptedCamera(photograph, scene.script, seed=self._seed, config=self._unit.config.camera)

    def _request(self, consents: Consents) -> VisitRequest:
        return VisitRequest(
            visit_id=str(uuid.uuid4()),
            record_id=str(uuid.uuid4()),
            unit_id=self._unit.config.unit_id,
            person=PERSON,
            worker=WORKER,
            place=Place(address_code="demo"),
            consents=consents,
            begun_utc=self._unit.clock.now_utc(),
        )


def _drawing(visit: FaceVisit, latest: Frame) -> Drawing:
    """The best frame with its face; the last one seen where there was none."""
    probe = next(iter(visit.burst.probes), None)
    if probe is None or probe.observation.face is None:
        return draw(latest)
    face = probe.observation.face
    return draw(probe.frame, face.region, face.mesh)
