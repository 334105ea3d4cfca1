"""Whether a person's references go down to a unit: not after the comparison was taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0010", "0009"


def upgrade() -> None:
    op.add_column("persons", sa.Column("face", sa.String(16), nullable=False, server_default="agreed"))
