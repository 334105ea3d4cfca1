"""What goes down to the units: the keys they are sealed to, and the messages until they are confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "unit_messaging",
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), primary_key=True),
        sa.Column("serial", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.LargeBinary, nullable=False),
        sa.Column("received_utc", sa.String(32), nullable=False),
        sa.Column("applied_sequence", sa.BigInteger, nullable=False),
        sa.Column("list_version", sa.BigInteger, nullable=False),
        sa.Column("confirmed_utc", sa.String(32)),
    )
    op.create_table(
        "messages",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.Column("issued_utc", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try_s", sa.BigInteger, nullable=False),
        sa.Column("settled_utc", sa.String(32)),
        sa.UniqueConstraint("unit_id", "sequence"),
    )
    op.create_index("messages_due", "messages", ["state", "next_try_s"])
