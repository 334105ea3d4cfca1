"""`doorstep worker` and a visit signed by PIN, as people use them: the real commands on a real unit's folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.cli.main import main
from edge.core.keys import decode_public_key
from edge.core.worker_enrolment import open_enrolment
from edge.wiring.unit import open_unit_readonly
from tests.samples import opened

PIN, WITNESS_PIN, WRONG = "280617", "847263", "590284"
Say = Callable[..., Result]


@pytest.fixture
def say(root: Path) -> Say:
    """Runs `doorstep … --unit` with lines of standard input."""

    def run(*words: object, lines: str = "", code: int | None = 0) -> Result:
        found = CliRunner().invoke(
            main, [*(str(w) for w in words), "--unit", str(root)], input=lines, catch_exceptions=False
        )
        assert code is None or found.exit_code == code, found.output
        return found

    return run


@pytest.fixture
def staffed(say: Say) -> Say:
    say("worker", "add", "w-1", lines=f"{PIN}\n")
    say("worker", "add", "w-2", "--name", "Witness", lines=f"{WITNESS_PIN}\n")
    return say


ATTEST = ("visit", "--person-id", "p-1", "--worker", "w-1", "--attest", "--witness", "w-2", "--recognised-how",
          "id card", "--document", "id_card", "--why", "refused_face", "--json")  # fmt: skip


def test_worker_and_witness_sign_a_visit_with_their_pins_and_it_verifies(staffed: Say, root: Path) -> None:
    staffed(*ATTEST, lines=f"{PIN}\n{WITNESS_PIN}\n")
    with open_unit_readonly(root) as unit:
        (stored,) = unit.store.records()
    assert [c.worker_id for c in opened(stored).cosigners] == ["w-1", "w-2"]
    report = json.loads(staffed("verify", "--json").output)
    assert report["verdict"] == "verifies"
    assert {s["name"]: s["state"] for s in report["records"][0]["steps"]}["workers"] == "passed"


def test_without_the_workers_key_a_verifier_says_so_and_accuses_nobody(staffed: Say, root: Path) -> None:
    staffed(*ATTEST, lines=f"{PIN}\n{WITNESS_PIN}\n")
    report = json.loads(staffed("verify", "--key", root / "keys/record.pub.json", "--json", code=3).output)
    assert "workers" in report["why"]


@pytest.mark.parametrize("lines", ["", f"{WRONG}\n", f"{PIN}\n{WRONG}\n", f"{PIN}\n"])
def test_a_visit_without_its_pins_stores_nothing(staffed: Say, root: Path, lines: str) -> None:
    staffed(*ATTEST, lines=lines, code=4)
    with open_unit_readonly(root) as unit:
        assert unit.store.head().sequence == 0


def test_a_unit_with_workers_takes_no_visit_of_somebody_else(staffed: Say) -> None:
    found = staffed(*ATTEST[:4], "w-9", *ATTEST[5:], lines=f"{PIN}\n", code=4)
    assert "w-9" in found.output


def test_a_unit_without_workers_signs_alone_as_before(say: Say, root: Path) -> None:
    say(*ATTEST)
    with open_unit_readonly(root) as unit:
        (stored,) = unit.store.records()
    assert opened(stored).cosigners == ()


def test_pin_is_no_argument_of_any_command(say: Say) -> None:
    for words in (("worker", "add", "w-1", "--pin", PIN), ("visit", "--pin", PIN), ("worker", "pin", "w-1", PIN)):
        say(*words, code=2)


def test_lock_is_shown_and_a_technicians_code_ends_it_with_commands_alone(staffed: Say, root: Path) -> None:
    for _ in range(3):
        staffed(*ATTEST, lines=f"{WRONG}\n", code=4)
    refused = json.loads(staffed(*ATTEST, lines=f"{PIN}\n", code=4).output)
    assert refused["error"]["kind"] == "PinLocked"
    listed = {w["worker_id"]: w for w in json.loads(staffed("worker", "list", "--json").output)}
    assert (listed["w-1"]["locked"], listed["w-2"]["locked"]) == (True, False)
    asked = json.loads(staffed("worker", "unlock", "w-1", "--json").output)
    bag = root.parent / "technician"
    plain = CliRunner()
    assert plain.invoke(main, ["worker", "technician", str(bag), "--name", "t-1", "--demo"]).exit_code == 0
    words = ["worker", "code", "--key", str(bag), "--unit-id", asked["unit_id"], "--worker-id", "w-1"]
    code = plain.invoke(main, [*words, "--challenge", asked["challenge"]]).output.strip()
    assert "trusts no technician" in staffed("worker", "unlock", "w-1", "--code", code, code=3).output
    staffed("unit", "trust", bag / "technician.pub.json")
    staffed("worker", "unlock", "w-1", "--code", "AAAA" + code[4:], code=1)
    staffed("worker", "unlock", "w-1", "--code", code)
    staffed(*ATTEST, lines=f"{PIN}\n{WITNESS_PIN}\n")


def test_enrolment_is_signed_by_unit_and_worker_and_made_anew_with_the_key(staffed: Say, root: Path) -> None:
    unit_key = decode_public_key((root / "keys/record.pub.json").read_bytes())
    first = open_enrolment(staffed("worker", "show", "w-1").output.encode(), unit_key)
    staffed("worker", "add", "w-1", "--renew", lines="736251\n")
    second = open_enrolment(staffed("worker", "show", "w-1").output.encode(), unit_key)
    assert first.key.owner == second.key.owner == "w-1" and first.key.keyid != second.key.keyid
    staffed("worker", "pin", "w-1", lines="736251\n280617\n")
    staffed("worker", "remove", "w-1")
    assert "w-1" not in staffed("worker", "list").output
