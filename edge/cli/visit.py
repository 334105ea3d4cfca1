"""`doorstep visit`: one visit on the terminal, from any source of pictures, to a signed record in the store."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.asking import ask_guardian, consents_of, purposes_of
from edge.cli.options import UNIT_OPTION, json_option
from edge.cli.pins import sign_in
from edge.cli.visit_screen import show_outcome, warn, watching
from edge.core.errors import InputError
from edge.core.people import Relation
from edge.core.visit import (
    NO_FACE_REASONS,
    NOT_PERFORMED_REASONS,
    Attestation,
    PersonServed,
    Place,
    Reason,
    Scheme,
    Witness,
    WitnessMethod,
)

if TYPE_CHECKING:
    from edge.core.comparison import Reference
    from edge.core.people import Named
    from edge.core.visit_list import ListEntry
    from edge.services.keep import VisitDraft
    from edge.services.visit import VisitRequest
    from edge.wiring.visit import VisitSide


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options of the command, as given."""

    camera: str | None
    references: tuple[Path, ...]
    list_file: Path | None
    person_id: str
    scheme: str
    worker: str
    place: str
    consent: str
    guardian: bool
    guardian_relation: str | None
    ask: bool
    attest: bool
    witness: str
    recognised_how: str
    documents: tuple[str, ...]
    photos: tuple[Path, ...]
    denied: bool
    why: str | None
    not_performed: str | None

    @property
    def people(self) -> tuple[str, ...]:
        """Who may have to sign: the worker, and the witness of an attestation."""
        return (self.worker, self.witness) if self.attest and self.witness else (self.worker,)


