"""Whom units visit: persons, their references, and what each unit's list holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("scheme", sa.String(32), nullable=False),
        sa.Column("address_code", sa.String(64), nullable=False),
        sa.Column("due_date", sa.String(10), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id")),
        sa.Column("imported_utc", sa.String(32), nullable=False),
    )
    op.create_index("persons_by_unit", "persons", ["unit_id"])
    op.create_index("persons_by_address", "persons", ["address_code"])
    op.create_table(
        "person_references",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("person_id", sa.String(64), sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("sealed_embedding", sa.LargeBinary, nullable=False),
        sa.Column("sealed_picture", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("person_id", "sha256"),
    )
    op.create_table(
        "listed",
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("content_digest", sa.String(64), nullable=False),
    )
    op.create_table(
        "list_versions",
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("issued_utc", sa.String(32), nullable=False),
    )
