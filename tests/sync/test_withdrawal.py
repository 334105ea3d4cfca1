"""Consent taken back: what it covered goes here at once, at central when it hears of it, and does not come again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.capture.no_camera import NoCamera
from edge.core.envelope import parse
from edge.core.errors import InputError
from edge.core.evidence_delivery import EvidenceState
from edge.core.record import VisitRecord, decode_record
from edge.core.visit import ConsentGiver, OutcomeKind, Purpose
from edge.services.consents import ConsentBook
from edge.wiring.people import consent_book
from edge.wiring.visit import VisitSide
from tests.sync.loopback import Bench
from tests.sync.test_evidence import jpeg, opened, state, visit_with

PHOTOS = (Purpose.KEEP_PHOTO, Purpose.SEND_PHOTO)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def book(bench: Bench) -> ConsentBook:
    return consent_book(bench.unit, VisitSide(bench.unit).provenance(NoCamera().source, by_face=False))


def take_back(bench: Bench, *purposes: Purpose) -> VisitRecord:
    stored = book(bench).withdraw("p-1", purposes or PHOTOS, given_by=ConsentGiver.PERSON, worker="w-1")
    parsed = parse(stored.envelope)
    return decode_record(parsed.payload, parsed.payload_type)


def held_at_central(bench: Bench) -> int:
    with bench.store.transaction() as transaction:
        return int(transaction.connection.exec_driver_sql("SELECT count(*) FROM evidence_chunks").scalar_one())


def test_photographs_not_yet_sent_are_deleted_and_never_sent(bench: Bench) -> None:
    picture = jpeg()
    sha256 = visit_with(bench, picture)
    record = take_back(bench)
    assert record.withdrawal and record.withdrawal.record_sha256 == (sha256,)
    assert (record.visit.service, record.outcome.kind) == ("consent_withdrawal", OutcomeKind.NOT_PERFORMED)
    assert state(bench) is EvidenceState.PURGED and bench.evidence_store.chunk("e-1", 0) == b""
    bench.run(steps=20, advance_s=10)
    assert bench.wire.evidence == [] and held_at_central(bench) == 0
    assert len(bench.held()) == 2, "the visit and the withdrawal are both held: what was done stays done"


def test_a_transfer_under_way_stops_and_central_deletes_what_has_come(bench: Bench) -> None:
    visit_with(bench, jpeg(200_000))
    bench.run(steps=4)
    assert state(bench) is EvidenceState.SENDING and held_at_central(bench) > 0
    take_back(bench)
    bench.run(steps=20, advance_s=10)
    assert state(bench) is EvidenceState.PURGED
    assert held_at_central(bench) == 0


def test_what_central_held_whole_is_deleted_and_not_taken_again(bench: Bench) -> None:
    visit_with(bench, jpeg())
    bench.run(steps=12)
    manifest, chunk = bench.evidence_store.manifest("e-1"), bench.wire.evidence[-1]
    assert opened(bench)
    take_back(bench, Purpose.SEND_PHOTO)
    bench.run(steps=6)
    with pytest.raises(InputError):
        opened(bench)
    remark, _ = bench.wire.post.take_evidence("unit-a", manifest, at_utc="t")
    assert "withdrawn" in remark
    bench.wire.post.take_evidence("unit-a", chunk, at_utc="t")
    assert held_at_central(bench) == 0


def test_one_persons_withdrawal_leaves_other_visits_alone(bench: Bench) -> None:
    visit_with(bench, jpeg())
    take_back(bench)
    visit_with(bench, jpeg(), number=2)
    bench.run(steps=20, advance_s=10)
    assert state(bench, 2) is EvidenceState.RECEIPTED and opened(bench, 2)
    assert book(bench).standing("p-1").purposes == {Purpose.MATCH_ON_UNIT, Purpose.SEND_PHOTO}


def test_taking_back_the_match_alone_keeps_the_photographs(bench: Bench) -> None:
    visit_with(bench, jpeg())
    take_back(bench, Purpose.MATCH_ON_UNIT)
    assert state(bench) is not EvidenceState.PURGED
    assert book(bench).standing("p-1").purposes == {Purpose.SEND_PHOTO}
    with pytest.raises(InputError):
        take_back(bench, Purpose.MATCH_ON_UNIT)


def test_nothing_stands_of_somebody_who_agreed_to_nothing(bench: Bench) -> None:
    with pytest.raises(InputError):
        book(bench).withdraw("p-9", PHOTOS, given_by=ConsentGiver.PERSON, worker="w-1")
    assert bench.unit.store.head().sequence == 0
