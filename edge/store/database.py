"""One SQLite file, used by several threads and processes at once: connections, transactions, faults.

Every connection has WAL, synchronous=FULL (a commit that returned is on the disk) and foreign keys, read back
after being set. A connection belongs to one thread. sqlite-utils begins plain transactions, which fail late when
two writers meet; here a writer begins with BEGIN IMMEDIATE and waits its turn. Writes therefore go through
`Database.execute`, which joins the open transaction, in sqlite-utils 4 as in 3.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from edge.core.errors import StoreError
from edge.core.record import GENESIS_SHA256
from edge.store import schema
from edge.store.faults import faults_translated

BUSY_TIMEOUT_S = 10.0
_SETTINGS = {"foreign_keys": 1, "synchronous": 2, "trusted_schema": 0, "recursive_triggers": 1, "secure_delete": 1}


class StoreFile:
    """An opened store file. Close it when done; `close` is idempotent and may come from any thread.

    now_utc gives the time to be noted beside what is stored. read_only: the file is not written, nor made,
    nor migrated, and no file appears beside it.
    """

    def __init__(
        self,
        path: Path,
        now_utc: Callable[[], str],
        *,
        read_only: bool = False,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> None:
        self.path = path
        self.now_utc = now_utc
        self.read_only = read_only
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._closed = False
        self._immutable = read_only and not _wal_of(path).exists()
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        if not self.path.is_file():
            raise StoreError(f"no record store at {self.path}", remedy="Make the unit with `doorstep unit init`.")
        with faults_translated(self.path):
            version = schema.version_of(self.database.conn)
        if version < schema.VERSION and self.read_only:
            raise StoreError(
                f"the store has the older schema {version}",
                remedy="Start the unit's service once, so that it brings the file up to date.",
            )
        if version < schema.VERSION:
            with self.writing() as db:
                schema.migrate(db, schema.version_of(db.conn))

    @property
    def database(self) -> Database:
        """The calling thread's connection."""
        db: Database | None = getattr(self._local, "db", None)
        if db is None:
            connection = self._connect()
            with self._guard:
                if self._closed:
                    connection.close()
                    raise StoreError("the store is closed", remedy="Open the store again.")
                self._connections.append(connection)
            # Plugins of sqlite-utils are other people's code and have no place beside a signing key.
            db = self._local.db = Database(connection, execute_plugins=False)
        return db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """One write transaction: all of the block, durable at its end, or nothing. Not to be nested."""
        if self.read_only:
            raise StoreError("the store was opened for reading only", remedy="Open the unit for writing.")
        with faults_translated(self.path):
            db = self.database
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after a full disk or an I/O error.
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One view of the file: nothing read inside the block changes. Joins a transaction already open."""
        with faults_translated(self.path):
            db = self.database
            if db.conn.in_transaction:
                yield db
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")
                self._check_undisturbed()

    def quick_check(self) -> None:
        """Read every page's structure. Raises StoreError when the file is damaged; takes about 1 s per 100 MB."""
        with self.reading() as db:
            answer = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if answer != "ok":
            raise StoreError(
                f"{self.path.name} is damaged: {answer}",
                remedy="Delete nothing. Copy the file and the -wal and -shm beside it, then ask a technician.",
            )

    def fold_log(self) -> None:
        """Bring the write-ahead log into the file and empty it, so that what was deleted is not left in the log."""
        with faults_translated(self.path):
            self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        with self._guard:
            self._closed = True
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.read_only else "rw"
        uri = f"{self.path.absolute().as_uri()}?mode={mode}" + ("&immutable=1" if self._immutable else "")
        with faults_translated(self.path):
            connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, timeout=self._busy_timeout_s, check_same_thread=False
            )
            try:
                self._set_up(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        for name, value in _SETTINGS.items():
            connection.execute(f"PRAGMA {name} = {value}")
            got = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if got != value:
                raise StoreError(f"SQLite keeps {name} at {got}, {value} is needed", remedy="Install SQLite 3.37+.")
        # First whose file it is: to switch another program's file to WAL would already be to alter it.
        schema.check_version(schema.version_of(connection))
        if not self.read_only:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            if mode != "wal":
                raise StoreError(
                    f"the folder's file system has no write-ahead log (journal mode {mode})",
                    remedy="Keep the unit's data on a local disk or card, not on a network share.",
                )

    def _check_undisturbed(self) -> None:
        """An unlocked reading is only good while nobody writes, and a writer makes a -wal file first."""
        if self._immutable and _wal_of(self.path).exists():
            raise StoreError("somebody began to write while the file was read", remedy="Run the command again.")


def create_store(path: Path, unit_id: str, now_utc: Callable[[], str]) -> None:
    """Make an empty store of `unit_id` at `path`, whole or not at all. Raises StoreError if something is there."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    with faults_translated(path):
        try:
            connection = sqlite3.connect(draft, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                db = Database(connection, recursive_triggers=False, execute_plugins=False)
                schema.found(db, unit_id, GENESIS_SHA256)
                connection.execute("COMMIT")
            finally:
                connection.close()
            # A link, unlike a rename, never takes the place of a store that is there.
            os.link(draft, path)
        except FileExistsError as e:
            raise StoreError(f"there is already a store at {path}", remedy="Use it, or choose another folder.") from e
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; a new file's content alone does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
