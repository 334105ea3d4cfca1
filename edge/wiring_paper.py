"""The composition root of what leaves on paper: slips made and checked, the form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.core.chain import StoredRecord
from edge.core.envelope import SIMULATED_VISIT_TYPE
from edge.core.errors import InputError
from edge.core.form import form_of
from edge.core.renewal import Renewal, next_due_date
from edge.core.slip import PREFIX
from edge.core.visit_list import ListEntry
from edge.gate.words import Words
from edge.paper.qr import qr_png, qr_svg
from edge.paper.qr_reading import MAX_BYTES, read_qr
from edge.services.slip import make_slip, record_of
from edge.wiring import Unit


def find_record(unit: Unit, name: str) -> StoredRecord:
    """A record of the unit by its number or its record_id. Raises InputError when there is none."""
    first = int(name) if name.isdecimal() else 1
    for stored in unit.store.records(max(first, 1)):
        if name in (str(stored.sequence), stored.record_id):
            return stored
        if name.isdecimal():
            break
    raise InputError(f"this unit has no record {name}", remedy="Look its number up with `doorstep history`.")


def family_slip(
    unit: Unit, stored: StoredRecord, renewal: Renewal, listed: Callable[[str], ListEntry | None]
) -> str:
    """The text of the QR code for one of the unit's records. listed: a person's row of the visit list, if any."""
    entry = listed(record_of(stored).visit.person_served.person_id)
    return make_slip(stored, unit.record_key, renewal, due_date=entry.due_date if entry else "")


def application_form(
    unit: Unit, stored: StoredRecord, renewal: Renewal, listed: Callable[[str], ListEntry | None], language: str
) -> bytes:
    """The form of one of the unit's records as a PDF, without a face. Raises PaperError without a Chinese font."""
    from edge.paper.form import form_pdf  # a third of a second and fonts, which checking a slip does without

    record = record_of(stored)
    entry = listed(record.visit.person_served.person_id)
    due_date = entry.due_date if entry else ""
    form = form_of(
        record,
        stored.sha256,
        entry,
        next_due=next_due_date(record.outcome.kind, visited=record.visit.date, due_date=due_date, renewal=renewal),
        simulated=stored.payload_type == SIMULATED_VISIT_TYPE,
    )
    slip = make_slip(stored, unit.record_key, renewal, due_date=due_date)
    return form_pdf(form, Words("edge.resources", language), slip)


def qr_picture(text: str, suffix: str) -> bytes:
    """The QR code as `.svg` or `.png`. Raises InputError for another ending."""
    if suffix.lower() not in (".svg", ".png"):
        raise InputError(f"a QR code is written as .svg or .png, not {suffix!r}")
    return qr_svg(text) if suffix.lower() == ".svg" else qr_png(text)


def slip_text(given: str) -> str:
    """The text of a slip, from itself or from the picture that `given` names. Raises InputError."""
    text = given.strip()
    if text.startswith(PREFIX):
        return text
    path = Path(given)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as e:
        raise InputError(
            f"{given[:80]!r} is neither a slip nor a picture of one",
            remedy=f"Give the text that begins with {PREFIX}, or the path of a JPEG or PNG of the QR code.",
        ) from e
    return read_qr(raw).strip()
