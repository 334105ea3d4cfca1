"""`doorstep-central` as a technician meets it: what it prints, and how it ends."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central.cli import main
from edge.core.keys import KeyPurpose
from edge.services.keep import keep_visit
from edge.wiring.unit import found_unit
from tools.faults.scene import draft


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def central(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "c", "--id", "central-x", "--simulated").exit_code == 0
    return tmp_path / "c"


@pytest.fixture
def envelopes(tmp_path: Path, central: Path) -> Path:
    """Three records of unit-x, which is registered, one a line under an export's first line."""
    with found_unit(tmp_path / "u", "unit-x", KeyPurpose.DEMONSTRATION) as unit:
        for n in range(3):
            record = draft("unit-x", f"r{n}")
            keep_visit(record, store=unit.store, signer=unit.record_key, clock=unit.clock)
        lines = [b'{"format":"doorstep.export/1"}', *(r.envelope for r in unit.store.records())]
    key = tmp_path / "u" / "keys" / "record.pub.json"
    assert run("unit", "add", key, "--unit-id", "unit-x", "--dir", central).exit_code == 0
    file = tmp_path / "export"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def test_central_is_never_made_over_another(central: Path) -> None:
    again = run("init", central, "--id", "central-y")
    assert again.exit_code == 4
    assert "Traceback" not in again.output


def test_submitted_records_are_shown_and_verify(central: Path, envelopes: Path, tmp_path: Path) -> None:
    receipts = tmp_path / "receipts"
    assert run("submit", envelopes, "--receipts", receipts, "--dir", central).exit_code == 0
    assert len(receipts.read_bytes().splitlines()) == 1
    shown = json.loads(run("show", "--dir", central, "--json").stdout)
    assert [r["sequence"] for r in shown["records"]] == [1, 2, 3]
    assert shown["units"][0]["gap_free_sequence"] == 3
    assert "envelope" not in shown["records"][0]
    checked = run("verify", "--dir", central, "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["verdict"] == "verifies"
    assert "unit-x" in run("show", "--dir", central).stdout
    assert "verifies" in run("verify", "--dir", central).stdout


def test_gap_is_shown_and_does_not_verify(central: Path, envelopes: Path) -> None:
    lines = envelopes.read_bytes().splitlines()
    envelopes.write_bytes(b"\n".join([lines[1], lines[3]]))
    run("submit", envelopes, "--dir", central)
    shown = json.loads(run("show", "--dir", central, "--json").stdout)
    assert shown["units"][0]["gaps"] == [[2, 2]]
    assert run("verify", "--dir", central).exit_code == 1


def test_altered_row_does_not_verify(central: Path, envelopes: Path) -> None:
    run("submit", envelopes, "--dir", central)
    with sqlite3.connect(central / "central.sqlite3") as database:
        database.execute("UPDATE records SET envelope = replace(envelope, 'a', 'b') WHERE sequence = 2")
    checked = run("verify", "--dir", central, "--json")
    assert checked.exit_code == 1


def test_simulated_record_handed_to_a_genuine_central_is_refused(tmp_path: Path, envelopes: Path) -> None:
    run("init", tmp_path / "g", "--id", "central-g")
    refused = run("submit", envelopes, "--dir", tmp_path / "g", "--json")
    assert refused.exit_code == 1
    assert {i["reason"] for i in json.loads(refused.stdout)["items"]} == {"simulated_input"}
    shown = json.loads(run("show", "--dir", tmp_path / "g", "--json").stdout)
    assert not shown["records"]
    assert len(shown["refusals"]) == 3


def test_key_that_does_not_fit_is_not_registered(tmp_path: Path, central: Path, envelopes: Path) -> None:
    key = tmp_path / "u" / "keys" / "record.pub.json"
    assert run("unit", "add", key, "--unit-id", "unit-y", "--dir", central).exit_code == 4
    assert run("unit", "add", key, "--dir", central).exit_code == 4, "it is registered already"
    run("init", tmp_path / "g", "--id", "central-g")
    assert run("unit", "add", key, "--dir", tmp_path / "g").exit_code == 4
    assert run("unit", "add", central / "keys" / "receipt.pub.json", "--dir", central).exit_code == 4


def test_revoked_unit_is_listed_as_such(central: Path, envelopes: Path) -> None:
    assert run("unit", "revoke", "unit-x", "--dir", central).exit_code == 0
    assert run("unit", "revoke", "unit-q", "--dir", central).exit_code == 4
    (listed,) = json.loads(run("unit", "list", "--dir", central, "--json").stdout)
    assert listed["revoked_utc"]
    assert "revoked" in run("unit", "list", "--dir", central).stdout
    assert run("submit", envelopes, "--dir", central).exit_code == 1


def test_no_central_and_wrong_usage_end_differently(tmp_path: Path) -> None:
    missing = run("show", "--dir", tmp_path)
    assert missing.exit_code == 4
    assert "doorstep-central init" in missing.output
    assert run("show", "--nonsense").exit_code == 2
    (tmp_path / "central.toml").write_text('central_id = "central-x"\nkind = "both"\n')
    assert run("show", "--dir", tmp_path).exit_code == 4


def test_missing_receipt_key_is_said(central: Path, envelopes: Path) -> None:
    (central / "keys" / "receipt.pem").unlink()
    assert run("submit", envelopes, "--dir", central).exit_code == 4
