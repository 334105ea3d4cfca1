"""What central has sent down, settled one by one: message, its effects and the place reached, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from sqlite_utils import Database

from edge.core.confirmation import Applied, ConfirmedMessage
from edge.core.downward_apply import DownwardState, Effects, Standing
from edge.core.errors import StoreError
from edge.store.bundles import note_offer
from edge.store.database import StoreFile
from edge.store.workers import clear_counter

LISTED, TASK, COMMAND = b"listed", b"task", b"command"
"""What a sealed row is, for HPKE's `info`: a row moved to another table does not open."""


class SqliteInbox:
    """Inbox over a StoreFile, which it does not own. `seal` seals to the unit's own key, under an `info`."""

    def __init__(self, file: StoreFile, seal: Callable[[bytes, bytes], bytes]) -> None:
        self._file, self._seal = file, seal

    def state(self) -> DownwardState:
        with self._file.reading() as db:
            return _state(db)

    def settled(self, sequence: int) -> ConfirmedMessage | None:
        """What became of a message; None when it has not been settled."""
        with self._file.reading() as db:
            row = db.execute(
                "SELECT sequence, sha256, outcome, reason, detail FROM messages WHERE sequence = ?", (sequence,)
            ).fetchone()
        return _settled(row) if row else None

    def refused(self, limit: int) -> list[ConfirmedMessage]:
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT sequence, sha256, outcome, reason, detail FROM messages WHERE outcome = ?"
                " ORDER BY sequence DESC LIMIT ?",
                (Applied.REFUSED.value, limit),
            ).fetchall()
        return [_settled(row) for row in rows]

    def hold(self, sequence: int, raw: bytes) -> None:
        """Keep a message that came before its turn; the first to claim a place keeps it until that turn."""
        with self._file.writing() as db:
            db.execute("INSERT OR IGNORE INTO messages_waiting (sequence, envelope) VALUES (?, ?)", (sequence, raw))

    def held(self, sequence: int) -> bytes | None:
        with self._file.reading() as db:
            row = db.execute("SELECT envelope FROM messages_waiting WHERE sequence = ?", (sequence,)).fetchone()
        return bytes(row[0]) if row else None

    def settle(self, item: ConfirmedMessage, kind: str, effects: Effects) -> DownwardState:
        """Write a message's effects and its outcome, once. Raises StoreError when it is not its turn."""
        with self._file.writing() as db:
            before = _state(db)
            if item.sequence != before.applied_sequence + 1:
                raise StoreError(
                    f"message {item.sequence} is not the one after {before.applied_sequence}",
                    remedy="Nothing is lost. Another process has settled it; try again.",
                )
            db.execute(
                "INSERT INTO messages (sequence, sha256, kind, outcome, reason, detail, settled_utc)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (item.sequence, item.sha256, kind, item.outcome, item.reason, item.detail, self._file.now_utc()),
            )
            self._write(db, item.sequence, effects)
            after = _after(before, item.sequence, effects)
            db.execute(
                "UPDATE downward SET applied_sequence = ?, list_version = ?, standing = ?",
                (after.applied_sequence, after.list_version, after.standing.value),
            )
            db.execute("DELETE FROM messages_waiting WHERE sequence <= ?", (item.sequence,))
        return after

    def listed(self) -> Iterator[bytes]:
        """Every person of the visit list, sealed under LISTED, by person_id."""
        return listed_rows(self._file)

    def tasks(self) -> Iterator[tuple[int, bytes]]:
        """See `open_tasks`."""
        return open_tasks(self._file)

    def _write(self, db: Database, sequence: int, effects: Effects) -> None:
        if effects.clear_list:
            db.execute("DELETE FROM listed")
        for person_id in effects.removed:
            db.execute("DELETE FROM listed WHERE person_id = ?", (person_id,))
        for person in effects.put:
            sealed = self._seal(msgspec.json.encode(person), LISTED)
            db.execute(
                "INSERT INTO listed (person_id, sealed) VALUES (?, ?)"
                " ON CONFLICT (person_id) DO UPDATE SET sealed = excluded.sealed",
                (person.person_id, sealed),
            )
        if effects.purge_evidence_of is not None:
            # At central's order, receipted or not; the row stays and says so.
            everybody = effects.purge_evidence_of == "all"
            db.execute(
                "UPDATE evidence SET sealed = x'', state = 'purged' WHERE ? OR person_id = ?",
                (everybody, effects.purge_evidence_of),
            )
            db.execute(
                "DELETE FROM kept_photos WHERE ? OR person_id = ?", (everybody, effects.purge_evidence_of)
            )
        if effects.bundle:
            note_offer(db, sequence, effects.bundle)
        if effects.unlock_worker is not None:
            clear_counter(db, effects.unlock_worker, "unlocked by central", self._file.now_utc())
        if effects.task:
            sealed = self._seal(msgspec.json.encode(effects.task), TASK)
            db.execute("INSERT INTO tasks (sequence, sealed) VALUES (?, ?)", (sequence, sealed))
        if effects.policy:
            row = (sequence, effects.policy.policy_id, effects.policy.toml)
            db.execute("INSERT INTO policies (sequence, policy_id, toml) VALUES (?, ?, ?)", row)
        if effects.command:
            sealed = self._seal(msgspec.json.encode(effects.command), COMMAND)
            command_row = (sequence, effects.command.name.value, sealed)
            db.execute("INSERT INTO commands (sequence, name, sealed) VALUES (?, ?, ?)", command_row)


