"""People and offered references at the desk: who sees names, whose signature is shown, what becomes a reference."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from central.config import load_config
from central.evidence import EvidenceIntake
from central.keys import evidence_key
from central.listing import bring_down
from central.receipts import load_issuer
from central.rows.accounts import Accounts
from central.rows.people import People, Person, Personal, PersonReference
from edge.core.chain import ChainHead
from edge.core.chunks import encode_chunk, split
from edge.core.downward_content import VisitListChange
from edge.core.envelope import digest
from edge.core.evidence import CHUNK_BYTES, EvidenceKind, evidence_info, make_manifest, sign_manifest
from edge.core.people import Named, Part, Relation, commitment, encode_people
from edge.core.people import People as VisitPeople
from edge.core.record import VisitRecord
from edge.core.sealing import seal_to, sealing_keyid
from edge.core.visit import ConsentGiver, Consents, Guardian, OfferKind, Purpose, ReferenceOffer, Withdrawal
from tests.central.conftest import AT_UTC, CENTRAL, Desk, record
from tests.central.desks import ReviewDesk, give_keys, open_desk, sent_down
from tools.bundle.places import public_key_file

GUARDIAN = Named(part=Part.GUARDIAN, name="监护人甲", relation=Relation.CHILD, salt="ab" * 16)


@pytest.fixture
def review_desk(desk: Desk) -> ReviewDesk:
    return open_desk(desk)


def taken(review_desk: ReviewDesk, made: VisitRecord, **pieces: tuple[EvidenceKind, bytes]) -> str:
    """A record at central with its evidence whole, by evidence id; gives its digest."""
    central = review_desk.central
    folder = central.folder / "central"
    raw = central.sealed(made)
    central.submit(raw)
    public_hex = evidence_key(folder, load_config(folder)).public_key().public_bytes_raw().hex()
    intake = EvidenceIntake(load_issuer(folder / "keys" / "receipt.pem", central_id=CENTRAL))
    for evidence_id, (kind, content) in pieces.items():
        sealed = seal_to(public_hex, content, info=evidence_info("unit-a", evidence_id))
        manifest = make_manifest(
            sealed, evidence_id=evidence_id, unit_id="unit-a", record_sha256=digest(raw), kind=kind,
            sealed_to=sealing_keyid(public_hex),
        )  # fmt: skip
        chunks = [encode_chunk(evidence_id, n, chunk) for n, chunk in enumerate(split(sealed, CHUNK_BYTES))]
        with central.store.transaction() as transaction:
            for piece in (sign_manifest(manifest, central.signer), *chunks):
                assert intake.accept(transaction, "unit-a", piece, at_utc=AT_UTC)[0] == ""
    return digest(raw)


def by_guardian() -> VisitRecord:
    made = record("unit-a", ChainHead())
    guardian = Guardian(relation=GUARDIAN.relation, commitment=commitment(GUARDIAN, made.record_id))
    consents = Consents(match_on_unit=True, given_by=ConsentGiver.GUARDIAN, guardian=guardian)
    return msgspec.structs.replace(made, consents=consents)


def person() -> Person:
    return Person(
        person_id="p-1", scheme="resident", address_code="v-1", due_date="", facts=(), unit_id=None,
        personal=Personal(name="甲", id_number=""), imported_utc=AT_UTC,
    )  # fmt: skip


def logged(review_desk: ReviewDesk, sha256: str) -> list[str]:
    with review_desk.room.store.transaction() as transaction:
        return [line["action"] for line in Accounts(transaction).logged(subject=sha256, limit=50)]


def test_a_guardians_name_is_shown_on_request_and_every_time_noted(review_desk: ReviewDesk) -> None:
    made = by_guardian()
    people = encode_people(VisitPeople(record_id=made.record_id, people=(GUARDIAN,)))
    sha256 = taken(review_desk, made, people=(EvidenceKind.PEOPLE, people))
    page, client = f"/reviews/{sha256}", review_desk.as_("rev-1")
    assert GUARDIAN.name not in client.get(page).text
    assert "people_opened" not in logged(review_desk, sha256)
    shown = client.get(page + "?pictures").text
    assert GUARDIAN.name in shown and "子女" in shown and "<img" not in shown
    assert logged(review_desk, sha256).count("people_opened") == 1
    assert client.get(page + "/evidence/0").status_code == 404, "names are no picture"


def test_people_whom_the_record_does_not_commit_to_are_not_shown(review_desk: ReviewDesk) -> None:
    made = by_guardian()
    other = msgspec.structs.replace(GUARDIAN, name="另一人")
    people = encode_people(VisitPeople(record_id=made.record_id, people=(other,)))
    sha256 = taken(review_desk, made, people=(EvidenceKind.PEOPLE, people))
    answer = review_desk.as_("rev-1").get(f"/reviews/{sha256}?pictures")
    assert answer.status_code == 400 and other.name not in answer.text


def test_signatures_are_told_apart_on_the_page(review_desk: ReviewDesk) -> None:
    sha256 = taken(review_desk, record("unit-a", ChainHead()))
    assert "未以个人密钥签名" in review_desk.as_("rev-1").get(f"/reviews/{sha256}").text


def test_references_go_down_no_more_once_the_comparison_is_taken_back(review_desk: ReviewDesk) -> None:
    private = give_keys(review_desk)
    store, vault = review_desk.room.store, review_desk.room.vault
    face = PersonReference(sha256="ab" * 32, model_sha256="cd" * 32, embedding=bytes(512), picture=b"p")
    with store.transaction() as transaction:
        people = People(transaction, vault)
        people.put(person(), [face])
        people.assign("unit-a", person_ids=["p-1"])
        bring_down(transaction, vault, review_desk.room.downlink, ["unit-a"], at_utc=AT_UTC)
    made = record("unit-a", ChainHead())
    withdrawal = Withdrawal(
        purposes=(Purpose.MATCH_ON_UNIT,), given_by=ConsentGiver.PERSON, record_sha256=("ef" * 32,)
    )
    taken(review_desk, msgspec.structs.replace(made, withdrawal=withdrawal))
    with store.transaction() as transaction:
        units = People(transaction, vault).take_faces_back()
        bring_down(transaction, vault, review_desk.room.downlink, units, at_utc=AT_UTC)
    lists = [c for c in sent_down(review_desk, private) if isinstance(c, VisitListChange)]
    assert [len(change.put[0].references) for change in lists] == [1, 0]
    with store.transaction() as transaction:
        assert People(transaction, vault).take_faces_back() == [], "once"
        assert len(People(transaction, vault).references("p-1")) == 1, "central's own file is the agency's to keep"


def test_an_offered_photograph_becomes_a_reference_only_by_a_persons_hand(
    review_desk: ReviewDesk, bundle_folder: Path, portraits: Path
) -> None:
    if not review_desk.central.database.startswith("sqlite"):
        pytest.skip("the nets are the same on every database")
    private = give_keys(review_desk)
    folder = review_desk.central.folder / "central"
    (folder / "models").mkdir()
    (folder / "models" / "bundle").symlink_to(bundle_folder)
    shutil.copy(public_key_file(bundle_folder), folder / "models" / "publisher.pub.json")
    with review_desk.room.store.transaction() as transaction:
        people = People(transaction, review_desk.room.vault)
        people.put(person(), [])
        people.assign("unit-a", person_ids=["p-1"])
    offer = ReferenceOffer(kind=OfferKind.FIRST, evidence_id="face", samples=5, least_agreement=0.8)
    made = msgspec.structs.replace(
        record("unit-a", ChainHead()), offer=offer, consents=Consents(match_on_unit=True, send_photo=True)
    )
    sha256 = taken(review_desk, made, face=(EvidenceKind.FACE_PHOTO, (portraits / "obama.jpg").read_bytes()))
    take = f"/reviews/{sha256}/reference"
    assert review_desk.post("rev-1", take)[0] == 404, "nobody has found yet that it is the person"
    decided = {"choice": "certified", "reason": "like the card"}
    assert review_desk.post("rev-1", f"/reviews/{sha256}/decision", **decided)[0] == 303
    assert review_desk.post("aud-1", take)[0] in (403, 404)
    for _ in range(2):
        assert review_desk.post("rev-1", take)[0] == 303
    with review_desk.room.store.transaction() as transaction:
        (reference,) = People(transaction, review_desk.room.vault).references("p-1")
    assert len(reference.embedding) == 512 and "reference_taken" in logged(review_desk, sha256)
    lists = [c for c in sent_down(review_desk, private) if isinstance(c, VisitListChange)]
    assert [r.sha256 for r in lists[-1].put[0].references] == [reference.sha256]
