"""The person of the list, however name and number are written."""

from __future__ import annotations

import datetime as dt

import pytest

from edge.core.id_number import IdNumberError, check_character
from edge.core.identity import Part, different_part, found, groups, same_name
from edge.device.hanzi import simplify

TODAY = dt.date(2026, 1, 5)


def number(first17: str) -> str:
    return first17 + check_character(first17)


LISTED = number("11010119400101000")


FULL_WIDTH = str.maketrans("01234", "０１２３４")


@pytest.mark.parametrize(
    "typed", [LISTED, f" {LISTED[:6]} {LISTED[6:14]}-{LISTED[14:]} ", LISTED.translate(FULL_WIDTH)]
)
def test_number_matches_however_it_is_typed(typed: str) -> None:
    assert different_part(typed, LISTED, today=TODAY) is None


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        (number("11010219400101000"), Part.REGION),
        (number("11010119400102000"), Part.BIRTH),
        (number("11010119400101001"), Part.LAST),
    ],
)
def test_other_number_names_the_part_that_differs(typed: str, part: Part) -> None:
    assert different_part(typed, LISTED, today=TODAY) is part


def test_mistyped_number_is_no_other_person() -> None:
    wrong = LISTED[:16] + str((int(LISTED[16]) + 1) % 10) + LISTED[17]
    with pytest.raises(IdNumberError):
        different_part(wrong, LISTED, today=TODAY)


@pytest.mark.parametrize(
    ("card", "listed"), [("甲 國葉", "甲国叶"), ("演示·甲", "演示甲"), ("演示　甲", "演示甲"), ("ＡＢ", "ab")]
)
def test_name_matches_traditional_dotted_and_spaced(card: str, listed: str) -> None:
    assert same_name(card, listed, simplify)
    assert not same_name(card, listed + "二", simplify)


def test_search_needs_every_word_in_some_field() -> None:
    fields = ("演示國", LISTED, "110101001001")
    assert found("国", fields, simplify) and found("", fields, simplify)
    assert found("國 1940", fields, simplify)
    assert not found("国 1941", fields, simplify)


def test_number_is_read_back_in_groups() -> None:
    assert groups(LISTED) == f"110101 1940 0101 000{LISTED[-1]}"
