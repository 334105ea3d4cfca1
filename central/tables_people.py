"""The tables of whom units visit. What names a person or shows a face is sealed (central/vault.py)."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text, UniqueConstraint

from central.tables import ID, metadata


class FaceUse(StrEnum):
    """Whether a person's references go down to the unit that visits them."""

    AGREED = "agreed"
    WITHDRAWN = "withdrawn"  # taken back, and the unit's list is still to be changed
    GONE = "gone"  # and changed


persons = Table(
    "persons",
    metadata,
    Column("person_id", String(64), primary_key=True),
    Column("scheme", String(32), nullable=False),
    Column("address_code", String(64), nullable=False),
    Column("due_date", String(10), nullable=False),
    Column("facts", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("unit_id", String(63), ForeignKey("units.unit_id")),
    Column("imported_utc", String(32), nullable=False),
    Column("face", String(16), nullable=False, server_default=FaceUse.AGREED.value),
    Index("persons_by_unit", "unit_id"),
    Index("persons_by_address", "address_code"),
)

# `references` is a word of SQL.
person_references = Table(
    "person_references",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("person_id", String(64), ForeignKey("persons.person_id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("sealed_embedding", LargeBinary, nullable=False),
    Column("sealed_picture", LargeBinary, nullable=False),
    UniqueConstraint("person_id", "sha256"),
)

# What a unit's list holds after the last message to it; a delta is the difference from this.
listed = Table(
    "listed",
    metadata,
    Column("unit_id", String(63), ForeignKey("units.unit_id"), primary_key=True),
    Column("person_id", String(64), primary_key=True),
    Column("content_digest", String(64), nullable=False),
)

list_versions = Table(
    "list_versions",
    metadata,
    Column("unit_id", String(63), ForeignKey("units.unit_id"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("issued_utc", String(32), nullable=False),
)
