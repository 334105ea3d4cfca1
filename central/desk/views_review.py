"""What waits for review, one review with its scores and pictures, and the words over it."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from central.clock import as_utc
from central.desk.at import At
from central.desk.deciding import Choice, Deciding
from central.evidence import open_evidence, open_people
from central.listing import bring_down
from central.reference_maker import ReferenceMaker
from central.rows import evidence as evidence_rows
from central.rows import workers
from central.rows.accounts import Accounts
from central.rows.people import People, PersonReference
from central.rows.reviews import Reviews
from central.store import Transaction
from edge.core.envelope import parse
from edge.core.errors import InputError
from edge.core.evidence import EvidenceKind
from edge.core.people import Named
from edge.core.record import VisitRecord, decode_record

PAGE_ROWS = 50


def queue(at: At) -> Response:
    number = at.number("page")
    with at.room.store.transaction() as transaction:
        reviews = Reviews(transaction)
        rows = reviews.waiting(limit=PAGE_ROWS, offset=number * PAGE_ROWS)
        count = reviews.count_waiting()
    for row in rows:
        row["reasons"] = msgspec.json.decode(row["reasons"])
    return at.show("queue", rows=rows, count=count, number=number, more=count > (number + 1) * PAGE_ROWS)


def review(at: At, *, error: str = "", status: int = 200) -> Response:
    sha256 = at.path["sha256"]
    with at.room.store.transaction() as transaction:
        row = Reviews(transaction).get(sha256)
        if row is None:
            return at.message("not_found", status=404)
        references = People(transaction, at.room.vault).references(row["person_id"])
        sent = evidence_rows.of_record(transaction.connection, sha256)
        accounts = Accounts(transaction)
        accounts.log(at.visitor.username, "review_opened", at_utc=as_utc(at.at), subject=sha256)
        record = opened(row["envelope"])
        people = _people(at, transaction, sha256, sent, record) if "pictures" in at.query else ()
        keys = workers.known(transaction.connection, {row["worker_keyid"], row["witness_keyid"]})
        log = accounts.logged(subject=sha256, limit=30)
    return at.show(
        "review",
        status=status,
        row={name: value for name, value in row.items() if name != "envelope"},
        record=record,
        clock_off=record.clock.set_back,
        reference_count=len(references),
        pictures=[n for n, piece in enumerate(sent) if piece["kind"] != EvidenceKind.PEOPLE.value],
        people=people,
        people_count=sum(1 for piece in sent if piece["kind"] == EvidenceKind.PEOPLE.value),
        signed={who: workers.standing(row[f"{who}_keyid"], keys).value for who in ("worker", "witness")},
        offered=_offered(row, record, sent),
        show="pictures" in at.query,
        choices=[c.value for c in Choice],
        own=row["proposed_by"] == at.visitor.username,
        log=log,
        error=error,
    )


def _people(
    at: At, transaction: Transaction, sha256: str, sent: list[dict[str, Any]], record: VisitRecord
) -> tuple[Named, ...]:
    """Guardian and witness by name, noted before they are shown."""
    found = [piece["evidence_id"] for piece in sent if piece["kind"] == EvidenceKind.PEOPLE.value]
    if not found:
        return ()
    Accounts(transaction).log(at.visitor.username, "people_opened", at_utc=as_utc(at.at), subject=sha256)
    return open_people(transaction, at.room.evidence_key, found[0], record)


def _offered(row: dict[str, Any], record: VisitRecord, sent: list[dict[str, Any]]) -> bool:
    """Whether a photograph is offered as a reference, is here, and the visit was found to be the person's."""
    certified = row["outcome"] == "certified" or (row["state"] == "decided" and row["decision"] == "certified")
    offer = record.offer
    return offer is not None and certified and offer.evidence_id in {p["evidence_id"] for p in sent}


def take_reference(at: At) -> Response:
    """Make the offered photograph a reference of the person, and bring it to the unit that visits them."""
    sha256, at_utc = at.path["sha256"], as_utc(at.at)
    with at.room.store.transaction() as transaction:
        row = Reviews(transaction).get(sha256)
        record = opened(row["envelope"]) if row else None
        sent = evidence_rows.of_record(transaction.connection, sha256)
        if row is None or record is None or record.offer is None or not _offered(row, record, sent):
            return at.message("not_found", status=404)
        photo = open_evidence(transaction, at.room.evidence_key, record.offer.evidence_id)
        with ReferenceMaker(at.room.config.models, folder=at.room.folder) as maker:
            made = maker.make(photo)
        people = People(transaction, at.room.vault)
        people.add_reference(
            row["person_id"],
            PersonReference(
                sha256=made.sha256, model_sha256=made.model_sha256, embedding=made.embedding, picture=photo
            ),
        )
        person = people.get(row["person_id"])
        units = [person.unit_id] if person and person.unit_id else []
        bring_down(transaction, at.room.vault, at.room.downlink, units, at_utc=at_utc)
        Accounts(transaction).log(at.visitor.username, "reference_taken", at_utc=at_utc, subject=sha256)
    return at.go(f"/reviews/{sha256}")


def picture(at: At) -> Response:
    """One reference of the person of a review. Every opening is logged before the picture is given."""
    sha256, number = at.path["sha256"], int(at.path["number"])
    with at.room.store.transaction() as transaction:
        row = Reviews(transaction).get(sha256)
        references = People(transaction, at.room.vault).references(row["person_id"]) if row else []
        if number >= len(references):
            return at.message("not_found", status=404)
        found = references[number]
        Accounts(transaction).log(
            at.visitor.username, "reference_opened", at_utc=as_utc(at.at), subject=sha256, detail=found.sha256
        )
    kind = "image/png" if found.picture.startswith(b"\x89PNG") else "image/jpeg"
    return Response(found.picture, media_type=kind)


def evidence(at: At) -> Response:
    """One picture of the visit, opened with central's key. Every opening is logged before it is given."""
    sha256, number = at.path["sha256"], int(at.path["number"])
    with at.room.store.transaction() as transaction:
        sent = evidence_rows.of_record(transaction.connection, sha256)
        if number >= len(sent) or sent[number]["kind"] == EvidenceKind.PEOPLE.value:
            return at.message("not_found", status=404)
        evidence_id = sent[number]["evidence_id"]
        Accounts(transaction).log(
            at.visitor.username, "evidence_opened", at_utc=as_utc(at.at), subject=sha256, detail=evidence_id[:64]
        )
        found = open_evidence(transaction, at.room.evidence_key, evidence_id)
    return Response(found, media_type="image/jpeg")


def decide(at: At) -> Response:
    try:
        choice = Choice(at.form.text("choice"))
    except ValueError:
        return review(at, error="input", status=400)
    return _said(at, lambda deciding, sha256: deciding.decide(sha256, choice, at.form.text("reason")))


def second(at: At) -> Response:
    agrees = at.form.text("word") == "agree"
    return _said(at, lambda deciding, sha256: deciding.second(sha256, agrees=agrees))


def _said(at: At, word: Any) -> Response:
    sha256 = at.path["sha256"]
    try:
        with at.room.store.transaction() as transaction:
            deciding = Deciding(transaction=transaction, downlink=at.room.downlink, visitor=at.visitor, at=at.at)
            word(deciding, sha256)
    except InputError as e:
        return review(at, error=e.message, status=409)
    return at.go(f"/reviews/{sha256}")


def opened(raw: bytes) -> VisitRecord:
    """The record in an envelope that ingest has verified."""
    envelope = parse(raw)
    return decode_record(envelope.payload, envelope.payload_type)
