"""The tables of the review desk: who signs in, what was decided, and what was opened by whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from central.tables import ID, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("username", String(63), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_phc", Text, nullable=False),
    Column("totp_sealed", LargeBinary, nullable=False),
    # A code is good once: the time step of the last one that was used.
    Column("totp_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until_utc", String(32)),
    Column("disabled_utc", String(32)),
    Column("created_utc", String(32), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    # Of the cookie's value: who reads the table cannot sign in with it.
    Column("token_sha256", String(64), primary_key=True),
    Column("username", String(63), ForeignKey("accounts.username"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("begun_utc", String(32), nullable=False),
    Column("seen_utc", String(32), nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("record_sha256", String(64), ForeignKey("records.sha256"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("decision", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(63), nullable=False),
    Column("proposed_utc", String(32), nullable=False),
    Column("decided_by", String(63)),
    Column("decided_utc", String(32)),
    # The place of the decision among the messages to the unit; none while the unit's keys are not known.
    Column("message_sequence", BigInteger),
)

desk_log = Table(
    "desk_log",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at_utc", String(32), nullable=False),
    Column("username", String(63), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Index("desk_log_by_subject", "subject"),
)
