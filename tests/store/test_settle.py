"""A store between releases: forwards with a copy kept, back to it only when nothing came in meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.core.errors import StoreError
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.store import schema
from edge.store.database import StoreFile, create_store
from edge.store.records import SqliteRecordStore
from edge.store.settle import Settled, forget_copy, kept_copy, settle
from tests.samples import UNIT, UNIT_KEY, sample_draft

NOW = "2026-01-05T08:05:00.000Z"
COLUMN = ("ALTER TABLE evidence ADD COLUMN of_next_release TEXT",)


def now() -> str:
    return NOW


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The store of a unit with three records."""
    path = tmp_path / "records.sqlite3"
    create_store(path, UNIT, now)
    add(path, 1, 2, 3)
    return path


def add(path: Path, *numbers: int) -> None:
    file = StoreFile(path, now)
    for number in numbers:
        keep_visit(sample_draft(number), store=SqliteRecordStore(file), signer=UNIT_KEY, clock=ManualClock())
    file.close()


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """This release with one migration more; undo it and the older one is in force."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, COLUMN))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    return monkeypatch


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_same_schema_leaves_the_store_alone(store: Path) -> None:
    before = store.read_bytes()
    assert settle(store, now) is Settled.UNCHANGED
    assert store.read_bytes() == before and not kept_copy(store).exists()


def test_failed_update_gives_the_store_back(store: Path, next_release: pytest.MonkeyPatch) -> None:
    assert settle(store, now) is Settled.MIGRATED
    newer = version(store)
    next_release.undo()
    assert settle(store, now) is Settled.RETURNED
    assert version(store) == schema.VERSION == newer - 1
    add(store, 4)
    file = StoreFile(store, now, read_only=True)
    assert [r.sequence for r in SqliteRecordStore(file).records()] == [1, 2, 3, 4]
    file.close()


def test_record_made_since_outweighs_the_way_back(store: Path, next_release: pytest.MonkeyPatch) -> None:
    settle(store, now)
    add(store, 4)
    next_release.undo()
    before = version(store)
    with pytest.raises(StoreError, match="have come in since"):
        settle(store, now)
    assert version(store) == before


def test_without_a_copy_there_is_no_way_back(store: Path, next_release: pytest.MonkeyPatch) -> None:
    settle(store, now)
    forget_copy(store)
    next_release.undo()
    with pytest.raises(StoreError, match="knows up to"):
        settle(store, now)


def test_death_between_copy_and_migration_is_made_up_for(store: Path, next_release: pytest.MonkeyPatch) -> None:
    # What a power cut leaves: a draft of the copy, torn.
    kept_copy(store).with_name(kept_copy(store).name + ".new").write_bytes(b"SQLite format 3\x00torn")
    assert settle(store, now) is Settled.MIGRATED
    next_release.undo()
    assert settle(store, now) is Settled.RETURNED
