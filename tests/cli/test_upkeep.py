"""What the unit's timers do: a copy that is whole or not there, and nothing left of what was purged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.core.evidence_delivery import EvidenceState
from edge.store.evidence import SqliteEvidence
from edge.wiring.unit import open_unit
from tests.cli.conftest import Run
from tests.samples import UNIT

GONE, KEPT = b"sealed evidence that is over " * 500, b"sealed evidence still to send " * 500


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def test_backup_verifies_away_from_the_unit(used: Path, stick: Path, run: Run) -> None:
    made = json.loads(run("backup", stick, "--unit", used, "--json").stdout)
    assert (made["records"], made["written"]) == (4, True)
    verified = run("verify", made["file"], "--key", used / "keys" / "record.pub.json")
    assert verified.exit_code == 0, verified.output


def test_backup_that_has_all_records_is_left_alone(used: Path, stick: Path, run: Run) -> None:
    run("backup", stick, "--unit", used)
    before = (stick / f"{UNIT}.backup.jsonl").stat().st_mtime_ns
    assert not json.loads(run("backup", stick, "--unit", used, "--json").stdout)["written"]
    assert (stick / f"{UNIT}.backup.jsonl").stat().st_mtime_ns == before


def test_damaged_backup_is_replaced(used: Path, stick: Path, run: Run) -> None:
    copy = stick / f"{UNIT}.backup.jsonl"
    copy.write_bytes(b"\x00\x01")
    assert json.loads(run("backup", stick, "--unit", used, "--json").stdout)["written"]
    assert run("verify", copy, "--key", used / "keys" / "record.pub.json").exit_code == 0


def test_altered_store_is_not_called_backed_up(used: Path, stick: Path, run: Run) -> None:
    with open_unit(used) as unit:
        db = unit.store_file.database
        db.execute("DROP TRIGGER records_never_change")
        altered = "CAST(replace(CAST(envelope AS TEXT), 'a', 'b') AS BLOB)"
        db.execute(f"UPDATE records SET envelope = {altered} WHERE sequence = 2")
    result = run("backup", stick, "--unit", used)
    assert result.exit_code == 4
    assert "does not verify" in result.stderr


def test_purge_leaves_no_byte_of_the_evidence_on_the_disk(used: Path, run: Run) -> None:
    with open_unit(used) as unit:
        store = SqliteEvidence(unit.store_file)
        for name, content in (("e-1", GONE), ("e-2", KEPT)):
            store.keep(name, b"manifest", content, chunks=1, person_id="p")
        entry = store.find("e-1")
        assert entry is not None
        store.save(replace(entry, state=EvidenceState.RECEIPTED, settled_utc_s=0.0))
    assert json.loads(run("purge", "--unit", used, "--json").stdout) == {"evidence_purged": 1, "photos_purged": 0}
    on_disk = b"".join(path.read_bytes() for path in used.glob("records.sqlite3*"))
    assert KEPT[:1000] in on_disk, "what is not delivered stays"
    assert b"e-1" in on_disk, "what is left says that there was something"
    assert GONE[:30] not in on_disk
