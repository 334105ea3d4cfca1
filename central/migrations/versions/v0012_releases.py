"""How far each unit is with the release of the software that it was offered last; its file lies with the bundles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0012", "0011"


def upgrade() -> None:
    op.create_table(
        "unit_releases",
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("file_sha256", sa.String(64), sa.ForeignKey("bundles.file_sha256"), nullable=False),
        sa.Column("offered_utc", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("told_utc", sa.String(32)),
    )
