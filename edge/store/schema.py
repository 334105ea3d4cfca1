"""The store's tables, and the way from each earlier schema to the next, forwards only.

user_version counts the migrations made; a file with more of them than this version knows is refused.
application_id tells a record store from any other SQLite file. Triggers keep records append-only against slips;
against intent stand signatures and the chain.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

from edge.core.errors import StoreError
from edge.store.schema_workers import ENROLMENTS, KEPT_PHOTOS, NAMES_GO, PEOPLE, WORKERS

APPLICATION_ID = int.from_bytes(b"DSTP", "big")

_V1 = (
    """CREATE TABLE chain (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        unit_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
    ) STRICT""",
    """CREATE TABLE records (
        sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
        record_id TEXT NOT NULL UNIQUE,
        payload_type TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),
        envelope BLOB NOT NULL,
        stored_utc TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY REFERENCES records (sequence),
        sha256 TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_try_utc_s REAL NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX outbox_state ON outbox (state, sequence)",
    """CREATE TABLE receipts (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        sha256 TEXT NOT NULL UNIQUE,
        receipt_id TEXT NOT NULL,
        envelope BLOB NOT NULL,
        kept_utc TEXT NOT NULL
    ) STRICT""",
    """CREATE TRIGGER records_in_order BEFORE INSERT ON records
        WHEN NEW.sequence <> (SELECT sequence + 1 FROM chain)
        BEGIN SELECT RAISE(ABORT, 'a record follows the head of the chain'); END""",
    """CREATE TRIGGER records_never_change BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'records never change'); END""",
    """CREATE TRIGGER records_never_go BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'records never go'); END""",
    """CREATE TRIGGER chain_only_grows BEFORE UPDATE ON chain
        WHEN NEW.sequence <> OLD.sequence + 1 OR NEW.unit_id <> OLD.unit_id
        BEGIN SELECT RAISE(ABORT, 'the chain only grows'); END""",
    """CREATE TRIGGER chain_never_goes BEFORE DELETE ON chain
        BEGIN SELECT RAISE(ABORT, 'the chain never goes'); END""",
    """CREATE TRIGGER outbox_never_goes BEFORE DELETE ON outbox
        BEGIN SELECT RAISE(ABORT, 'outbox rows never go'); END""",
    """CREATE TRIGGER receipts_never_change BEFORE UPDATE ON receipts
        BEGIN SELECT RAISE(ABORT, 'receipts never change'); END""",
    """CREATE TRIGGER receipts_never_go BEFORE DELETE ON receipts
        BEGIN SELECT RAISE(ABORT, 'receipts never go'); END""",
)

# What comes down from central. Persons and tasks are sealed to the unit's own key: a copy of the file shows no name.
_V2 = (
    """CREATE TABLE downward (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        applied_sequence INTEGER NOT NULL,
        list_version INTEGER NOT NULL,
        standing TEXT NOT NULL
    ) STRICT""",
    "INSERT INTO downward (id, applied_sequence, list_version, standing) VALUES (1, 0, 0, 'active')",
    """CREATE TABLE messages (
        sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
        sha256 TEXT NOT NULL,
        kind TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        settled_utc TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE messages_waiting (
        sequence INTEGER PRIMARY KEY,
        envelope BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE listed (
        person_id TEXT PRIMARY KEY,
        sealed BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE tasks (
        sequence INTEGER PRIMARY KEY REFERENCES messages (sequence),
        sealed BLOB NOT NULL,
        done_utc TEXT
    ) STRICT""",
    """CREATE TABLE policies (
        sequence INTEGER PRIMARY KEY REFERENCES messages (sequence),
        policy_id TEXT NOT NULL,
        toml BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE commands (
        sequence INTEGER PRIMARY KEY REFERENCES messages (sequence),
        name TEXT NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT""",
    """CREATE TRIGGER messages_in_order BEFORE UPDATE ON downward
        WHEN NEW.applied_sequence <> OLD.applied_sequence + 1 OR NEW.list_version < OLD.list_version
        BEGIN SELECT RAISE(ABORT, 'messages are applied in order'); END""",
    """CREATE TRIGGER messages_never_change BEFORE UPDATE ON messages
        BEGIN SELECT RAISE(ABORT, 'settled messages never change'); END""",
    """CREATE TRIGGER messages_never_go BEFORE DELETE ON messages
        BEGIN SELECT RAISE(ABORT, 'settled messages never go'); END""",
)

_V3 = (
    """CREATE TABLE evidence (
        evidence_id TEXT PRIMARY KEY,
        person_id TEXT NOT NULL,
        manifest BLOB NOT NULL,
        sealed BLOB NOT NULL,
        state TEXT NOT NULL,
        chunks INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_try_utc_s REAL NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        settled_utc_s REAL NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX evidence_state ON evidence (state)",
)

# Visits on their way: one per worker, with what was entered so far, under the unit's data key.
_V4 = (
    """CREATE TABLE visit_sessions (
        visit_id TEXT PRIMARY KEY,
        worker_id TEXT NOT NULL UNIQUE,
        revision INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE visit_photos (
        photo_id TEXT PRIMARY KEY,
        visit_id TEXT NOT NULL REFERENCES visit_sessions (visit_id),
        sealed BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX visit_photos_visit ON visit_photos (visit_id)",
)

# A model bundle on its way: what was offered, and the chunks that are here.
_V5 = (
    """CREATE TABLE bundles (
        sequence INTEGER PRIMARY KEY REFERENCES messages (sequence),
        file_sha256 TEXT NOT NULL,
        offer BLOB NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    """CREATE TABLE bundle_chunks (
        sequence INTEGER NOT NULL REFERENCES bundles (sequence),
        number INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (sequence, number)
    ) STRICT""",
)

_PEOPLE = (WORKERS, ENROLMENTS, PEOPLE, NAMES_GO, KEPT_PHOTOS)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_V1, _V2, _V3, _V4, _V5, *_PEOPLE)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an opened store. Raises StoreError for another application's file."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise StoreError(
            f"this SQLite file is no record store (application id {application_id}, expected {APPLICATION_ID})",
            remedy="Give the path of the unit's records file; it was made by `doorstep unit init`.",
        )
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(version: int) -> None:
    """Refuse a schema from the future: this version would not know what it must not touch."""
    if version > VERSION:
        raise StoreError(
            f"the store has schema {version}, this software knows up to {VERSION}",
            remedy="Install the newer software again; nothing was changed in the file.",
        )


def migrate(db: Database, version: int) -> None:
    """Bring a store from `version` up to VERSION, inside the caller's write transaction."""
    for number in range(version, VERSION):
        for statement in MIGRATIONS[number]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number + 1}")


def found(db: Database, unit_id: str, genesis_sha256: str) -> None:
    """Make an empty store of `unit_id`, inside the caller's write transaction."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    migrate(db, 0)
    db.execute("INSERT INTO chain (id, unit_id, sequence, sha256) VALUES (1, ?, 0, ?)", (unit_id, genesis_sha256))
