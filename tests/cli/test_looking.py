"""History and status: what they show, and what they must not."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from edge.core.delivery import DeliveryState
from edge.wiring.unit import open_unit
from tests.cli.conftest import Run


def test_history_lists_visits_with_their_delivery(run: Run, used: Path) -> None:
    rows = json.loads(run("history", "--unit", used, "--json").stdout)
    assert [r["sequence"] for r in rows] == [1, 2, 3, 4]
    assert rows[0]["outcome"] == "review" and rows[0]["delivery"] == "pending" and rows[0]["simulated"]
    assert rows[0]["reasons"] == ["manual_attestation", "refused_face"]


def test_history_of_one_person_and_of_nobody(run: Run, used: Path) -> None:
    rows = json.loads(run("history", "person-2", "--unit", used, "--json").stdout)
    assert [r["person_id"] for r in rows] == ["person-2"]
    assert "No visits of person-9" in run("history", "person-9", "--unit", used).output
    assert [r["sequence"] for r in json.loads(run("history", "--last", 2, "--unit", used, "--json").stdout)] == [3, 4]


def test_unreadable_record_does_not_hide_the_others(run: Run, used: Path) -> None:
    db = sqlite3.connect(used / "records.sqlite3")
    db.execute("DROP TRIGGER records_never_change")
    db.execute("UPDATE records SET envelope = x'00' WHERE sequence = 2")
    db.commit()
    db.close()
    rows = json.loads(run("history", "--unit", used, "--json").stdout)
    assert [("fault" in r) for r in rows] == [False, True, False, False]
    assert "unreadable" in run("history", "--unit", used).output


def test_status_shows_refused_records_and_the_clock(run: Run, used: Path) -> None:
    with open_unit(used) as unit:
        entry = unit.outbox.entries()[2]
        unit.outbox.save(replace(entry, state=DeliveryState.QUARANTINED, reason="simulated_input"))
    found = json.loads(run("status", "--unit", used, "--check", "--json").stdout)
    assert found["quarantined"] == [{"sequence": 3, "reason": "simulated_input"}]
    assert found["outbox"] == {"pending": 3, "sent": 0, "receipted": 0, "quarantined": 1}
    assert found["chain"]["sequence"] == 4 and found["store"]["checked"] == "ok"
    assert found["clock"]["source"] in ("ntp", "rtc", "unset")
    assert "simulated_input" in run("status", "--unit", used).output


def test_status_names_nobody(run: Run, used: Path) -> None:
    text = run("status", "--unit", used, "--json").stdout
    assert not any(word in text for word in ("person-", "worker-", "witness-", "4301"))


def test_unit_folder_may_come_from_the_environment(run: Run, used: Path, monkeypatch: object) -> None:
    monkeypatch.setenv("DOORSTEP_UNIT", str(used))  # type: ignore[attr-defined]
    assert json.loads(run("status", "--json").stdout)["chain"]["sequence"] == 4
