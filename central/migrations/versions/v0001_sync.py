"""Units, records, receipts, refusals and alarms: what the first central held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meta", sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.create_table(
        "units",
        sa.Column("unit_id", sa.String(63), primary_key=True),
        sa.Column("keyid", sa.String(128), nullable=False, unique=True),
        sa.Column("key_document", sa.LargeBinary, nullable=False),
        sa.Column("registered_utc", sa.String(32), nullable=False),
        sa.Column("revoked_utc", sa.String(32)),
        sa.Column("gap_free_sequence", sa.BigInteger, nullable=False),
    )
    _records()
    _answers()


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(63), sa.ForeignKey("units.unit_id"), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("previous_sha256", sa.String(64), nullable=False),
        sa.Column("payload_type", sa.Text, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.Column("received_utc", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.Text, nullable=False),
        sa.Column("begun_utc", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.UniqueConstraint("unit_id", "sequence"),
        sa.UniqueConstraint("unit_id", "record_id"),
    )


def _answers() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("receipt_id", sa.String(64), nullable=False, unique=True),
        sa.Column("unit_id", sa.String(63), nullable=False),
        sa.Column("issued_utc", sa.String(32), nullable=False),
        sa.Column("gap_free_sequence", sa.BigInteger, nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
    )
    op.create_index("receipts_by_unit", "receipts", ["unit_id"])
    op.create_table(
        "refusals",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(63), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("first_utc", sa.String(32), nullable=False),
        sa.Column("last_utc", sa.String(32), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.UniqueConstraint("unit_id", "sha256"),
    )
    op.create_table(
        "alarms",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("unit_id", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("raised_utc", sa.String(32), nullable=False),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("unit_id", "kind", "sha256"),
    )
