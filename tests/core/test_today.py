"""The visit list in the order in which it is worked off."""

from __future__ import annotations

from edge.core.downward_content import Decision
from edge.core.session import Person
from edge.core.today import LastVisit, Place, todays_list
from edge.core.visit import OutcomeKind, Scheme

TODAY = "2026-06-10"


def person(number: int, due: str = "2026-07-01", *facts: str) -> Person:
    return Person(
        person_id=f"p-{number}", name="甲", id_number="", scheme=Scheme.RESIDENT, listed=True, due_date=due,
        facts=facts,
    )  # fmt: skip


def place(of: Person, last: LastVisit | None = None, task: Decision | None = None) -> Place:
    visits = {of.person_id: last} if last else {}
    (row,) = todays_list([of], visits, [task] if task else [], today=TODAY)
    return row.place


def visited(outcome: OutcomeKind, date: str = "2026-03-01", record_id: str = "r-1") -> LastVisit:
    return LastVisit(date=date, outcome=outcome, record_id=record_id)


def decided(decision: str) -> Decision:
    return Decision(
        decision_id="d", record_sha256="0" * 64, record_id="r-1", person_id="p-1", decision=decision,
        reason="照片不清", decided_utc="2026-03-02T00:00:00Z", task="请再次上门",
    )  # fmt: skip


def test_overdue_and_suspended_stand_before_the_due_and_the_done_last() -> None:
    people = [person(1), person(2, "2026-01-01"), person(3, "2026-08-01", "suspended"), person(4)]
    rows = todays_list(people, {"p-1": visited(OutcomeKind.CERTIFIED)}, [], today=TODAY)
    assert [r.place for r in rows] == [Place.SUSPENDED, Place.OVERDUE, Place.DUE, Place.DONE]


def test_certified_last_year_is_due_again_this_year() -> None:
    assert place(person(1), visited(OutcomeKind.CERTIFIED, "2025-12-30")) is Place.DUE


def test_facts_of_the_list_are_seen_before_knocking() -> None:
    assert place(person(1, "2026-01-01", "certified_elsewhere")) is Place.CERTIFIED_ELSEWHERE
    assert place(person(1, "2026-01-01", "deceased_reported")) is Place.DECEASED_REPORTED


def test_review_waits_until_the_desk_has_decided() -> None:
    waiting = visited(OutcomeKind.REVIEW)
    assert place(person(1), waiting) is Place.IN_REVIEW
    assert place(person(1), waiting, decided("certified")) is Place.DONE
    assert place(person(1), waiting, decided("visit_again")) is Place.CAME_BACK


def test_visit_after_the_decision_ends_its_task() -> None:
    again = visited(OutcomeKind.CERTIFIED, "2026-04-01", "r-2")
    assert place(person(1), again, decided("visit_again")) is Place.DONE


def test_visit_not_performed_leaves_the_person_due() -> None:
    assert place(person(1), visited(OutcomeKind.NOT_PERFORMED)) is Place.DUE
