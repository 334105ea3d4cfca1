"""The table of field workers' keys that central knows."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from central.tables import metadata

worker_keys = Table(
    "worker_keys",
    metadata,
    Column("keyid", String(128), primary_key=True),
    Column("worker_id", String(64), nullable=False),
    Column("unit_id", String(63), ForeignKey("units.unit_id"), nullable=False),
    Column("public_hex", String(64), nullable=False),
    Column("enrolment", LargeBinary, nullable=False),
    Column("added_utc", String(32), nullable=False),
    Column("revoked_utc", String(32)),
    Index("worker_keys_by_worker", "worker_id"),
)
