"""Field workers' keys, and which keys signed a record beside the unit's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    op.create_table(
        "worker_keys",
        sa.Column("keyid", sa.String(128), primary_key=True),
        sa.Column("worker_id", sa.String(64), nullable=False),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), nullable=False),
        sa.Column("public_hex", sa.String(64), nullable=False),
        sa.Column("enrolment", sa.LargeBinary, nullable=False),
        sa.Column("added_utc", sa.String(32), nullable=False),
        sa.Column("revoked_utc", sa.String(32)),
    )
    op.create_index("worker_keys_by_worker", "worker_keys", ["worker_id"])
    for name in ("worker_keyid", "witness_keyid"):
        op.add_column("records", sa.Column(name, sa.String(128), nullable=False, server_default=""))
