"""What is only looked at: a person's visits, how the unit stands, and the technician's page with its bundle."""

from __future__ import annotations

from starlette.responses import Response

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
    return at.show("history", person=person, rows=at.room.unit.history(person.person_id))


def status(at: At) -> Response:
    return at.show("status", found=at.room.unit.status())


def technician(at: At) -> Response:
    return at.show("technician", found=at.room.unit.status())


def bundle(at: At) -> Response:
    """Everything a technician needs to see from afar, and nothing of any person."""
    return at.message("input", status=501)