def listed_rows(file: StoreFile) -> Iterator[bytes]:
    """The visit list as it lies, sealed under LISTED; for whoever has the unit's sealing key."""
    with file.reading() as db:
        rows = db.execute("SELECT sealed FROM listed ORDER BY person_id").fetchall()
    return (bytes(row[0]) for row in rows)


def open_tasks(file: StoreFile) -> Iterator[tuple[int, bytes]]:
    """The desk's decisions that are not done: number, and the decision sealed under TASK; the latest last."""
    with file.reading() as db:
        rows = db.execute("SELECT sequence, sealed FROM tasks WHERE done_utc IS NULL ORDER BY sequence").fetchall()
    return ((row[0], bytes(row[1])) for row in rows)


def finish_task(file: StoreFile, number: int) -> bool:
    """Note that a task is done; False when none of that number is open."""
    with file.writing() as db:
        done = db.execute(
            "UPDATE tasks SET done_utc = ? WHERE sequence = ? AND done_utc IS NULL", (file.now_utc(), number)
        )
        return bool(done.rowcount)


def policy_files(file: StoreFile) -> Iterator[bytes]:
    """Policy files that came down, the newest first."""
    with file.reading() as db:
        rows = db.execute("SELECT toml FROM policies ORDER BY sequence DESC").fetchall()
    return (bytes(row[0]) for row in rows)


def downward_state(file: StoreFile) -> DownwardState:
    """The same as `SqliteInbox.state`, for whoever has no key and needs none."""
    with file.reading() as db:
        return _state(db)


def _settled(row: Any) -> ConfirmedMessage:
    return ConfirmedMessage(sequence=row[0], sha256=row[1], outcome=Applied(row[2]), reason=row[3], detail=row[4])


def _state(db: Database) -> DownwardState:
    row = db.execute("SELECT applied_sequence, list_version, standing FROM downward").fetchone()
    if row is None:
        raise StoreError("the store has lost its place among central's messages")
    return DownwardState(applied_sequence=row[0], list_version=row[1], standing=Standing(row[2]))


def _after(before: DownwardState, sequence: int, effects: Effects) -> DownwardState:
    return DownwardState(
        applied_sequence=sequence,
        list_version=before.list_version if effects.list_version is None else effects.list_version,
        standing=effects.standing or before.standing,
    )
