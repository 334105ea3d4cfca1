"""Statements over the desk's accounts, sessions, and its log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from central.store import Transaction
from central.tables_desk import accounts, desk_log, sessions
from edge.core.errors import InputError


class Accounts:
    """The accounts of one database. Rows are plain mappings by column name."""

    def __init__(self, transaction: Transaction) -> None:
        self._connection = transaction.connection

    def add(self, row: dict[str, Any]) -> None:
        """Raises InputError when the name is taken."""
        first = {"totp_step": 0, "failures": 0, "locked_until_utc": None, "disabled_utc": None}
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(accounts).values({**first, **row}))
        except IntegrityError as e:
            raise InputError(f"there is an account {row['username']!r} already") from e

    def get(self, username: str) -> dict[str, Any] | None:
        """The account, locked until the end of the transaction where the database can lock a row."""
        query = select(accounts).where(accounts.c.username == username).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)

    def all(self) -> list[dict[str, Any]]:
        return [dict(r) for r in self._connection.execute(select(accounts).order_by("username")).mappings()]

    def change(self, username: str, **columns: Any) -> None:
        """Raises InputError when there is no such account."""
        done = self._connection.execute(update(accounts).where(accounts.c.username == username).values(columns))
        if done.rowcount == 0:
            raise InputError(f"there is no account {username!r}")

    def begin_session(self, row: dict[str, Any]) -> None:
        self._connection.execute(insert(sessions).values(row))

    def session(self, token_sha256: str) -> dict[str, Any] | None:
        """The session with its account's columns."""
        query = select(sessions, accounts).join(accounts).where(sessions.c.token_sha256 == token_sha256)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)

    def seen(self, token_sha256: str, *, at_utc: str) -> None:
        self._connection.execute(
            update(sessions).where(sessions.c.token_sha256 == token_sha256).values(seen_utc=at_utc)
        )

    def end_session(self, token_sha256: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))

    def end_sessions(self, username: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.username == username))

    def end_sessions_before(self, begun_utc: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.begun_utc < begun_utc))

    def log(self, username: str, action: str, *, at_utc: str, subject: str = "", detail: str = "") -> None:
        """Note what somebody did. No name or number of a person served belongs in here."""
        row = {"at_utc": at_utc, "username": username, "action": action, "subject": subject, "detail": detail}
        self._connection.execute(insert(desk_log).values(row))

    def logged(self, *, subject: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """The newest first."""
        query = select(desk_log).order_by(desk_log.c.id.desc()).limit(limit)
        if subject is not None:
            query = query.where(desk_log.c.subject == subject)
        return [dict(row) for row in self._connection.execute(query).mappings()]
