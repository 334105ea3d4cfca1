"""A photograph kept on the unit: only with consent, encrypted, for a time, and gone when the consent is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from edge.capture.no_camera import NoCamera
from edge.core import session as steps
from edge.core.chain import StoredRecord
from edge.core.errors import InputError
from edge.core.keys import KeyPurpose
from edge.core.policy import decide_face
from edge.core.session import Declaration, Person, Seen
from edge.core.visit import ConsentGiver, Consents, Purpose, Scheme
from edge.services.consents import ConsentBook, Contested
from edge.services.slip import record_of
from edge.store.kept_photos import count_kept
from edge.wiring.people import consent_book
from edge.wiring.sync import purge_photos
from edge.wiring.unit import Unit, found_unit, open_unit
from edge.wiring.visit import VisitSide
from edge.wiring.web import make_room
from tests.core.test_policy import findings

PERSON = Person(person_id="p-1", name="演示甲", id_number="110101194001010004", scheme=Scheme.RESIDENT, listed=True)
PHOTO = b"\xff\xd8 the face at the bedside " * 40


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    found_unit(tmp_path / "unit", "unit-a", KeyPurpose.DEMONSTRATION).close()
    with open_unit(tmp_path / "unit") as opened:
        yield opened


def visited(unit: Unit, **agreed: bool) -> StoredRecord:
    """A visit by face, signed, with that consent."""
    visiting = make_room(unit).visiting
    session = visiting.save(steps.confirmed(visiting.begin("w-1", PERSON)))
    session = visiting.save(steps.consented(session, Consents(match_on_unit=True, **agreed)))
    provenance = VisitSide(unit).provenance(NoCamera().source, by_face=False)
    seen = Seen(findings=findings(), outcome=decide_face(findings()), provenance=provenance)
    session = visiting.save(steps.captured(session, seen, face_photo_id="face"), {"face": PHOTO})
    sure = Declaration(person_seen=True, no_mask_or_photo=True, recognised_how="face")
    session = visiting.sign_face(session, sure, [])
    visiting.close(session)
    stored = unit.store.find(session.record_id)
    assert stored
    return stored


def book(unit: Unit) -> ConsentBook:
    return consent_book(unit, VisitSide(unit).provenance(NoCamera().source, by_face=False))


def on_disk(unit: Unit) -> bytes:
    return b"".join(path.read_bytes() for path in unit.root.glob("records.sqlite3*"))


def opened_by(unit: Unit) -> list[tuple[str, str]]:
    with unit.store_file.reading() as db:
        return db.execute("SELECT worker_id, why FROM kept_photo_openings").fetchall()


def test_photograph_is_kept_encrypted_where_it_was_agreed_to_and_nowhere_else(unit: Unit) -> None:
    assert count_kept(unit.store_file) == 0
    visited(unit, send_photo=True)
    assert count_kept(unit.store_file) == 0, "to send is not to keep"
    visited(unit, keep_photo=True)
    assert count_kept(unit.store_file) == 1
    assert PHOTO[:24] not in on_disk(unit)


def test_each_look_is_noted_with_who_and_why(unit: Unit) -> None:
    with pytest.raises(InputError, match="no photograph"):
        book(unit).photograph("p-1", worker_id="w-1", why=Contested.APPEAL)
    visited(unit, keep_photo=True)
    assert book(unit).photograph("p-1", worker_id="w-1", why=Contested.APPEAL) == PHOTO
    assert opened_by(unit) == [("w-1", "appeal")]


def test_withdrawal_deletes_it_at_once(unit: Unit) -> None:
    visited(unit, keep_photo=True)
    book(unit).withdraw("p-1", [Purpose.MATCH_ON_UNIT], given_by=ConsentGiver.PERSON, worker="w-1")
    assert count_kept(unit.store_file) == 1, "another purpose"
    stored = book(unit).withdraw("p-1", [Purpose.KEEP_PHOTO], given_by=ConsentGiver.PERSON, worker="w-1")
    assert count_kept(unit.store_file) == 0 and record_of(stored).withdrawal


def test_time_that_is_over_deletes_it_and_leaves_no_byte(unit: Unit) -> None:
    visited(unit, keep_photo=True)
    with unit.store_file.reading() as db:
        (sealed,) = db.execute("SELECT sealed FROM kept_photos").fetchone()
    assert purge_photos(unit) == 0 and bytes(sealed)[:40] in on_disk(unit)
    unit.config = msgspec.structs.replace(unit.config, photo_retention_days=0)
    assert purge_photos(unit) == 1
    assert bytes(sealed)[:40] not in on_disk(unit)
    visited(unit, keep_photo=True)
    assert count_kept(unit.store_file) == 0, "a unit that keeps none"
