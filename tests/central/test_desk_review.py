"""Reviews at the desk: who may decide what, what goes down to the unit, and that every opening is noted."""

from __future__ import annotations

import re

import msgspec
import pytest

from central.desk.deciding import send_waiting
from central.rows.accounts import Accounts
from central.rows.reviews import Reviews
from edge.core.chain import ChainHead
from edge.core.downward_content import Decision
from edge.core.envelope import digest
from edge.core.visit import PersonServed, Place
from tests.central.conftest import AT_UTC, Desk, record
from tests.central.desks import ReviewDesk, give_keys, open_desk, sent_down
from tests.central.lists import csv_list, row


@pytest.fixture
def review_desk(desk: Desk) -> ReviewDesk:
    return open_desk(desk)


@pytest.fixture
def sha256(review_desk: ReviewDesk) -> str:
    """A record that waits for review."""
    (raw,) = review_desk.central.chain(1)
    review_desk.central.submit(raw)
    return digest(raw)


def state(review_desk: ReviewDesk, sha256: str) -> tuple[str | None, str | None]:
    with review_desk.room.store.transaction() as transaction:
        found = Reviews(transaction).get(sha256)
    assert found
    return found["state"], found["decision"]


def decide(review_desk: ReviewDesk, name: str, sha256: str, choice: str, reason: str = "seen by two people") -> int:
    return review_desk.post(name, f"/reviews/{sha256}/decision", choice=choice, reason=reason)[0]


def second(review_desk: ReviewDesk, name: str, sha256: str, word: str = "agree") -> int:
    return review_desk.post(name, f"/reviews/{sha256}/second", word=word)[0]


def test_what_waits_is_shown_with_its_reasons_and_gone_when_decided(review_desk: ReviewDesk, sha256: str) -> None:
    queue = review_desk.as_("rev-1").get("/").text
    assert sha256 in queue
    assert "人工见证认证" in queue
    assert decide(review_desk, "rev-1", sha256, "certified") == 303
    assert sha256 not in review_desk.as_("rev-1").get("/").text
    assert state(review_desk, sha256) == ("decided", "certified")


def test_decision_needs_a_reason(review_desk: ReviewDesk, sha256: str) -> None:
    for reason in ("", "ok", " " * 20, "x" * 501):
        assert decide(review_desk, "rev-1", sha256, "certified", reason) == 409
    assert decide(review_desk, "rev-1", sha256, "paid", "long enough") == 400
    assert state(review_desk, sha256) == (None, None)


def test_refusal_needs_a_second_person(review_desk: ReviewDesk, sha256: str) -> None:
    assert decide(review_desk, "rev-1", sha256, "not_certified") == 303
    assert state(review_desk, sha256) == ("proposed", "not_certified")
    assert second(review_desk, "rev-1", sha256) == 409, "not the same person"
    assert second(review_desk, "aud-1", sha256) == 403
    assert second(review_desk, "rev-2", sha256) == 303
    assert state(review_desk, sha256) == ("decided", "not_certified")


def test_refusal_sent_back_waits_again(review_desk: ReviewDesk, sha256: str) -> None:
    decide(review_desk, "rev-1", sha256, "not_certified")
    assert second(review_desk, "rev-2", sha256, "back") == 303
    assert state(review_desk, sha256)[0] == "waiting"
    assert decide(review_desk, "rev-2", sha256, "visit_again") == 303


def test_what_is_decided_stays_decided(review_desk: ReviewDesk, sha256: str) -> None:
    decide(review_desk, "rev-1", sha256, "certified")
    assert decide(review_desk, "rev-2", sha256, "not_certified") == 409
    assert second(review_desk, "rev-2", sha256) == 409
    assert state(review_desk, sha256) == ("decided", "certified")


def test_decision_goes_down_as_a_task_to_the_unit_that_made_the_visit(review_desk: ReviewDesk, sha256: str) -> None:
    private = give_keys(review_desk)
    decide(review_desk, "rev-1", sha256, "visit_again")
    (decision,) = sent_down(review_desk, private)
    assert isinstance(decision, Decision)
    assert (decision.record_sha256, decision.decision, decision.task) == (sha256, "visit_again", "visit_again")


def test_certified_by_the_desk_says_when_the_next_one_is_due(review_desk: ReviewDesk, sha256: str) -> None:
    private = give_keys(review_desk)
    decide(review_desk, "rev-1", sha256, "certified")
    (decision,) = sent_down(review_desk, private)
    assert isinstance(decision, Decision)
    assert decision.next_due_date == "2027-03-02", "a year after the visit"


