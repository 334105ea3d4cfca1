"""A backup of central's database in other hands: without the keys it shows no name, no number and no face."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import inspect, text

from central.desk.signing_in import Door, Role
from central.listing import bring_down
from central.rows.people import People, Person, Personal, PersonReference
from edge.core.chain import ChainHead
from edge.core.evidence import EvidenceKind
from edge.core.people import People as VisitPeople
from edge.core.people import commitment, encode_people
from edge.core.visit import ConsentGiver, Consents, Guardian
from tests.central.conftest import AT_UTC, Desk, record
from tests.central.desks import PASSWORD, give_keys, open_desk, sent_down
from tests.central.lists import number
from tests.central.test_desk_evidence import JPEG
from tests.central.test_desk_people import GUARDIAN, taken

NAME, EMPLOYER = "欧阳测试", "第一纺织厂"
EMBEDDING, PHOTOGRAPH = bytes(range(256)) * 8, b"\xff\xd8\xff" + bytes(range(255, 0, -1)) * 40


def backup(desk: Desk) -> Iterator[tuple[str, bytes]]:
    """Every value of every table as bytes; and of SQLite the files as they lie, deleted rows included."""
    with desk.store.transaction() as transaction:
        connection = transaction.connection
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                for value in row:
                    yield table, bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    desk.store.close()
    for file in (desk.folder / "central").glob("central.sqlite3*"):
        yield file.name, file.read_bytes()


def test_attack_stolen_backup_shows_no_face_no_name_and_no_number(desk: Desk) -> None:
    review_desk = open_desk(desk)
    private = give_keys(review_desk)
    room = review_desk.room
    secret = Door(room.store, room.vault).add("rev-1", Role.REVIEWER, PASSWORD, at=review_desk.now)
    face = PersonReference(sha256="ab" * 32, model_sha256="cd" * 32, embedding=EMBEDDING, picture=PHOTOGRAPH)
    personal = Personal(name=NAME, id_number=number(7), employer=EMPLOYER)
    with room.store.transaction() as transaction:
        people = People(transaction, room.vault)
        person = Person(
            person_id="p-1", scheme="resident", address_code="v-1", due_date="", facts=(), unit_id=None,
            personal=personal, imported_utc=AT_UTC,
        )  # fmt: skip
        people.put(person, [face])
        people.assign("unit-a", person_ids=["p-1"])
        bring_down(transaction, room.vault, room.downlink, ["unit-a"], at_utc=AT_UTC)
    made = record("unit-a", ChainHead())
    guardian = Guardian(relation=GUARDIAN.relation, commitment=commitment(GUARDIAN, made.record_id))
    consents = Consents(match_on_unit=True, send_photo=True, given_by=ConsentGiver.GUARDIAN, guardian=guardian)
    named = encode_people(VisitPeople(record_id=made.record_id, people=(GUARDIAN,)))
    pieces = {"people": (EvidenceKind.PEOPLE, named), "photo": (EvidenceKind.FACE_PHOTO, JPEG)}
    taken(review_desk, msgspec.structs.replace(made, consents=consents), **pieces)
    assert len(sent_down(review_desk, private)) == 1, "the list went down, and lies in the messages"
    secrets = {
        "name": NAME.encode(), "employer": EMPLOYER.encode(), "number": number(7).encode(),
        "birth date": number(7)[6:14].encode(), "guardian": GUARDIAN.name.encode(),
        "escaped": NAME.encode("unicode_escape"),
        "embedding": EMBEDDING[:64], "photograph on file": PHOTOGRAPH[:64], "photograph of the visit": JPEG[:15],
        "picture's bytes": JPEG[100:164], "password": PASSWORD.encode(), "code's secret": secret,
    }  # fmt: skip
    values = list(backup(desk))
    holding = {"persons", "person_references", "messages", "evidence_chunks", "accounts"}
    assert holding <= {where for where, _ in values}
    assert any(b"p-1" in value for _, value in values), "what stands there plainly is found"
    found = [(where, what) for where, value in values for what, secret_ in secrets.items() if secret_ in value]
    assert found == []
