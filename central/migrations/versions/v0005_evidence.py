"""Evidence: manifests, and the chunks that have come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("evidence_id", sa.String(64), nullable=False, unique=True),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), nullable=False),
        sa.Column("record_sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("received_utc", sa.String(32), nullable=False),
        sa.Column("completed_utc", sa.String(32)),
    )
    op.create_index("evidence_by_record", "evidence", ["record_sha256"])
    op.create_table(
        "evidence_chunks",
        sa.Column("evidence_id", sa.String(64), sa.ForeignKey("evidence.evidence_id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
