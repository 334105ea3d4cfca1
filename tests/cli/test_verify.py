"""`doorstep verify` on real files: verdict, exit code, and the step that failed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from edge.signing.keyfile import encode_public
from edge.store.export import write_export
from edge.wiring.unit import open_unit, open_unit_readonly
from tests.cli.conftest import Run
from tests.samples import CENTRAL_KEY, sample_key


def forge(root: Path, *statements: str) -> None:
    """What somebody with the file and an SQLite shell can do."""
    db = sqlite3.connect(root / "records.sqlite3")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def verify(run: Run, root: Path, *target: object) -> tuple[int, dict[str, object]]:
    result = run("verify", *target, "--unit", root, "--json")
    return result.exit_code, json.loads(result.stdout)


def test_own_store_verifies_by_every_way_of_naming_it(run: Run, used: Path) -> None:
    for target in ([], [used], [used / "records.sqlite3"]):
        code, report = verify(run, used, *target)
        assert (code, report["verdict"], report["kind"]) == (0, "verifies", "store")


@pytest.mark.parametrize(
    ("statements", "fault", "step"),
    [
        (["DELETE FROM outbox WHERE sequence=2", "DELETE FROM records WHERE sequence=2"], "gap", 7),
        (["DELETE FROM outbox WHERE sequence=4", "DELETE FROM records WHERE sequence=4"], "tail_cut", 8),
        (["UPDATE chain SET sequence=3"], "head_moved", 8),
        (["UPDATE chain SET sha256=hex(zeroblob(32))"], "head_moved", 8),
        (
            ["PRAGMA foreign_keys=0", "UPDATE records SET sequence=-sequence WHERE sequence IN (2,3)",
             "UPDATE records SET sequence=CASE sequence WHEN -2 THEN 3 ELSE 2 END WHERE sequence<0"],
            "swap", 6,
        ),
        (["UPDATE records SET envelope=CAST(replace(envelope,'e','f') AS BLOB) WHERE sequence=2"], None, 1),
        (["UPDATE records SET sha256=hex(zeroblob(32)) WHERE sequence=2"], None, 6),
        (["UPDATE records SET record_id='x' WHERE sequence=2"], None, 6),
        (["UPDATE records SET payload_type='application/vnd.doorstep.visit.v1+json'"], None, 6),
        (["UPDATE records SET envelope=CAST('text' AS TEXT) WHERE sequence=2"], None, 1),
    ],
)  # fmt: skip
def test_forged_store_does_not_verify_and_is_named(
    run: Run, used: Path, statements: list[str], fault: str | None, step: int
) -> None:
    if "CHECK" in _schema(used):
        statements = ["PRAGMA ignore_check_constraints=1", *statements]
    if "CAST('text'" in statements[-1]:
        with pytest.raises(sqlite3.IntegrityError):  # STRICT: a BLOB column takes no text
            forge(used, *statements)
        return
    forge(used, *statements)
    code, report = verify(run, used)
    assert (code, report["verdict"]) == (1, "does_not_verify")
    assert report["faults"] == ([fault] if fault else [])
    steps = [s for r in report["records"] for s in r["steps"]] + report["chain"]  # type: ignore[attr-defined, operator]
    assert next(s["number"] for s in steps if s["state"] == "failed") == step
    assert f"step {step} " in report["why"]  # type: ignore[operator]


def _schema(root: Path) -> str:
    db = sqlite3.connect(root / "records.sqlite3")
    text = " ".join(row[0] or "" for row in db.execute("SELECT sql FROM sqlite_master"))
    db.close()
    return text


def test_record_file_is_checked_alone(run: Run, used: Path, tmp_path: Path) -> None:
    with open_unit_readonly(used) as unit:
        raw = next(unit.store.records(2)).envelope
    file = tmp_path / "record.json"
    file.write_bytes(raw)
    code, report = verify(run, used, file)
    assert (code, report["kind"], len(report["records"])) == (0, "record", 1)  # type: ignore[arg-type]
    file.write_bytes(raw.replace(b'"sig":"', b'"sig":"A', 1))
    assert verify(run, used, file)[0] == 1
    text = run("verify", file, "--unit", used).output
    assert "✗ 1 format" in text or "✗ 4 signature" in text


def test_exported_file_is_checked(run: Run, used: Path, tmp_path: Path) -> None:
    file = tmp_path / "visits.jsonl"
    with open_unit(used) as unit:
        write_export(
            file,
            unit.store.records(),
            unit_id=unit.config.unit_id,
            first_sequence=1,
            last=unit.store.head(),
            written_utc=unit.clock.now_utc(),
        )
    assert verify(run, used, file)[1]["kind"] == "export"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    code, report = verify(run, used, file)
    assert (code, report["faults"]) == (1, ["gap"])


def test_stranger_without_a_key_is_told_so(run: Run, used: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    shutil.copy(used / "records.sqlite3", copy)
    code, report = verify(run, tmp_path / "no-unit", copy)
    assert (code, report["verdict"]) == (3, "could_not_be_checked")
    assert "step 3 (key)" in report["why"]  # type: ignore[operator]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.sqlite3", "unit"]


def test_only_named_keys_are_believed(run: Run, used: Path, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "central.pub.json").write_bytes(encode_public(CENTRAL_KEY.public))
    assert verify(run, used, "--trust", folder)[0] == 3
    assert verify(run, used, "--trust", folder, "--key", used / "keys" / "record.pub.json")[0] == 0
    stranger = tmp_path / "stranger.pub.json"
    stranger.write_bytes(encode_public(sample_key("unit-0009").public))
    assert verify(run, used, "--key", stranger)[0] == 3


def test_damaged_store_could_not_be_checked(run: Run, used: Path) -> None:
    path = used / "records.sqlite3"
    raw = bytearray(path.read_bytes())
    raw[4096 : len(raw) // 4096 * 4096] = bytes(len(raw) // 4096 * 4096 - 4096)
    path.write_bytes(raw)
    code, report = verify(run, used)
    assert code == 3 and "Delete nothing" in report["error"]["remedy"]  # type: ignore[index]


def test_verifying_alters_nothing(run: Run, used: Path) -> None:
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in used.rglob("*") if p.is_file()}
    verify(run, used)
    run("status", "--unit", used)
    run("history", "--unit", used)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in used.rglob("*") if p.is_file()} == before
