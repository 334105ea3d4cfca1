"""What the disk does to a store: said in words with a remedy, and nothing lost by it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.core.chain import StoredRecord
from edge.core.errors import StoreError
from edge.core.verdict import Verdict
from edge.device.clock import ManualClock
from edge.services.audit import audit_store
from edge.services.keep import keep_visit
from edge.store import schema
from edge.store.database import StoreFile, create_store
from edge.store.records import SqliteRecordStore
from tests.samples import KEYS, UNIT, UNIT_KEY, sample_draft

Keep = Callable[[int], StoredRecord]


def open_file(path: Path, **options: object) -> StoreFile:
    return StoreFile(path, lambda: "", busy_timeout_s=0.05, **options)  # type: ignore[arg-type]


def test_every_connection_is_durable_and_checked(file: StoreFile) -> None:
    def pragma(name: str) -> object:
        return file.database.execute(f"PRAGMA {name}").fetchone()[0]

    settings = [pragma(n) for n in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")]
    assert settings == ["wal", 2, 1, 50]


def test_missing_store_is_not_made_by_opening_it(tmp_path: Path) -> None:
    for read_only in (False, True):
        with pytest.raises(StoreError, match="no record store"):
            open_file(tmp_path / "none.sqlite3", read_only=read_only)
    assert list(tmp_path.iterdir()) == []


def test_locked_store_is_said_and_mends_itself(keep: Keep, path: Path, store: SqliteRecordStore) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="lock") as caught:
        keep(1)
    assert "try again" in caught.value.remedy
    other.execute("ROLLBACK")
    other.close()
    assert keep(1).sequence == 1


def test_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"a letter from the bank " * 500)
    with pytest.raises(StoreError, match="not an SQLite file") as caught:
        open_file(path)
    assert "Delete nothing" in caught.value.remedy


def test_other_programs_database_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    before = other.read_bytes()
    with pytest.raises(StoreError, match="no record store"):
        open_file(other)
    assert other.read_bytes() == before


def test_newer_schema_is_refused_untouched(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    for read_only in (False, True):
        with pytest.raises(StoreError, match="knows up to") as caught:
            open_file(path, read_only=read_only)
        assert "newer software" in caught.value.remedy


def test_older_schema_is_brought_up_to_date(
    keep: Keep, path: Path, file: StoreFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(1)
    file.close()
    later = (*schema.MIGRATIONS, ("CREATE TABLE notes (text TEXT) STRICT", "INSERT INTO notes VALUES ('moved')"))
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    monkeypatch.setattr(schema, "VERSION", len(later))
    with pytest.raises(StoreError, match="older schema"):
        open_file(path, read_only=True)
    migrated = open_file(path)
    assert migrated.database.execute("SELECT text FROM notes").fetchone()[0] == "moved"
    assert SqliteRecordStore(migrated).head().sequence == 1
    migrated.close()


def test_failed_migration_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.VERSION
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE a (b)", "NONSENSE")))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(StoreError):
        open_file(path)
    monkeypatch.undo()
    whole = open_file(path)
    assert "a" not in whole.database.table_names()
    assert schema.version_of(whole.database.conn) == before
    whole.close()


def test_damaged_page_is_found_by_the_quick_check(keep: Keep, path: Path, file: StoreFile) -> None:
    for number in range(1, 30):
        keep(number)
    file.quick_check()
    file.close()
    raw = bytearray(path.read_bytes())
    raw[6 * 4096 : 9 * 4096] = os.urandom(3 * 4096)
    path.write_bytes(raw)
    damaged = open_file(path, read_only=True)
    with pytest.raises(StoreError, match="damaged|malformed"):
        damaged.quick_check()
    damaged.close()


def test_reading_alters_nothing_and_leaves_no_files(keep: Keep, path: Path, file: StoreFile) -> None:
    keep(1)
    file.close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    reader = open_file(path, read_only=True)
    assert audit_store(SqliteRecordStore(reader), KEYS).verdict is Verdict.VERIFIES
    with pytest.raises(StoreError, match="for reading only"), reader.writing():
        pass
    reader.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_reader_sees_what_stands_in_the_log_of_a_running_unit(keep: Keep, path: Path) -> None:
    keep(1)
    reader = open_file(path, read_only=True)
    assert SqliteRecordStore(reader).head().sequence == 1
    reader.close()


def test_writer_that_starts_during_an_unlocked_reading_is_noticed(path: Path) -> None:
    reader = SqliteRecordStore(open_file(path, read_only=True))
    with pytest.raises(StoreError, match="began to write"), reader.snapshot():
        assert reader.head().sequence == 0
        writer = SqliteRecordStore(open_file(path))
        keep_visit(sample_draft(1), store=writer, signer=UNIT_KEY, clock=ManualClock())
    reader.close()
    writer.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB; skipped where nobody may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1024k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(store: SqliteRecordStore) -> tuple[int, StoreError]:
    for number in range(1, 1000):
        try:
            keep_visit(sample_draft(number), store=store, signer=UNIT_KEY, clock=ManualClock())
        except StoreError as e:
            return number - 1, e
    raise AssertionError("the disk never filled")


def test_full_disk_loses_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    path = small_disk / "records.sqlite3"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400 * 1024))
    create_store(path, UNIT, lambda: "")
    store = SqliteRecordStore(open_file(path))
    stored, error = fill(store)
    assert "disk is full" in error.message and "Free space" in error.remedy
    assert audit_store(store, KEYS).verdict is Verdict.VERIFIES
    assert store.head().sequence == stored > 0
    ballast.unlink()
    keep_visit(sample_draft(2000), store=store, signer=UNIT_KEY, clock=ManualClock())
    assert store.head().sequence == stored + 1
    store.close()


def test_file_that_may_not_grow_loses_nothing(path: Path, file: StoreFile, store: SqliteRecordStore) -> None:
    file.database.execute("PRAGMA max_page_count = 80")
    stored, error = fill(store)
    assert "disk is full" in error.message
    assert store.head().sequence == stored > 0
    assert audit_store(store, KEYS).verdict is Verdict.VERIFIES


_AS_NOBODY = """
import os, sys
from pathlib import Path
from edge.store.database import StoreFile, create_store
from edge.core.errors import StoreError
os.setgid(65534); os.setuid(65534)
for attempt in (lambda: StoreFile(Path(sys.argv[1]), str).writing().__enter__(),
                lambda: create_store(Path(sys.argv[1]).with_name("new.sqlite3"), "unit-0002", str)):
    try:
        attempt()
    except StoreError as e:
        print(e.message, "|", e.remedy)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody with fewer rights")
def test_folder_of_another_user_is_said(path: Path) -> None:
    for folder in (path.parent, *path.parent.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    assert all("cannot be written" in line or "cannot be opened" in line for line in lines)
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name]
