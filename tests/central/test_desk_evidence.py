"""Pictures of a visit at the desk: opened with central's key by those who may, and every opening noted."""

from __future__ import annotations

import msgspec
import pytest

from central.config import load_config
from central.evidence import EvidenceIntake
from central.keys import evidence_key
from central.receipts import load_issuer
from central.rows.accounts import Accounts
from edge.core.chain import ChainHead
from edge.core.chunks import encode_chunk, split
from edge.core.envelope import digest
from edge.core.evidence import CHUNK_BYTES, EvidenceKind, evidence_info, make_manifest, sign_manifest
from edge.core.sealing import seal_to, sealing_keyid
from edge.core.visit import Consents
from tests.central.conftest import AT_UTC, CENTRAL, Desk, record
from tests.central.desks import ReviewDesk, open_desk

# The least that is a JPEG of 8×8: markers, a size, an end.
JPEG = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00" + b"\x11" * 20_000 + b"\xff\xd9"


@pytest.fixture
def review_desk(desk: Desk) -> ReviewDesk:
    return open_desk(desk)


def visit_with_evidence(review_desk: ReviewDesk, content: bytes = JPEG) -> str:
    """A record whose picture has come whole; gives its digest."""
    central = review_desk.central
    folder = central.folder / "central"
    consents = Consents(match_on_unit=True, send_photo=True)
    raw = central.sealed(msgspec.structs.replace(record("unit-a", ChainHead()), consents=consents))
    central.submit(raw)
    public_hex = evidence_key(folder, load_config(folder)).public_key().public_bytes_raw().hex()
    sealed = seal_to(public_hex, content, info=evidence_info("unit-a", "e-1"))
    manifest = make_manifest(
        sealed, evidence_id="e-1", unit_id="unit-a", record_sha256=digest(raw), kind=EvidenceKind.FACE_PHOTO,
        sealed_to=sealing_keyid(public_hex),
    )  # fmt: skip
    intake = EvidenceIntake(load_issuer(folder / "keys" / "receipt.pem", central_id=CENTRAL))
    pieces = [encode_chunk("e-1", number, chunk) for number, chunk in enumerate(split(sealed, CHUNK_BYTES))]
    with central.store.transaction() as transaction:
        for piece in (sign_manifest(manifest, central.signer), *pieces):
            remark, _ = intake.accept(transaction, "unit-a", piece, at_utc=AT_UTC)
            assert remark == ""
    return digest(raw)


def noted(review_desk: ReviewDesk, sha256: str) -> list[str]:
    with review_desk.room.store.transaction() as transaction:
        return [row["action"] for row in Accounts(transaction).logged(subject=sha256)]


def test_evidence_is_shown_on_request_and_every_opening_is_noted(review_desk: ReviewDesk) -> None:
    sha256 = visit_with_evidence(review_desk)
    client = review_desk.as_("rev-1")
    page = f"/reviews/{sha256}"
    assert "<img" not in client.get(page).text
    assert f'<img src="{page}/evidence/0"' in client.get(page + "?pictures").text
    assert client.get(page + "/evidence/0").content == JPEG
    assert client.get(page + "/evidence/1").status_code == 404
    assert noted(review_desk, sha256).count("evidence_opened") == 1


def test_nobody_without_a_session_gets_a_picture(review_desk: ReviewDesk) -> None:
    sha256 = visit_with_evidence(review_desk)
    assert review_desk.stranger().get(f"/reviews/{sha256}/evidence/0").status_code == 303
    assert "evidence_opened" not in noted(review_desk, sha256)


def test_what_is_no_picture_is_not_given_out(review_desk: ReviewDesk) -> None:
    sha256 = visit_with_evidence(review_desk, b"<html><script>alert(1)</script></html>")
    answer = review_desk.as_("rev-1").get(f"/reviews/{sha256}/evidence/0")
    assert answer.status_code == 400
    assert "alert(1)" not in answer.text


def test_stolen_database_does_not_open_evidence(review_desk: ReviewDesk) -> None:
    visit_with_evidence(review_desk)
    review_desk.central.store.close()
    if review_desk.central.database.startswith("sqlite"):
        folder = review_desk.central.folder / "central"
        assert not any(b"\x11" * 64 in path.read_bytes() for path in folder.glob("central.sqlite3*"))
