"""Central's tables, in portable SQL: nothing here is SQLite's or PostgreSQL's own."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
ID = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

units = Table(
    "units",
    metadata,
    Column("unit_id", String(63), primary_key=True),
    Column("keyid", String(128), nullable=False, unique=True),
    Column("key_document", LargeBinary, nullable=False),
    Column("registered_utc", String(32), nullable=False),
    Column("revoked_utc", String(32)),
    Column("gap_free_sequence", BigInteger, nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("unit_id", String(63), ForeignKey("units.unit_id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("record_id", Text, nullable=False),
    Column("previous_sha256", String(64), nullable=False),
    Column("payload_type", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("received_utc", String(32), nullable=False),
    Column("visit_id", Text, nullable=False),
    Column("begun_utc", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("reasons", Text, nullable=False),
    # What the desk asks for; the envelope is what was signed.
    Column("person_id", Text, nullable=False, server_default=""),
    Column("scheme", Text, nullable=False, server_default=""),
    Column("address_code", Text, nullable=False, server_default=""),
    Column("worker", Text, nullable=False, server_default=""),
    # Who signed beside the unit, by key; "" when nobody did.
    Column("worker_keyid", String(128), nullable=False, server_default=""),
    Column("witness_keyid", String(128), nullable=False, server_default=""),
    UniqueConstraint("unit_id", "sequence"),
    UniqueConstraint("unit_id", "record_id"),
    Index("records_by_person", "person_id"),
    Index("records_by_outcome", "outcome"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("receipt_id", String(64), nullable=False, unique=True),
    Column("unit_id", String(63), nullable=False),
    Column("issued_utc", String(32), nullable=False),
    Column("gap_free_sequence", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Index("receipts_by_unit", "unit_id"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("unit_id", String(63), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("first_utc", String(32), nullable=False),
    Column("last_utc", String(32), nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("unit_id", "sha256"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("unit_id", String(63), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("raised_utc", String(32), nullable=False),
    # The refused envelope is the evidence: two signed statements that contradict each other.
    Column("envelope", LargeBinary, nullable=False),
    UniqueConstraint("unit_id", "kind", "sha256"),
)
