"""The tables of what goes down to the units; docs/protocol.md has the rules."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from central.tables import ID, metadata

unit_messaging = Table(
    "unit_messaging",
    metadata,
    Column("unit_id", ForeignKey("units.unit_id"), primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Column("received_utc", String(32), nullable=False),
    Column("applied_sequence", BigInteger, nullable=False),
    Column("list_version", BigInteger, nullable=False),
    Column("confirmed_utc", String(32)),
)

messages = Table(
    "messages",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("unit_id", ForeignKey("units.unit_id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("envelope", LargeBinary, nullable=False),
    Column("issued_utc", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try_s", BigInteger, nullable=False),
    Column("settled_utc", String(32)),
    UniqueConstraint("unit_id", "sequence"),
    Index("messages_due", "state", "next_try_s"),
)
