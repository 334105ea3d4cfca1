"""SQL and HTML in every field that somebody else fills: kept to the byte or refused, and only ever text on a page."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import msgspec
import pytest

from central.list_import import ListImport
from central.rows.people import People
from central.status import Said, hear_status
from edge.core.chain import ChainHead
from edge.core.envelope import VISIT_TYPE, digest, seal
from edge.core.protocol import LinkState, UnitStatus
from edge.core.receipt import Verdict
from edge.core.record import CueFinding, FaceFindings, Score, VisitRecord
from edge.core.visit import ConsentGiver, Consents, Guardian, OfferKind, ReferenceOffer, Relation, Witness
from tests.central.conftest import AT_UTC, Desk, record
from tests.central.desks import ReviewDesk, give_keys, open_desk
from tests.central.lists import HEADER, number

NASTY = "'--<script>alert(1)</script>\"{{7*7}}%s"
PATHS = ("/", "/units", "/reports?by=village", "/reports?by=worker", "/reports?by=unit", "/reports.csv?by=worker")


def full_record() -> VisitRecord:
    """A record with something in every part of it, so that every field is there to be filled."""
    made = record("unit-a", ChainHead())
    assert made.attestation is not None
    score = Score(value=0.5, review=0.4, accept=0.6)
    cue = CueFinding(mode="shadow", score=None, confidence=0.0, not_assessable="too_dark", details={"light": 1.0})
    face = FaceFindings(
        frames_seen=1, frames_used=1, people_seen=1, ambiguous=False, comparison=score, liveness=score,
        continuity=score, roll_deg=1.0, quality={"blur": 1.0}, reference_count=1, reference_verified=True,
        reference_sha256=("ab" * 32,), embedding_model_sha256="cd" * 32, cues={"texture": cue},
    )  # fmt: skip
    attested = msgspec.structs.replace(
        made.attestation, document_kinds=("id_card",), document_photos={"id_card": "e-1"},
        witness=Witness(relation=Relation.CHILD, commitment="ef" * 32),
    )  # fmt: skip
    guardian = Guardian(relation=Relation.CHILD, commitment="ab" * 32)
    consents = Consents(match_on_unit=True, given_by=ConsentGiver.GUARDIAN, guardian=guardian)
    offer = ReferenceOffer(kind=OfferKind.FIRST, evidence_id="e-1", samples=3, least_agreement=0.9)
    return msgspec.structs.replace(made, face=face, attestation=attested, consents=consents, offer=offer)


def texts(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Where texts stand in plain values: the path to each."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if isinstance(child, str):
            yield (*path, key)
        yield from texts(child, (*path, key))


def filled(plain: dict[str, object], path: tuple[object, ...]) -> dict[str, object]:
    """The same with NASTY at `path`."""
    made = copy.deepcopy(plain)
    place = made
    for key in path[:-1]:
        place = place[key]  # type: ignore[index, assignment]
    place[path[-1]] = NASTY  # type: ignore[index]
    return made


def send_every_field(desk: Desk) -> tuple[list[str], int]:
    """One record for each text field, in one chain; gives the digests of those taken, and how many were sent."""
    plain = msgspec.to_builtins(full_record())
    taken: list[str] = []
    paths = list(texts(plain))
    for path in paths:
        number_ = {"sequence": len(taken) + 1, "record_id": f"r-{len(taken) + 1}"}
        made = filled({**plain, **number_, "previous_sha256": taken[-1] if taken else ChainHead().sha256}, path)
        raw = seal(msgspec.json.encode(made, order="deterministic"), VISIT_TYPE, [desk.signer])
        item = desk.said(raw)
        if item.verdict is Verdict.STORED:
            taken.append(digest(raw))
            assert desk.rows("records")[-1]["envelope"] == raw, path
        else:
            assert item.reason, path
    return taken, len(paths)


def test_attack_sql_and_html_in_every_field_of_a_record_reaches_every_page_as_text(desk: Desk) -> None:
    taken, sent = send_every_field(desk)
    assert sent > 35 and len(taken) > 15, "most fields are free text, and were filled"
    assert len(desk.rows("records")) == len(taken)
    client = open_desk(desk).as_("sup-1")
    shown = 0
    for path in (*PATHS, *(f"/reviews/{sha256}" for sha256 in taken)):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<script>" not in answer.text or path.startswith("/reports.csv"), path
        shown += "&lt;script&gt;" in answer.text
    assert shown > 5, "the texts were on the pages"


def test_attack_spreadsheet_formula_in_a_report_is_not_run(desk: Desk) -> None:
    made = record("unit-a", ChainHead())
    visit = msgspec.structs.replace(made.visit, person_serving="=cmd|'/c calc'!A1")
    assert desk.said(desk.sealed(msgspec.structs.replace(made, visit=visit))).verdict is Verdict.STORED
    rows = open_desk(desk).as_("sup-1").get("/reports.csv?by=worker").text.splitlines()
    assert rows[1].startswith("'=cmd")


def test_attack_sql_and_html_in_every_field_of_a_status_reaches_the_page_as_text(desk: Desk) -> None:
    whole = msgspec.to_builtins(UnitStatus(unit_id="unit-a", state=LinkState.ONLINE, software="s", head_sha256="a"))
    for path in sorted(texts(whole), key=lambda p: p == ("software",)):
        raw = msgspec.json.encode(filled(whole, path))
        with desk.store.transaction() as transaction:
            said = Said(unit_id="unit-a", raw=raw, retained=False, protocol=NASTY[:16])
            hear_status(transaction, [said], at_utc=AT_UTC)
    page = open_desk(desk).as_("sup-1").get("/units")
    assert page.status_code == 200 and "<script>" not in page.text and "&lt;script&gt;" in page.text


@pytest.mark.parametrize("column", HEADER.split(","))
def test_attack_sql_and_html_in_every_column_of_a_list_reaches_the_page_as_text(
    task: ListImport, desk: Desk, column: str
) -> None:
    row = dict(zip(HEADER.split(","), ["p-1", "code", number(1), "resident", "", "v-1", "2026-12-31"], strict=True))
    quoted = NASTY.replace('"', '""')
    raw = "\n".join([HEADER, ",".join(f'"{quoted}"' if c == column else v for c, v in row.items()), ""]).encode()
    review_desk: ReviewDesk = open_desk(desk)
    give_keys(review_desk)
    client = review_desk.as_("sup-1")
    sent = client.post(
        "/lists/import", data={"csrf": review_desk.csrf("sup-1")}, files={"list": ("list.csv", raw, "text/csv")}
    )
    assert sent.status_code in (200, 400) and "<script>" not in sent.text
    for path in ("/lists", "/log"):
        assert "<script>" not in client.get(path).text
    with desk.store.transaction() as transaction:
        people = list(People(transaction, task.vault).find())
    assert len(people) == (column in ("person_id", "name", "address_code"))
