"""The tables of model bundles and releases: the files, what was offered to which unit, and how far each is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from central.tables import metadata

bundles = Table(
    "bundles",
    metadata,
    Column("file_sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_utc", String(32), nullable=False),
)

bundle_chunks = Table(
    "bundle_chunks",
    metadata,
    Column("file_sha256", ForeignKey("bundles.file_sha256"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)



def _standing(name: str) -> Table:
    """What each unit was offered last of one kind, and how far it is with it."""
    return Table(
        name,
        metadata,
        Column("unit_id", ForeignKey("units.unit_id"), primary_key=True),
        Column("file_sha256", ForeignKey("bundles.file_sha256"), nullable=False),
        Column("offered_utc", String(32), nullable=False),
        Column("state", String(16), nullable=False),
        Column("reason", Text, nullable=False),
        Column("missing", Text, nullable=False),
        Column("told_utc", String(32)),
    )


unit_bundles, unit_releases = _standing("unit_bundles"), _standing("unit_releases")
