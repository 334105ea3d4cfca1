"""Numbers read off a card: only a whole line that is a valid number, and only when there is one."""

from __future__ import annotations

import datetime as dt

import pytest

from edge.core.id_number import check_character
from edge.core.id_reading import number_in

TODAY = dt.date(2026, 1, 5)


def number(first17: str) -> str:
    return first17 + check_character(first17)


ONE, OTHER = number("11010119400101002"), number("43010219350303001")


@pytest.mark.parametrize(
    "text", [ONE, f"1940 1 1\n\n{ONE}\n88", f"{ONE[:6]} {ONE[6:14]} {ONE[14:]}", f"{ONE}\n{ONE}"]
)
def test_the_number_among_other_lines_is_read(text: str) -> None:
    assert number_in(text, today=TODAY) == ONE


@pytest.mark.parametrize(
    "text",
    ["", "no digits", ONE[:-1], "7" + ONE, ONE + "3", ONE[:16] + "99", f"{ONE}\n{OTHER}", ONE[:9] + "\n" + ONE[9:]],
)
def test_what_could_be_another_number_is_none(text: str) -> None:
    assert number_in(text, today=TODAY) is None
