"""The tables of evidence: what a unit's manifest promises, the chunks that have come, and who opened what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from central.tables import ID, metadata

evidence = Table(
    "evidence",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("evidence_id", String(64), nullable=False, unique=True),
    Column("unit_id", ForeignKey("units.unit_id"), nullable=False),
    Column("record_sha256", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("received_utc", String(32), nullable=False),
    Column("completed_utc", String(32)),
    Index("evidence_by_record", "record_sha256"),
)

evidence_chunks = Table(
    "evidence_chunks",
    metadata,
    Column("evidence_id", ForeignKey("evidence.evidence_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# Records whose consent was taken back: what they allowed to be sent is deleted, and not taken again.
withdrawn_consents = Table(
    "withdrawn_consents",
    metadata,
    Column("record_sha256", String(64), primary_key=True),
    Column("unit_id", ForeignKey("units.unit_id"), primary_key=True),
    Column("taken_utc", String(32), nullable=False),
)
