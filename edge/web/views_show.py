"""What is only looked at: a person's visits, how the unit stands, and the technician's page with its bundle."""

from __future__ import annotations

from starlette.responses import Response

from edge.core.visit import ConsentGiver, Purpose
from edge.gate.bench_words import found_in, remedy_of
from edge.web.at import At


def choose_history(at: At) -> Response:
    """Whose history is meant is kept with the session, not in the address."""
    person_id = at.form.text("person_id")
    if at.visitor and any(p.person_id == person_id for p in at.room.unit.people()):
        at.visitor.looks_at = person_id
    return at.go("/history")


def history(at: At) -> Response:
    """This unit's visits to one person (历次认证记录)."""
    looked_at = at.visitor.looks_at if at.visitor else ""
    person = next((p for p in at.room.unit.people() if p.person_id == looked_at), None)
    if person is None:
        return at.go("/list")
    standing = at.room.consents().standing(person.person_id).purposes
    purposes = [purpose.value for purpose in Purpose if purpose in standing]
    return at.show("history", person=person, rows=at.room.unit.history(person.person_id), purposes=purposes)


def withdraw(at: At) -> Response:
    """Consent taken back: what it covered is purged, and that it was is signed."""
    looked_at = at.visitor.looks_at if at.visitor else ""
    purposes = [purpose for purpose in Purpose if at.form.text(purpose.value) == "yes"]
    giver = ConsentGiver.GUARDIAN if at.form.text("giver") == "guardian" else ConsentGiver.PERSON
    at.room.consents().withdraw(
        looked_at, purposes, given_by=giver, worker=at.worker.worker_id, signers=[at.worker]
    )
    return at.go("/history")


def status(at: At) -> Response:
    """What a worker wants to know of the unit: is there room, is it in service, what waits to be sent."""
    standing = at.room.technician.standing()
    return at.show("status", found=standing, people=len(at.room.unit.people()))


def technician(at: At) -> Response:
    standing, lines = at.room.technician.standing(), at.room.technician.lines()
    told = [(line, found_in(line, at.words), remedy_of(line, at.words)) for line in lines]
    return at.show("technician", found=standing, lines=told, faults=at.room.faults.latest())


def examine(at: At) -> Response:
    """Look at camera, nets, store and keys as well; the page's own camera is let go for it."""
    at.room.viewer.close()
    at.room.technician.examine()
    return at.go("/technician")


def bundle(at: At) -> Response:
    """Everything a technician needs to see from afar, and nothing of any person."""
    name = f"doorstep-support-{at.room.unit.unit_id}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(at.room.technician.support_bundle(), media_type="application/zip", headers=headers)
