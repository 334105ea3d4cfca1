"""The tables of people: field workers with their keys, locks and faces; guardians and witnesses of visits."""

from __future__ import annotations

WORKERS = (
    """CREATE TABLE workers (
        keyid TEXT PRIMARY KEY,
        worker_id TEXT NOT NULL,
        public BLOB NOT NULL,
        sealed BLOB NOT NULL,
        sealed_name BLOB NOT NULL,
        made_utc TEXT NOT NULL,
        retired_utc TEXT NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX workers_active ON workers (worker_id) WHERE retired_utc = ''",
    """CREATE TABLE pin_counters (
        worker_id TEXT PRIMARY KEY,
        failed INTEGER NOT NULL,
        challenge TEXT NOT NULL,
        served_s REAL NOT NULL,
        boot_id TEXT NOT NULL,
        monotonic_s REAL NOT NULL,
        locked_utc TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE pin_events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        worker_id TEXT NOT NULL,
        event TEXT NOT NULL,
        noted_utc TEXT NOT NULL
    ) STRICT""",
    """CREATE TRIGGER workers_never_go BEFORE DELETE ON workers
        BEGIN SELECT RAISE(ABORT, 'workers keys never go'); END""",
)

ENROLMENTS = ("ALTER TABLE workers ADD COLUMN enrolment BLOB NOT NULL DEFAULT x''",)

PEOPLE = (
    """CREATE TABLE worker_faces (
        worker_id TEXT PRIMARY KEY,
        sealed BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE visit_people (
        record_id TEXT PRIMARY KEY,
        sealed BLOB NOT NULL
    ) STRICT""",
)

# What a person let the unit keep of a visit's pictures, and every time that somebody looked at it.
KEPT_PHOTOS = (
    """CREATE TABLE kept_photos (
        record_id TEXT PRIMARY KEY,
        person_id TEXT NOT NULL,
        sealed BLOB NOT NULL,
        kept_utc_s REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE kept_photo_openings (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        record_id TEXT NOT NULL,
        worker_id TEXT NOT NULL,
        why TEXT NOT NULL,
        opened_utc TEXT NOT NULL
    ) STRICT""",
)

# The unit's own copy of the names goes when what was sent of them goes, whoever purges it.
NAMES_GO = (
    """CREATE TRIGGER names_go_with_their_evidence AFTER UPDATE OF state ON evidence
        WHEN NEW.state = 'purged' AND NEW.evidence_id LIKE 'people-%'
        BEGIN DELETE FROM visit_people WHERE record_id = substr(NEW.evidence_id, 8); END""",
)
