"""The visit list: wrong rows are named by line and reason, right ones are taken."""

import datetime as dt

import pytest

from edge.core.errors import InputError
from edge.core.id_number import check_character
from edge.core.visit import Scheme
from edge.core.visit_list import find, read_list

TODAY = dt.date(2026, 11, 21)
NUMBER = "11010119400101001" + check_character("11010119400101001")
HEADER = "person_id,name,id_number,scheme,reference,employer,due_date,facts\n"
RIGHT = f"p-1,甲,{NUMBER},resident,a.jpg;b.jpg,,2026-12-31,suspended\n"


def test_right_row_is_read_whole() -> None:
    entries, wrong = read_list("\ufeff" + HEADER + RIGHT, today=TODAY)
    assert not wrong
    entry = find(entries, "p-1")
    assert entry.references == ("a.jpg", "b.jpg") and entry.scheme is Scheme.RESIDENT
    assert entry.facts == ("suspended",)


def test_record_never_carries_name_or_number() -> None:
    (entry,), _ = read_list(HEADER + RIGHT, today=TODAY)
    served = repr(entry.served())
    assert NUMBER not in served and "甲" not in served and NUMBER[6:14] not in served


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (RIGHT.replace(NUMBER, "1" + NUMBER[1:-1] + "5"), "check character|digits|province"),
        (RIGHT.replace("resident", "village"), "scheme"),
        (RIGHT.replace("2026-12-31", "31.12.2026"), "due_date"),
        (RIGHT.replace("p-1", ""), "empty"),
        (RIGHT.replace("甲", " "), "empty"),
        ("p-1\n", "empty"),
        (RIGHT, "twice"),
    ],
)
def test_wrong_row_is_named_and_does_not_take_the_others_along(row: str, reason: str) -> None:
    entries, wrong = read_list(HEADER + RIGHT + row + RIGHT.replace("p-1", "p-9"), today=TODAY)
    assert [e.person_id for e in entries] == ["p-1", "p-9"]
    assert [w.line for w in wrong] == [3]
    import re

    assert re.search(reason, wrong[0].reason)


def test_missing_column_says_which() -> None:
    with pytest.raises(InputError, match="id_number"):
        read_list("person_id,name,scheme,reference\n", today=TODAY)


def test_unknown_person_is_refused_in_plain_words() -> None:
    with pytest.raises(InputError, match="查无此人"):
        find([], "p-1")
