"""A fresh store in a folder of its own, and writers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.core.chain import StoredRecord
from edge.device.clock import ManualClock
from edge.services.keep import keep_visit
from edge.store.database import StoreFile, create_store
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from tests.samples import UNIT, UNIT_KEY, sample_draft

NOW = "2026-01-05T08:05:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "unit" / "records.sqlite3"
    made.parent.mkdir()
    create_store(made, UNIT, lambda: NOW)
    return made


@pytest.fixture
def file(path: Path) -> Iterator[StoreFile]:
    opened = StoreFile(path, lambda: NOW, busy_timeout_s=0.05)
    yield opened
    opened.close()


@pytest.fixture
def store(file: StoreFile) -> SqliteRecordStore:
    return SqliteRecordStore(file)


@pytest.fixture
def outbox(file: StoreFile) -> SqliteOutbox:
    return SqliteOutbox(file)


@pytest.fixture
def keep(store: SqliteRecordStore) -> Callable[[int], StoredRecord]:
    def keep_number(number: int) -> StoredRecord:
        return keep_visit(sample_draft(number), store=store, signer=UNIT_KEY, clock=ManualClock())

    return keep_number
