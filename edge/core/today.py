"""The visit list as the worker sees it today: who is due, and who need not be visited.

Rules: what central sent back stands first, then the suspended and the overdue, then by due date; who is certified for
this year, here or elsewhere, or waits for a review, stands last; who is reported deceased keeps a place, because
somebody has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.core.downward_content import Decision
from edge.core.renewal import SUSPENDED
from edge.core.session import Person
from edge.core.visit import OutcomeKind


class Place(StrEnum):
    """How a person stands on today's list, in the order in which they are shown."""

    CAME_BACK = "came_back"
    SUSPENDED = "suspended"
    OVERDUE = "overdue"
    DUE = "due"
    DECEASED_REPORTED = "deceased_reported"
    IN_REVIEW = "in_review"
    CERTIFIED_ELSEWHERE = "certified_elsewhere"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list. note: what the review desk asks for, where it sent the person back."""

    person: Person
    place: Place
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastVisit:
    """This unit's latest visit to a person. date: YYYY-MM-DD."""

    date: str
    outcome: OutcomeKind
    record_id: str


def todays_list(
    people: Iterable[Person], visits: Mapping[str, LastVisit], tasks: Iterable[Decision], *, today: str
) -> list[Row]:
    """All rows in order. visits: by person_id. tasks: decisions of the review desk, the latest last."""
    decided = {task.person_id: task for task in tasks}
    rows = [_row(person, visits.get(person.person_id), decided.get(person.person_id), today) for person in people]
    order = list(Place)
    return sorted(rows, key=lambda r: (order.index(r.place), r.person.due_date or "9999", r.person.person_id))


def _row(person: Person, last: LastVisit | None, task: Decision | None, today: str) -> Row:
    if task is not None and last is not None and last.record_id != task.record_id:
        task = None  # visited again since the desk decided
    if task is not None and task.decision != OutcomeKind.CERTIFIED.value:
        return Row(person=person, place=Place.CAME_BACK, note=task.task or task.reason)
    certified = task is not None or (last is not None and last.outcome is OutcomeKind.CERTIFIED)
    this_year = last is not None and last.date[:4] == today[:4]
    if certified and this_year:
        return Row(person=person, place=Place.DONE)
    if this_year and last is not None and last.outcome is OutcomeKind.REVIEW:
        return Row(person=person, place=Place.IN_REVIEW)
    for fact in (Place.CERTIFIED_ELSEWHERE, Place.DECEASED_REPORTED):
        if fact.value in person.facts:
            return Row(person=person, place=fact)
    if SUSPENDED in person.facts:
        return Row(person=person, place=Place.SUSPENDED)
    overdue = bool(person.due_date) and person.due_date < today
    return Row(person=person, place=Place.OVERDUE if overdue else Place.DUE)
