"""Policies for units: checked before they are sent, and the desk reckons the next due date by the one that is."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from central.cli import main
from central.desk.deciding import Choice
from central.policies import read_policy, renewal_of, send_policy
from central.rows.messages import messages_of, settle
from central.rows.people import People
from edge.core.chain import ChainHead
from edge.core.downward_content import Decision, PolicyFile
from edge.core.envelope import digest
from edge.core.errors import ConfigError
from edge.core.policy import decode_policy
from edge.core.renewal import Renewal
from edge.core.visit import PersonServed
from tests.central.conftest import AT_UTC, Desk, record
from tests.central.desks import ReviewDesk, give_keys, open_desk, sent_down
from tests.central.lists import csv_list, row

USUAL = (resources.files("edge.resources") / "policy.toml").read_text(encoding="utf-8")
HALF_YEARS = USUAL.replace("months = 12", "months = 6").replace(
    'counted_from = "visit"', 'counted_from = "due_date"'
)  # fmt: skip


@pytest.fixture
def review_desk(desk: Desk) -> ReviewDesk:
    return open_desk(desk)


def send(desk: ReviewDesk, text: str) -> None:
    with desk.room.store.transaction() as transaction:
        policy = read_policy(text.encode())
        assert send_policy(transaction, desk.room.downlink, policy, ["unit-a"], at_utc=AT_UTC) == []


def due_after_certifying(desk: ReviewDesk, private: object, begun_utc: str = "2026-03-02T01:00:00.000Z") -> str:
    made = record("unit-a", ChainHead())
    visit = msgspec.structs.replace(made.visit, person_served=PersonServed(person_id="p-1"), begun_utc=begun_utc)
    raw = desk.central.sealed(msgspec.structs.replace(made, visit=visit))
    desk.central.submit(raw)
    form = {"choice": Choice.CERTIFIED.value, "reason": "seen by two people"}
    assert desk.post("rev-1", f"/reviews/{digest(raw)}/decision", **form)[0] == 303
    decision = sent_down(desk, private)[-1]
    assert isinstance(decision, Decision)
    return decision.next_due_date


def test_policy_with_a_wrong_field_is_not_sent() -> None:
    with pytest.raises(ConfigError, match="months"):
        read_policy(USUAL.replace("months = 12", "months = 0").encode())


def test_rule_taken_for_usual_is_the_one_of_the_policy_that_units_come_with() -> None:
    rule = decode_policy(USUAL.encode()).renewal
    assert (rule.months, rule.counted_from) == (Renewal().months, Renewal().counted_from)


def test_next_due_date_goes_by_the_policy_that_the_unit_was_sent(review_desk: ReviewDesk, task) -> None:
    private = give_keys(review_desk)
    task.take("l.csv", csv_list(row(1)), at_utc=AT_UTC)
    with review_desk.room.store.transaction() as transaction:
        people = People(transaction, review_desk.room.vault)
        person = people.get("p-1")
        assert person is not None
        people.put(replace(person, due_date="2026-06-30"), [])
    send(review_desk, HALF_YEARS)
    assert due_after_certifying(review_desk, private) == "2026-12-30"


def test_visit_before_eight_in_the_morning_is_of_that_day(review_desk: ReviewDesk) -> None:
    private = give_keys(review_desk)
    assert due_after_certifying(review_desk, private, "2026-03-01T23:30:00.000Z") == "2027-03-02"


def test_policy_that_the_unit_refused_decides_nothing(review_desk: ReviewDesk) -> None:
    give_keys(review_desk)
    send(review_desk, HALF_YEARS)
    with review_desk.room.store.transaction() as transaction:
        (message,) = messages_of(transaction.connection, "unit-a")
        assert renewal_of(transaction, "unit-a").months == 6
        settle(transaction.connection, "unit-a", 1, message["sha256"], state="refused", at_utc=AT_UTC)
        assert renewal_of(transaction, "unit-a") == Renewal()


def test_policy_goes_down_whole(review_desk: ReviewDesk) -> None:
    private = give_keys(review_desk)
    send(review_desk, USUAL)
    (policy,) = sent_down(review_desk, private)
    assert isinstance(policy, PolicyFile) and policy.toml == USUAL.encode()


def test_command_names_units_that_cannot_be_told(review_desk: ReviewDesk, tmp_path: Path) -> None:
    file, folder = tmp_path / "p.toml", review_desk.room.folder
    file.write_text(USUAL, encoding="utf-8")

    def run(*options: str):
        return CliRunner().invoke(main, ["policy", "send", str(file), "--dir", str(folder), *options])

    assert run("--all").exit_code == 1, "the unit's keys are not known"
    give_keys(review_desk)
    assert "sent to 1 unit(s)" in run("--unit", "unit-a").output
    assert run("--unit", "unit-z").exit_code == 4
    assert run().exit_code == 2