def camera_spec(camera: str | None, video: Path | None, stills: Path | None) -> str | None:
    """The one source of pictures that the options name, as unit.toml would; None for the unit's own."""
    given = [g for g in (camera, video, stills) if g is not None]
    if len(given) > 1:
        raise click.UsageError("give one of --camera, --video and --stills")
    if video:
        return f"video:{video}"
    if stills:
        return f"stills:{stills}"
    return f"v4l2:{camera}" if camera and camera.isdecimal() else camera


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command's options, in the order in which help shows them."""
    file, folder = click.Path(path_type=Path, dir_okay=False), click.Path(path_type=Path, file_okay=False)
    relations = click.Choice([r.value for r in Relation])
    no_face, no_visit = (click.Choice(sorted(r.value for r in rs)) for rs in (NO_FACE_REASONS, NOT_PERFORMED_REASONS))
    options = (
        click.option("--person-id", required=True, help="The person's number in the file (个人编号)."),
        click.option("--worker", required=True, help="The field worker who makes the visit."),
        click.option("--camera", metavar="N|picamera2", help="A V4L2 camera by number, or the Pi's own."),
        click.option("--video", type=file, help="A recorded clip (demonstration units only)."),
        click.option("--stills", type=folder, help="A folder of photographs (demonstration units only)."),
        click.option("--reference", "references", type=file, multiple=True, help="A photograph to compare with."),
        click.option("--list", "list_file", type=file, help="A visit list instead of the unit's own."),
        click.option("--scheme", type=click.Choice([s.value for s in Scheme]), default=Scheme.RESIDENT.value),
        click.option("--place", default="", help="Where: the address code of the village or street."),
        click.option("--consent", default="", metavar="match[,keep[,send]]", help="What was agreed to, per purpose."),
        click.option("--guardian", is_flag=True, help="A guardian gave the consent, not the person."),
        click.option("--guardian-relation", type=relations, help="The same, and what they are; asks for the name."),
        click.option("--ask", is_flag=True, help="Also ask for blink, turn or mouth, in an order drawn by lot."),
        click.option("--attest", is_flag=True, help="The way without a face: worker and witness declare."),
        click.option("--witness", default="", help="Who witnesses; never the worker."),
        click.option("--recognised-how", default="", help="How the person was recognised."),
        click.option("--document", "documents", multiple=True, help="Kind of a document that was seen."),
        click.option("--photo", "photos", type=file, multiple=True, help="A document's photograph, to central."),
        click.option("--denied", is_flag=True, help="The worker could not confirm that it is the person."),
        click.option("--why", type=no_face, help="Why no face was used."),
        click.option("--not-performed", type=no_visit, help="The visit could not take place, and why."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="Exit codes: 0 the record is stored, whatever the outcome; 2 wrong usage; 4 another error.")
@_options
@UNIT_OPTION
@json_option
def visit(
    unit_dir: Path, as_json: bool, camera: str | None, video: Path | None, stills: Path | None, **options: Any
) -> None:
    """Make one visit and store its signed record.

    By face, with consent:

    \b
      doorstep visit --person-id p-1 --worker w-1 --consent match
      doorstep visit --person-id p-1 --worker w-1 --consent match --video clip.mp4 --reference photo.jpg

    Without a face:

    \b
      doorstep visit --person-id p-1 --worker w-1 --attest --witness w-2 --recognised-how "id card" \\
          --document id_card --why refused_face

    On a unit with workers (`doorstep worker`) the worker's PIN is asked for first, and the witness's where the
    witness is one of them; without a terminal they are read from standard input, one a line.

    Not performed:

    \b
      doorstep visit --person-id p-1 --worker w-1 --not-performed in_hospital
    """
    wishes = Wishes(camera=camera_spec(camera, video, stills), **options)
    if wishes.attest and wishes.not_performed:
        raise click.UsageError("a visit is attested or not performed, not both")
    from edge.wiring.people import consent_book, keep_copy
    from edge.wiring.sync import check_visit_may_begin, keep_photo
    from edge.wiring.unit import open_unit
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        people = sign_in(unit, wishes.people)
        if wishes.photos and "send" not in wishes.consent.split(","):
            raise click.UsageError("--photo leaves the unit, which wants --consent send")
        check_visit_may_begin(unit)
        side = VisitSide(unit)
        side.take_in_bundle()
        entry = _entry(side, wishes)
        guardian = ask_guardian(wishes.guardian_relation)
        request = _request(side, wishes, entry, guardian)
        draft, photograph = _draft(side, wishes, entry, request, witness_signs=len(people) > 1, quiet=as_json)
        from edge.services.keep import keep_visit

        stored = keep_visit(
            draft, store=unit.store, signer=unit.record_key, clock=unit.clock, cosigners=people
        )
        if photograph and draft.consents.keep_photo:
            keep_copy(unit, stored, photograph)
        for file in wishes.photos:
            keep_photo(unit, stored, file)
        if guardian and draft.consents.guardian:
            consent_book(unit, draft.provenance).note_people(stored, [guardian])
    show_outcome(draft, stored, as_json=as_json)


def _entry(side: VisitSide, wishes: Wishes) -> ListEntry | None:
    """The person's row of the list, or None when only loose photographs are given."""
    from edge.core.visit_list import find

    if wishes.list_file is None and side.central_list:
        return find(side.entries_from_central(), wishes.person_id)
    if wishes.list_file is None and not side.own_list.present:
        return None
    entries, wrong = side.visit_list(wishes.list_file)
    for row in wrong:
        warn(f"visit list, line {row.line}: {row.reason}")
    return find(entries, wishes.person_id)


def _request(side: VisitSide, wishes: Wishes, entry: ListEntry | None, guardian: Named | None) -> VisitRequest:
    from edge.services.visit import VisitRequest

    record_id = str(uuid.uuid4())
    person = PersonServed(person_id=wishes.person_id, scheme=Scheme(wishes.scheme))
    return VisitRequest(
        visit_id=str(uuid.uuid4()),
        record_id=record_id,
        unit_id=side.unit.config.unit_id,
        person=entry.served() if entry else person,
        worker=wishes.worker,
        place=Place(address_code=wishes.place),
        consents=consents_of(
            purposes_of(wishes.consent, "--consent"),
            guardian=wishes.guardian or guardian is not None,
            named=guardian,
            record_id=record_id,
        ),
        begun_utc=side.unit.clock.now_utc(),
        listed=entry is not None or side.vouches_for(None if wishes.list_file else Path("--reference")),
    )


def _draft(
    side: VisitSide,
    wishes: Wishes,
    entry: ListEntry | None,
    request: VisitRequest,
    *,
    witness_signs: bool,
    quiet: bool,
) -> tuple[VisitDraft, bytes | None]:
    """The draft, and the face's photograph where one may be kept."""
    from edge.capture.no_camera import NoCamera
    from edge.services.visit import draft_by_attestation, draft_not_performed

    if not (wishes.attest or wishes.not_performed):
        return _draft_by_face(side, wishes, entry, request, quiet=quiet)
    provenance = side.provenance(NoCamera().source, by_face=False)
    ended_utc = side.unit.clock.now_utc()
    if wishes.not_performed:
        return draft_not_performed(request, Reason(wishes.not_performed), provenance, ended_utc=ended_utc), None
    attestation = Attestation(
        declared_by=wishes.worker,
        witnessed_by=wishes.witness,
        person_seen=not wishes.denied,
        no_mask_or_photo=not wishes.denied,
        recognised_how=wishes.recognised_how,
        document_kinds=wishes.documents,
        witness=Witness(how=WitnessMethod.PIN if witness_signs else WitnessMethod.DECLARED),
    )
    why = Reason(wishes.why) if wishes.why else None
    manual = side.policy.manual
    return draft_by_attestation(request, attestation, manual, provenance, ended_utc=ended_utc, why=why), None


def _draft_by_face(
    side: VisitSide, wishes: Wishes, entry: ListEntry | None, request: VisitRequest, *, quiet: bool
) -> tuple[VisitDraft, bytes | None]:
    from edge.services.certify import certify_by_face
    from edge.services.visit import draft_by_face
    from edge.wiring.people import photograph_of, worker_faces

    request.check_face_consent()
    verified = bool(entry) and not wishes.references
    ask = side.new_check() if wishes.ask else None
    with (
        side.camera(wishes.camera) as camera,
        closing(side.light()) as light,
        watching(side.policy.burst, quiet=quiet, ask=ask) as watch,
    ):
        visit = certify_by_face(
            camera,
            side.face_nets,
            _references(side, wishes, entry),
            side.policy,
            references_verified=side.vouches_for(wishes.list_file if verified else Path("--reference")),
            watch=watch,
            light=light,
            code=side.new_code(),
            ask=ask,
            worker_faces=worker_faces(side, wishes.worker),
        )
    if visit.findings.frames_seen == 0:
        raise InputError("the camera gave no picture", remedy="Check the source of pictures and try again.")
    provenance = side.provenance(camera.source, by_face=True)
    draft = draft_by_face(request, visit, provenance, ended_utc=side.unit.clock.now_utc())
    return draft, photograph_of(visit.burst, request.consents)


def _references(side: VisitSide, wishes: Wishes, entry: ListEntry | None) -> list[Reference]:
    if wishes.references:
        return side.references(list(wishes.references))
    from_central = [] if wishes.list_file else side.references_from_central(wishes.person_id)
    if from_central or entry is None:
        return from_central
    return side.listed_references(entry, wishes.list_file)
