"""Records whose consent was taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    op.create_table(
        "withdrawn_consents",
        sa.Column("record_sha256", sa.String(64), primary_key=True),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("taken_utc", sa.String(32), nullable=False),
    )
