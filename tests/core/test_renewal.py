"""The next due date, and what is said of the payments, must follow the agency's policy and the list."""

from __future__ import annotations

import pytest

from edge.core.errors import InputError
from edge.core.policy import decode_policy
from edge.core.renewal import CountedFrom, PaymentWords, Renewal, Standing, next_due_date, payment_words, standing
from edge.core.visit import OutcomeKind
from tools.evaluate.rig import RESOURCES

YEARLY = Renewal()
FROM_DUE = Renewal(counted_from=CountedFrom.DUE_DATE)


@pytest.mark.parametrize(
    ("visited", "due", "renewal", "wanted"),
    [
        ("2026-05-10", "2026-06-30", YEARLY, "2027-05-10"),
        ("2026-05-10", "2026-06-30", FROM_DUE, "2027-06-30"),
        ("2026-08-01", "2026-06-30", FROM_DUE, "2027-08-01"),  # late: nobody is put a year back
        ("2028-02-29", "", YEARLY, "2029-02-28"),
        ("2026-12-31", "", Renewal(months=6), "2027-06-30"),
    ],
)
def test_certified_visit_moves_the_due_date_on(visited: str, due: str, renewal: Renewal, wanted: str) -> None:
    assert next_due_date(OutcomeKind.CERTIFIED, visited=visited, due_date=due, renewal=renewal) == wanted


@pytest.mark.parametrize("kind", [k for k in OutcomeKind if k is not OutcomeKind.CERTIFIED])
def test_nothing_but_a_certified_visit_moves_it(kind: OutcomeKind) -> None:
    assert next_due_date(kind, visited="2026-05-10", due_date="2026-06-30", renewal=YEARLY) == "2026-06-30"
    assert next_due_date(kind, visited="2026-05-10", due_date="", renewal=YEARLY) == ""


def test_a_text_that_is_no_date_is_named() -> None:
    with pytest.raises(InputError, match="soon"):
        next_due_date(OutcomeKind.CERTIFIED, visited="soon", due_date="", renewal=YEARLY)


def test_suspended_weighs_more_than_the_date_and_the_day_itself_is_in_time() -> None:
    assert standing("2026-06-30", ("suspended",), today="2026-01-01") is Standing.SUSPENDED
    assert standing("2026-06-30", (), today="2026-06-30") is Standing.CURRENT
    assert standing("2026-06-30", (), today="2026-07-01") is Standing.OVERDUE
    assert standing("", (), today="2026-07-01") is Standing.CURRENT


def test_late_words_are_for_late_people_and_silence_stays_silence() -> None:
    renewal = Renewal(words={"zh": PaymentWords(certified="照常", certified_late="补发", review="审核")})
    assert payment_words(OutcomeKind.CERTIFIED, Standing.CURRENT, renewal, "zh") == "照常"
    assert payment_words(OutcomeKind.CERTIFIED, Standing.SUSPENDED, renewal, "zh") == "补发"
    assert payment_words(OutcomeKind.REVIEW, Standing.OVERDUE, renewal, "zh") == "审核"
    assert payment_words(OutcomeKind.CERTIFIED, Standing.CURRENT, renewal, "en") == ""


@pytest.mark.parametrize("name", ["policy.toml", "policy-strict.toml"])
def test_shipped_policies_say_what_happens_in_both_languages(name: str) -> None:
    renewal = decode_policy((RESOURCES / name).read_bytes()).renewal
    for language in ("zh", "en"):
        for kind in (OutcomeKind.CERTIFIED, OutcomeKind.REVIEW, OutcomeKind.NOT_PERFORMED):
            assert payment_words(kind, Standing.SUSPENDED, renewal, language)
    assert "补" in payment_words(OutcomeKind.CERTIFIED, Standing.OVERDUE, renewal, "zh")
