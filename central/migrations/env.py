"""Alembic's entry point: runs the steps on the connection that central/schema.py lends it, in its transaction."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
