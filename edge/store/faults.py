"""What SQLite and the file system report, as StoreErrors that say what to do; nothing was stored then."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.core.errors import StoreError

LEAST_FREE_BYTES = 64 * 1024
_KEEP = "Delete nothing. Copy the file and the -wal and -shm beside it, then ask a technician."
_FULL = (
    "the disk is full, nothing was stored",
    "Free space on the unit's data partition (or let it sync), then try again; stored records are safe.",
)
_READ_ONLY = (
    "the file or its folder cannot be written",
    "Run as the unit's own user, or mount the data partition for writing.",
)
_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: (
        "another program holds the store's lock for too long",
        "Close other programs that have the file open (backup, SQLite browser), then try again.",
    ),
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: (
        "the file cannot be opened",
        "Check that folder and file are there and belong to the unit's user; a copy of a store that was in use "
        "needs its -wal file and a folder that may be written.",
    ),
    sqlite3.SQLITE_NOTADB: ("this is not an SQLite file, or its beginning is damaged", _KEEP),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", _KEEP),
    sqlite3.SQLITE_IOERR: ("the disk reports a read or write error", _KEEP),
    sqlite3.SQLITE_CONSTRAINT: (
        "the store refuses a row that breaks its rules",
        "Nothing was stored and nothing is lost. Report this as a fault of the software.",
    ),
}
_BY_ERRNO = {errno.ENOSPC: _FULL, errno.EROFS: _READ_ONLY, errno.EACCES: _READ_ONLY, errno.EPERM: _READ_ONLY}


@contextmanager
def faults_translated(path: Path) -> Iterator[None]:
    """Turn sqlite3.Error and OSError of the block into StoreError; other errors pass."""
    try:
        yield
    except sqlite3.Error as e:
        # The low byte is the primary code, the rest says more than a remedy depends on.
        code = getattr(e, "sqlite_errorcode", 0) & 0xFF
        meaning, remedy = _BY_CODE.get(code, ("SQLite could not do it", None))
        if code == sqlite3.SQLITE_IOERR and _is_full(path):
            meaning, remedy = _FULL
        raise StoreError(f"{path.name}: {meaning} ({e})", remedy=remedy) from e
    except OSError as e:
        meaning, remedy = _BY_ERRNO.get(e.errno or 0, ("the file cannot be used", None))
        raise StoreError(f"{path.name}: {meaning} ({e.strerror})", remedy=remedy) from e


def _is_full(path: Path) -> bool:
    """SQLite calls a full disk an I/O error where it cannot make or extend the file beside a log (-shm)."""
    try:
        return shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES
    except OSError:
        return False
