"""When the next certification falls due, and what an outcome means for the payments, as the agency's policy says.

一年一次: a certified visit moves the due date on by the policy's months. Nothing else moves it: an outcome that a
person at central still decides leaves it where the list has it. 补认证: who is certified after the date, or while the
payments are suspended, is told in the policy's own words when they go on and what becomes of the arrears.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Collection
from enum import StrEnum

import msgspec

from edge.core.errors import InputError
from edge.core.visit import OutcomeKind

SUSPENDED = "suspended"
"""The fact of a visit list that says the payments have been stopped."""


class Standing(StrEnum):
    """How a person stands with the file on a day."""

    CURRENT = "current"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"


class CountedFrom(StrEnum):
    """What the months are added to. DUE_DATE: the day the last one fell due, where the visit came before it."""

    VISIT = "visit"
    DUE_DATE = "due_date"


class PaymentWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What now happens to the payments, by outcome. *_late: for people overdue or suspended. Empty: silence."""

    certified: str = ""
    certified_late: str = ""
    review: str = ""
    review_late: str = ""
    not_certified: str = ""
    not_performed: str = ""


class Renewal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`words`: by language (zh, en)."""

    months: int = 12
    counted_from: CountedFrom = CountedFrom.VISIT
    words: dict[str, PaymentWords] = {}


def standing(due_date: str, facts: Collection[str], *, today: str) -> Standing:
    """Dates are YYYY-MM-DD; `due_date` is empty where the list has none, which is CURRENT."""
    if SUSPENDED in facts:
        return Standing.SUSPENDED
    return Standing.OVERDUE if due_date and due_date < today else Standing.CURRENT


def next_due_date(kind: OutcomeKind, *, visited: str, due_date: str, renewal: Renewal) -> str:
    """The day by which the next certification is wanted, YYYY-MM-DD; empty where nobody knows.

    visited, due_date: YYYY-MM-DD, the latter as the list has it, empty where it has none. Raises InputError for
    a text that is no date.
    """
    if kind is not OutcomeKind.CERTIFIED:
        return due_date
    start = visited
    if renewal.counted_from is CountedFrom.DUE_DATE and due_date > visited:
        start = due_date
    return _months_later(start, renewal.months)


def payment_words(kind: OutcomeKind, stands: Standing, renewal: Renewal, language: str) -> str:
    """What the agency says of the payments in `language`; empty where its policy says nothing."""
    words = renewal.words.get(language, PaymentWords())
    late = getattr(words, f"{kind.value}_late", "") if stands is not Standing.CURRENT else ""
    return late or str(getattr(words, kind.value))


def _months_later(day: str, months: int) -> str:
    """The same day of a later month, or that month's last day."""
    try:
        start = dt.date.fromisoformat(day)
    except ValueError as e:
        raise InputError(f"{day!r} is no date (YYYY-MM-DD)") from e
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last)).isoformat()
