"""What units say of themselves: the last status of each."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from central.tables import metadata

unit_status = Table(
    "unit_status",
    metadata,
    Column("unit_id", ForeignKey("units.unit_id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("seen_utc", String(32), nullable=False),
    Column("protocol", String(16), nullable=False),
    # The last status of a unit that was there; the goodbye says nothing more.
    Column("document", LargeBinary, nullable=False),
)
