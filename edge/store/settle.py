"""Brings a store to the schema of the release in force, and back to the one before when an update was called off.

Forwards: a copy of the store as it was is kept beside it, then it is migrated. Backwards, when the release in force
is the older one: the copy takes the store's place, only if nothing has come in since; else nothing is touched, for
a record or a receipt outweighs a release. The copy goes when the update is confirmed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from edge.core.errors import StoreError
from edge.store import schema
from edge.store.database import StoreFile, sync_folder
from edge.store.faults import faults_translated

_COPY, _NEWER = ".before-update", ".given-up"
_WITNESSES = (
    "SELECT sequence, sha256 FROM chain",
    "SELECT count(*), max(number) FROM receipts",
    "SELECT applied_sequence, list_version FROM downward",
    "SELECT count(*) FROM evidence",
)


class Settled(StrEnum):
    """What had to be done. UNCHANGED: the schema was that of this release."""

    UNCHANGED = "unchanged"
    MIGRATED = "migrated"
    RETURNED = "returned"


def settle(store: Path, now_utc: Callable[[], str]) -> Settled:
    """Make the store at `store` usable for this release; nobody else may have it open. Raises StoreError."""
    with faults_translated(store):
        version = _version(store)
        if version == schema.VERSION:
            return Settled.UNCHANGED
        if version > schema.VERSION:
            _give_back(store, version)
            return Settled.RETURNED
        copy_store(store, kept_copy(store))
    StoreFile(store, now_utc).close()
    return Settled.MIGRATED


def kept_copy(store: Path) -> Path:
    """Where the store of before an update lies."""
    return store.with_name(store.name + _COPY)


def forget_copy(store: Path) -> None:
    """The update is confirmed: the copy has done its service."""
    for path in (kept_copy(store), store.with_name(store.name + _NEWER)):
        path.unlink(missing_ok=True)
    sync_folder(store.parent)


def _give_back(store: Path, version: int) -> None:
    copy = kept_copy(store)
    if not copy.exists() or _version(copy) > schema.VERSION:
        raise StoreError(
            f"the store has schema {version}, this software knows up to {schema.VERSION}",
            remedy="Install the newer software again; nothing was changed in the file.",
        )
    if _come_in(store) != _come_in(copy):
        raise StoreError(
            "records or receipts have come in since the update: the store of before it would lack them",
            remedy="Install the newer software again; nothing was changed in the file.",
        )
    newer = store.with_name(store.name + _NEWER)
    newer.unlink(missing_ok=True)
    # A link first, so that at every moment one of the two stands under the store's name.
    os.link(store, newer)
    copy.replace(store)
    sync_folder(store.parent)


def _version(store: Path) -> int:
    if not store.is_file():
        raise StoreError(f"no record store at {store}", remedy="Make the unit with `doorstep unit init`.")
    with closing(_opened(store)) as connection:
        return schema.version_of(connection)


def _come_in(store: Path) -> list[tuple[object, ...]]:
    """What a store has taken in, told by tables that every schema since the second has kept."""
    with closing(_opened(store)) as connection:
        # Nothing may be left in the log: the file itself is about to change its name.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return [connection.execute(witness).fetchone() for witness in _WITNESSES]


def copy_store(store: Path, to: Path) -> None:
    """A whole copy of a store, of one moment, durable under its name when this returns."""
    draft = to.with_name(to.name + ".new")
    draft.unlink(missing_ok=True)
    with closing(_opened(store)) as source, closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    status = store.stat()
    draft.chmod(status.st_mode & 0o777)
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(to)
    sync_folder(to.parent)


def _opened(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{store.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
