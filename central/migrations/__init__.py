"""Alembic's steps from each schema of central's database to the next. Forward only (docs/adr/0007)."""
