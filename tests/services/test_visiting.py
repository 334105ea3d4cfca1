"""A visit's steps over the real store: what is durable when, and that a record is never written twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core import session as steps
from edge.core.chain import StoredRecord
from edge.core.errors import InputError, StoreError
from edge.core.keys import KeyPurpose
from edge.core.session import Declaration, Document, DocumentKind, Event, Person, Step
from edge.core.visit import Consents, Reason, Scheme
from edge.services.visiting import Visiting
from edge.store.sessions import SqliteSessions
from edge.wiring.unit import Unit, found_unit, open_unit
from edge.wiring.web import make_room

PERSON = Person(person_id="p-1", name="演示甲", id_number="110101194001010004", scheme=Scheme.RESIDENT, listed=True)
PIN = "258036"


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    found_unit(tmp_path / "unit", "unit-a", KeyPurpose.DEMONSTRATION).close()
    with open_unit(tmp_path / "unit") as opened:
        opened.workers.add("w-1", PIN)
        opened.workers.add("w-2", PIN)
        yield opened


@pytest.fixture
def visiting(unit: Unit) -> Visiting:
    return make_room(unit).visiting


def at_witness(visiting: Visiting) -> steps.VisitSession:
    session = visiting.save(steps.confirmed(visiting.begin("w-1", PERSON)))
    session = visiting.save(steps.consented(session, Consents(match_on_unit=False, send_photo=True)))
    document = Document(kind=DocumentKind.ID_CARD, photo_id="photo-1")
    session = visiting.save(steps.noted(session, document), {"photo-1": b"a picture"})
    session = visiting.save(steps.documented(session, min_documents=1))
    told = Declaration(person_seen=True, no_mask_or_photo=True, recognised_how="id_card")
    return visiting.save(steps.declared(session, told))


def count(unit: Unit) -> int:
    return len(list(unit.store.records()))


def test_cut_off_between_record_and_last_step_signs_no_second_record(unit: Unit, visiting: Visiting) -> None:
    def broken(_record: StoredRecord, *_rest: object) -> None:
        raise StoreError("the plug is pulled here")

    session = at_witness(visiting)
    signers = [unit.workers.open("w-1", PIN), unit.workers.open("w-2", PIN)]
    with pytest.raises(StoreError):
        replace(visiting, hand_over=broken).sign_attested(session, "w-2", signers)
    assert count(unit) == 1
    again = visiting.open_of("w-1")
    assert again and again.step is Step.OUTCOME and again.outcome
    assert again.outcome.reasons[0] is Reason.MANUAL_ATTESTATION
    assert count(unit) == 1


def test_step_taken_twice_at_once_is_taken_once(visiting: Visiting) -> None:
    session = visiting.begin("w-1", PERSON)
    visiting.save(steps.confirmed(session))
    with pytest.raises(StoreError, match="moved on"):
        visiting.save(steps.confirmed(session))


def test_worker_has_one_open_visit_and_each_worker_their_own(visiting: Visiting) -> None:
    first = visiting.begin("w-1", PERSON)
    with pytest.raises(StoreError):
        visiting.begin("w-1", PERSON)
    other = visiting.begin("w-2", PERSON)
    assert visiting.open_of("w-1") == first and visiting.open_of("w-2") == other


def test_photograph_that_is_let_go_or_closed_is_deleted(unit: Unit, visiting: Visiting) -> None:
    sessions = SqliteSessions(unit.store_file, unit.at_rest)
    session = at_witness(visiting)
    assert sessions.photo("photo-1") == b"a picture"
    session = visiting.save(steps.gone_back(session))
    session = visiting.save(steps.gone_back(session))
    replaced = steps.noted(session, Document(kind=DocumentKind.ID_CARD, photo_id="photo-2"))
    session = visiting.save(replaced, {"photo-2": b"another"})
    assert sessions.photo("photo-1") is None and sessions.photo("photo-2") == b"another"
    left = visiting.leave(session, Reason.ASLEEP, [unit.workers.open("w-1", PIN)])
    visiting.close(left)
    assert sessions.photo("photo-2") is None and visiting.open_of("w-1") is None


def test_nothing_personal_of_an_open_visit_lies_in_the_clear(unit: Unit, visiting: Visiting) -> None:
    at_witness(visiting)
    unit.store_file.fold_log()
    raw = unit.store_file.path.read_bytes()
    for secret in (PERSON.name.encode(), PERSON.id_number.encode(), b"a picture", b"id_card"):
        assert secret not in raw


def test_signing_out_of_turn_leaves_no_record(unit: Unit, visiting: Visiting) -> None:
    session = visiting.begin("w-1", PERSON)
    told = Declaration(person_seen=True, no_mask_or_photo=True)
    signers = [unit.workers.open("w-1", PIN)]
    with pytest.raises(InputError):
        visiting.sign_face(session, told, signers)
    with pytest.raises(InputError):
        visiting.sign_attested(at_witness_for_other(visiting), "w-2", [unit.workers.open("w-2", PIN)])
    assert count(unit) == 0
    assert visiting.open_of("w-1") == session and session.may(Event.CONFIRMED)


def at_witness_for_other(visiting: Visiting) -> steps.VisitSession:
    """A visit of w-2 in which the witness would be w-2 again."""
    session = visiting.save(steps.confirmed(visiting.begin("w-2", PERSON)))
    session = visiting.save(steps.consented(session, Consents(match_on_unit=False)))
    session = visiting.save(steps.noted(session, Document(kind=DocumentKind.ID_CARD)))
    session = visiting.save(steps.documented(session, min_documents=1))
    told = Declaration(person_seen=True, no_mask_or_photo=True, recognised_how="id_card")
    return visiting.save(steps.declared(session, told))