def test_decision_made_before_the_units_keys_were_known_goes_down_later_and_once(
    review_desk: ReviewDesk, sha256: str
) -> None:
    decide(review_desk, "rev-1", sha256, "certified")
    room = review_desk.room

    def send() -> int:
        with room.store.transaction() as transaction:
            return send_waiting(transaction, room.downlink, at_utc=AT_UTC)

    assert send() == 0
    private = give_keys(review_desk)
    assert [send(), send()] == [1, 0]
    assert len(sent_down(review_desk, private)) == 1


def test_record_that_is_not_there_or_does_not_wait_is_not_decided(review_desk: ReviewDesk) -> None:
    assert decide(review_desk, "rev-1", "0" * 64, "certified") == 404
    assert review_desk.as_("rev-1").get("/reviews/" + "0" * 64).status_code == 404


def test_every_opening_is_noted(review_desk: ReviewDesk, sha256: str) -> None:
    review_desk.as_("rev-1").get(f"/reviews/{sha256}")
    decide(review_desk, "rev-2", sha256, "certified")
    with review_desk.room.store.transaction() as transaction:
        noted = [(r["username"], r["action"]) for r in Accounts(transaction).logged(subject=sha256)]
    assert noted == [("rev-2", "decided"), ("rev-1", "review_opened")]


def test_markup_and_formulas_from_a_unit_are_only_text(review_desk: ReviewDesk) -> None:
    central = review_desk.central
    nasty = "<img src=x onerror=alert(1)>"
    made = record("unit-a", ChainHead())
    visit = msgspec.structs.replace(
        made.visit,
        person_served=PersonServed(person_id=nasty),
        place=Place(address_code="=cmd|' /c calc'!A1"),
        person_serving=nasty,
    )
    raw = central.sealed(msgspec.structs.replace(made, visit=visit))
    central.submit(raw)
    for path in ("/", f"/reviews/{digest(raw)}", "/units", "/reports?by=worker", "/reports.csv?by=worker"):
        answer = review_desk.as_("rev-1").get(path)
        assert answer.status_code == 200
        assert "html" not in answer.headers["content-type"] or "<img src=x" not in answer.text
    assert "'=cmd" in review_desk.as_("rev-1").get("/reports.csv?by=village").text


def test_history_is_asked_for_by_form_and_stands_in_no_address(review_desk: ReviewDesk, sha256: str) -> None:
    status, shown = review_desk.post("aud-1", "/people", person_id="p-1")
    assert (status, sha256 in shown) == (200, True)
    assert not re.search(r"\bp-1\b", review_desk.as_("aud-1").get("/log").text)


@pytest.mark.parametrize("by", ["village", "scheme", "worker", "unit", "outcome"])
def test_reports_count_by_each_group(review_desk: ReviewDesk, sha256: str, by: str) -> None:
    decide(review_desk, "rev-1", sha256, "certified")
    lines = review_desk.as_("aud-1").get(f"/reports.csv?by={by}").text.splitlines()
    assert lines[1].endswith("review,1,1")
    assert review_desk.as_("aud-1").get(f"/reports?by={by}").status_code == 200


def test_units_show_gaps_alarms_and_clock(review_desk: ReviewDesk) -> None:
    central = review_desk.central
    raws = central.chain(4)
    central.submit(raws[0], raws[3])
    central.submit(central.sealed(record("unit-a", ChainHead(sequence=4, sha256="f" * 64))))
    shown = review_desk.as_("aud-1").get("/units").text
    assert "2–3" in shown
    assert "记录链分叉" in shown


def test_list_with_wrong_rows_is_imported_and_assigned_at_the_desk(review_desk: ReviewDesk) -> None:
    wrong = [row(2, scheme="none"), row(3, reference="gone.jpg"), "p-4,,,,,,", row(1), "p-6,x,123,resident,,,"]
    files = {"list": ("list.csv", csv_list(row(1), *wrong))}
    data = {"csrf": review_desk.csrf("sup-1")}
    answer = review_desk.as_("sup-1").post("/lists/import", data=data, files=files)
    assert answer.status_code == 200
    assert answer.text.count("<tr><td>") == 5
    assert "code-" not in answer.text
    status, page = review_desk.post("sup-1", "/lists/assign", unit="unit-a", village="village-1")
    assert status == 200
    assert "unit-a" in page


def test_english_is_one_step_away(review_desk: ReviewDesk) -> None:
    client = review_desk.as_("rev-1")
    assert "待审核" in client.get("/").text
    client.get("/language/en")
    assert "Nothing waits for review." in client.get("/").text
