"""Today's list, somebody who is not on it, and the beginning of a visit."""

from __future__ import annotations

import datetime as dt

from starlette.responses import Response

from edge.core import id_number
from edge.core.errors import InputError
from edge.core.id_number import IdNumberError
from edge.core.id_reading import number_in
from edge.core.identity import found, groups
from edge.core.session import Person
from edge.core.today import Place, Row, todays_list
from edge.core.visit import Scheme
from edge.web.at import At

LONGEST_NAME = 60


def home(at: At) -> Response:
    """Where a worker belongs: at the visit that is open, else at the list."""
    return at.go("/list" if at.session() is None else "/visit")


def today(at: At) -> Response:
    """The list, or what a search found. Searches are posted: a name stands in no address."""
    rows, query = rows_of(at), at.form.text("query")[:LONGEST_NAME]
    shown = [row for row in rows if found(query, _fields(row.person), at.room.simplify)]
    counts = {place.value: sum(1 for row in rows if row.place is place) for place in Place}
    lines = [(row, id_number.mask(row.person.id_number)) for row in shown]
    return at.show("list", lines=lines, query=query, counts=counts, open_visit=at.session() is not None)


def begin(at: At) -> Response:
    """Begin a visit to somebody of the list; where one is open already, go on with it."""
    if at.session() is None:
        person_id = at.form.text("person_id")
        person = next((p for p in at.room.unit.people() if p.person_id == person_id), None)
        if person is None:
            return at.message("nobody", status=404)
        at.room.visiting.begin(at.worker.worker_id, person)
    return at.go("/visit")


def add_page(at: At) -> Response:
    return _add_form(at)


def add(at: At) -> Response:
    """Begin a visit to somebody who is not on the list; it always ends in a review."""
    name, village = at.form.text("name")[:LONGEST_NAME], at.form.text("village")[:12]
    try:
        number = id_number.check(at.form.text("id_number"), today=dt.date.fromisoformat(at.room.unit.today()))
    except IdNumberError:
        return _add_form(at, error="id_number", number=groups(at.form.text("id_number")[:40]))
    scheme = at.form.text("scheme")
    if not name or scheme not in {s.value for s in Scheme}:
        return _add_form(at, error="name")
    if any(id_number.normalise(p.id_number) == number for p in at.room.unit.people()):
        return _add_form(at, error="on_list", number=groups(number))
    if village and not village.isascii():
        return _add_form(at, error="village")
    if at.session() is not None:
        raise InputError("a visit is open", remedy="Finish it first.")
    person = Person(
        person_id=f"added-{at.room.visiting.new_id()[:12]}",
        name=name,
        id_number=number,
        scheme=Scheme(scheme),
        listed=False,
        address_code=village,
    )
    at.room.visiting.begin(at.worker.worker_id, person)
    return at.go("/visit")


def scan(at: At) -> Response:
    """Read the number off the identity card before the camera, or in the phone's photograph, for the worker to
    compare; the picture is let go. Raises InputError (no picture), CardReaderError."""
    uploaded = [content for _, content in at.form.files.get("photograph", ()) if content]
    jpeg = at.room.unit.photograph(uploaded[0] if uploaded else None)
    number = number_in(at.room.card_reader.text(jpeg), today=dt.date.fromisoformat(at.room.unit.today()))
    at.room.viewer.close()
    if number is None:
        return _add_form(at, error="unread")
    if any(id_number.normalise(p.id_number) == number for p in at.room.unit.people()):
        return _add_form(at, error="on_list", number=groups(number))
    return _add_form(at, number=groups(number), read=number)


def rows_of(at: At) -> list[Row]:
    unit = at.room.unit
    return todays_list(unit.people(), unit.last_visits(), unit.tasks(), today=unit.today())


def _add_form(at: At, *, error: str = "", number: str = "", read: str = "") -> Response:
    """read: a number that was read off a card, to be compared with it."""
    fields = {name: at.form.text(name)[:LONGEST_NAME] for name in ("name", "id_number", "scheme", "village")}
    schemes = [scheme.value for scheme in Scheme]
    fields["id_number"] = read or fields["id_number"]
    reads = at.room.card_reader.present
    return at.show(
        "add", status=400 if error else 200, error=error, number=number, entered=fields, schemes=schemes,
        read=bool(read), reads=reads,
    )  # fmt: skip


def _fields(person: Person) -> tuple[str, ...]:
    return person.name, person.id_number, person.person_id, person.address_code, person.employer
