"""Signing in at the desk: password and code, lockout, and sessions that end.

Rules: MOST_FAILURES wrong attempts lock an account for LOCKED; an attempt while it is locked tells nothing and counts
nothing; a code is good once; a session ends IDLE after its last use, and LONGEST after its beginning.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from central.clock import as_utc
from central.config import check_id
from central.desk import proofs
from central.rows.accounts import Accounts
from central.store import CentralStore
from central.vault import Drawer, Vault
from edge.core.errors import ConfigError, InputError

MOST_FAILURES = 5
LOCKED = dt.timedelta(minutes=15)
IDLE = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=10)


class Role(StrEnum):
    """reviewer: decides. supervisor: decides, and has the lists. auditor: sees all that was done, decides nothing."""

    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who has signed in. csrf: must come back with every form."""

    username: str
    role: Role
    csrf: str
    token_sha256: str

    @property
    def decides(self) -> bool:
        return self.role in (Role.REVIEWER, Role.SUPERVISOR)

    @property
    def supervises(self) -> bool:
        return self.role is Role.SUPERVISOR

    @property
    def audits(self) -> bool:
        return self.role in (Role.AUDITOR, Role.SUPERVISOR)


class Door:
    """Lets people in."""

    def __init__(self, store: CentralStore, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def add(self, username: str, role: Role, password: str, *, at: dt.datetime) -> bytes:
        """Make an account; gives the secret of its one-time codes. Raises InputError."""
        try:
            check_id(username)
        except ConfigError as e:
            raise InputError(e.message) from e
        secret = proofs.new_totp_secret()
        row = {
            "username": username,
            "role": role.value,
            "password_phc": proofs.hash_password(password),
            "totp_sealed": self._vault.seal(Drawer.TOTP, secret, about=username),
            "created_utc": as_utc(at),
        }
        with self._store.transaction() as transaction:
            accounts = Accounts(transaction)
            accounts.add(row)
            accounts.log(username, "account_added", at_utc=as_utc(at), detail=role.value)
        return secret

    def change_password(self, username: str, password: str, *, at: dt.datetime) -> None:
        """Give an account another password; whoever is signed in with it is signed out. Raises InputError."""
        self._change(username, "password_changed", at, password_phc=proofs.hash_password(password))

    def renew_code(self, username: str, *, at: dt.datetime) -> bytes:
        """Give an account another secret for its one-time codes, the old one lost, say. Raises InputError."""
        secret = proofs.new_totp_secret()
        sealed = self._vault.seal(Drawer.TOTP, secret, about=username)
        self._change(username, "code_renewed", at, totp_sealed=sealed, totp_step=0)
        return secret

    def _change(self, username: str, action: str, at: dt.datetime, **columns: object) -> None:
        with self._store.transaction() as transaction:
            accounts = Accounts(transaction)
            accounts.change(username, **columns, failures=0, locked_until_utc=None)
            accounts.end_sessions(username)
            accounts.log(username, action, at_utc=as_utc(at))

    def sign_in(self, username: str, password: str, code: str, *, at: dt.datetime) -> str | None:
        """The token of a new session, or None; why not is in the log only."""
        with self._store.transaction() as transaction:
            account = Accounts(transaction).get(username[:63])
        # Outside the transaction: the hash takes its time on purpose.
        fits = proofs.password_fits(password, account["password_phc"] if account else proofs.NOBODYS_PASSWORD)
        with self._store.transaction() as transaction:
            accounts = Accounts(transaction)
            account = accounts.get(username[:63]) if account else None
            why = self._why_not(accounts, account, fits, code, at)
            if why or account is None:
                name = account["username"] if account else "-"
                accounts.log(name, "sign_in_refused", at_utc=as_utc(at), detail=why or "unknown")
                return None
            return self._begin(accounts, account["username"], at)

    def visitor(self, token: str, *, at: dt.datetime) -> Visitor | None:
        """Whose session a token is, if it still lasts."""
        digest = _digest(token)
        with self._store.transaction() as transaction:
            accounts = Accounts(transaction)
            row = accounts.session(digest)
            if row is None or row["disabled_utc"]:
                return None
            if row["seen_utc"] < as_utc(at - IDLE) or row["begun_utc"] < as_utc(at - LONGEST):
                accounts.end_session(digest)
                return None
            accounts.seen(digest, at_utc=as_utc(at))
        return Visitor(username=row["username"], role=Role(row["role"]), csrf=row["csrf"], token_sha256=digest)

    def sign_out(self, visitor: Visitor, *, at: dt.datetime) -> None:
        with self._store.transaction() as transaction:
            accounts = Accounts(transaction)
            accounts.end_session(visitor.token_sha256)
            accounts.log(visitor.username, "signed_out", at_utc=as_utc(at))

    def _why_not(
        self, accounts: Accounts, account: dict[str, Any] | None, fits: bool, code: str, at: dt.datetime
    ) -> str:
        if account is None:
            return "no such account"
        if account["disabled_utc"]:
            return "disabled"
        if account["locked_until_utc"] and account["locked_until_utc"] > as_utc(at):
            return "locked"
        username = account["username"]
        secret = self._vault.open(Drawer.TOTP, account["totp_sealed"], about=username)
        step = proofs.totp_step(secret, code, now_s=at.timestamp(), after=account["totp_step"])
        if fits and step is not None:
            accounts.change(username, failures=0, locked_until_utc=None, totp_step=step)
            return ""
        failures = account["failures"] + 1
        locked = as_utc(at + LOCKED) if failures >= MOST_FAILURES else None
        accounts.change(username, failures=0 if locked else failures, locked_until_utc=locked)
        return "wrong password" if not fits else "wrong or used code"

    def _begin(self, accounts: Accounts, username: str, at: dt.datetime) -> str:
        token = secrets.token_urlsafe(32)
        accounts.end_sessions_before(as_utc(at - LONGEST))
        accounts.begin_session(
            {
                "token_sha256": _digest(token),
                "username": username,
                "csrf": secrets.token_hex(32),
                "begun_utc": as_utc(at),
                "seen_utc": as_utc(at),
            }
        )
        accounts.log(username, "signed_in", at_utc=as_utc(at))
        return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
