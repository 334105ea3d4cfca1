"""The composition root of what leaves on paper: slips made and checked, the form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.core.chain import StoredRecord
from edge.core.envelope import SIMULATED_VISIT_TYPE
from edge.core.errors import InputError
from edge.core.form import form_of
from edge.core.renewal import Renewal, next_due_date
from edge.core.slip import PREFIX, Slip, open_slip
from edge.core.visit_list import ListEntry
from edge.gate.words import Words
from edge.paper.qr import qr_png, qr_svg
from edge.paper.qr_reading import MAX_BYTES, read_qr
from edge.services.slip import make_slip, record_of
from edge.wiring.unit import Unit


class UnitPapers:
    """The papers of one unit's records. renewal: the policy's, as it is now. listed: a person's row of the list."""

    def __init__(
        self, unit: Unit, renewal: Callable[[], Renewal], listed: Callable[[str], ListEntry | None]
    ) -> None:
        self._unit, self._renewal, self._listed = unit, renewal, listed

    def find(self, name: str) -> StoredRecord:
        """A visit's record by its number or its record_id. Raises InputError when there is none."""
        first = int(name) if name.isdecimal() and len(name) < 16 else 1
        for stored in self._unit.store.records(max(first, 1)):
            if name in (str(stored.sequence), stored.record_id):
                if record_of(stored).withdrawal is None:
                    return stored
                raise InputError(f"record {name[:40]} takes consent back; only visits have papers")
            if name.isdecimal():
                break
        raise InputError(f"this unit has no record {name[:40]}", remedy="Look its number up with `doorstep history`.")

    def slip(self, stored: StoredRecord) -> str:
        """The text of the slip's QR code."""
        return make_slip(stored, self._unit.record_key, self._renewal(), due_date=self._due_date(stored))

    def form(self, stored: StoredRecord, language: str) -> bytes:
        """The application form as a PDF, without a face. Raises PaperError without a Chinese font."""
        from edge.paper.form import form_pdf  # a third of a second and fonts, which checking a slip does without

        record, due_date = record_of(stored), self._due_date(stored)
        next_due = next_due_date(
            record.outcome.kind, visited=record.visit.date, due_date=due_date, renewal=self._renewal()
        )
        form = form_of(
            record,
            stored.sha256,
            self._listed(record.visit.person_served.person_id),
            next_due=next_due,
            simulated=stored.payload_type == SIMULATED_VISIT_TYPE,
        )
        return form_pdf(form, Words("edge.resources", language), self.slip(stored))

    def check(self, text: str) -> Slip:
        """A slip of this unit's or of any that it believes. Raises DoesNotVerify, CouldNotBeChecked."""
        return open_slip(text, self._unit.believed())

    def read_code(self, picture: bytes) -> str:
        """The text of the QR code in a JPEG or PNG. Raises InputError."""
        return read_qr(picture).strip()

    def _due_date(self, stored: StoredRecord) -> str:
        entry = self._listed(record_of(stored).visit.person_served.person_id)
        return entry.due_date if entry else ""


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
