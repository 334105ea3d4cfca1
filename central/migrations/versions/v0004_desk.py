"""The review desk; and what is asked of records by it, as columns beside the envelope."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edge.core.envelope import parse
from edge.core.errors import VerificationError
from edge.core.record import decode_record

revision, down_revision = "0004", "0003"
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = ("person_id", "scheme", "address_code", "worker")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("records", sa.Column(name, sa.Text, nullable=False, server_default=""))
    _fill()
    op.create_index("records_by_person", "records", ["person_id"])
    op.create_index("records_by_outcome", "records", ["outcome"])
    _accounts()
    _reviews()


def _fill() -> None:
    """Read the columns out of the records that are held."""
    connection = op.get_bind()
    records = sa.table("records", *(sa.column(n) for n in ("id", "envelope", *COLUMNS)))
    last = 0
    while rows := connection.execute(
        sa.select(records.c.id, records.c.envelope).where(records.c.id > last).order_by(records.c.id).limit(500)
    ).all():
        for row in rows:
            connection.execute(sa.update(records).where(records.c.id == row.id).values(_read(row.envelope)))
        last = rows[-1].id


def _read(raw: bytes) -> dict[str, str]:
    try:
        envelope = parse(raw)
        visit = decode_record(envelope.payload, envelope.payload_type).visit
    except VerificationError:
        return dict.fromkeys(COLUMNS, "")
    served = visit.person_served
    found = (served.person_id, served.scheme.value, visit.place.address_code, visit.person_serving)
    return {name: text if text.isprintable() else "" for name, text in zip(COLUMNS, found, strict=True)}


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("username", sa.String(63), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_phc", sa.Text, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary, nullable=False),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until_utc", sa.String(32)),
        sa.Column("disabled_utc", sa.String(32)),
        sa.Column("created_utc", sa.String(32), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("username", sa.String(63), sa.ForeignKey("accounts.username"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("begun_utc", sa.String(32), nullable=False),
        sa.Column("seen_utc", sa.String(32), nullable=False),
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("record_sha256", sa.String(64), sa.ForeignKey("records.sha256"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(63), nullable=False),
        sa.Column("proposed_utc", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.String(63)),
        sa.Column("decided_utc", sa.String(32)),
        sa.Column("message_sequence", sa.BigInteger),
    )
    op.create_table(
        "desk_log",
        sa.Column("id", _ID, primary_key=True, autoincrement=True),
        sa.Column("at_utc", sa.String(32), nullable=False),
        sa.Column("username", sa.String(63), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("desk_log_by_subject", "desk_log", ["subject"])
