"""What units say of their TLS certificates, and what they ask for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    op.create_table(
        "unit_certificates",
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("until_utc", sa.String(32), nullable=False, server_default=""),
        sa.Column("told_utc", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("key_sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("request", sa.LargeBinary),
        sa.Column("asked_utc", sa.String(32)),
        sa.Column("answered_utc", sa.String(32)),
    )
