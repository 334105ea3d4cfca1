"""What units say of their TLS certificates, and what they ask for."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text

from central.tables import metadata

unit_certificates = Table(
    "unit_certificates",
    metadata,
    Column("unit_id", ForeignKey("units.unit_id"), primary_key=True),
    # Of the one in force, as the unit last said under its confirmation key; empty before it did.
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("until_utc", String(32), nullable=False, server_default=""),
    Column("told_utc", String(32)),
    # The request asked last, and what became of it; empty before the first.
    Column("state", String(16), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("key_sha256", String(64), nullable=False, server_default=""),
    Column("request", LargeBinary),
    Column("asked_utc", String(32)),
    Column("answered_utc", String(32)),
)
