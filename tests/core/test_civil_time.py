"""A day as people at the bedside count it."""

from __future__ import annotations

import pytest

from edge.core.civil_time import civil_date, civil_minute


def test_visit_at_seven_in_the_morning_is_of_that_day() -> None:
    assert civil_date("2026-11-21T23:00:00.000Z") == "2026-11-22"
    assert civil_date("2026-11-21T15:59:59.999Z") == "2026-11-21"


def test_moment_is_told_by_the_clock_on_the_wall() -> None:
    assert civil_minute("2026-12-31T16:30:00Z") == "2027-01-01 00:30"
    assert civil_minute("2026-12-31T16:30:00") == "2027-01-01 00:30"


@pytest.mark.parametrize("text", ["", "yesterday", "<b>"])
def test_what_is_no_moment_is_shown_as_nothing_and_is_no_day(text: str) -> None:
    assert civil_minute(text) == ""
    with pytest.raises(ValueError):
        civil_date(text)
