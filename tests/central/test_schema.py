"""The database's schema: the same from the steps as from the tables, brought forward, never back."""

from __future__ import annotations

import multiprocessing
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

import central
from central import tables
from central.config import StoreKind
from central.engine import open_engine
from central.schema import FIRST
from central.store import CentralStore
from edge.core.errors import ConfigError, StoreError
from tests.samples import UNIT, sample_chain

for module in pkgutil.iter_modules(central.__path__, "central."):
    if module.name.startswith("central.tables_"):
        import_module(module.name)  # all tables are declared once they are imported


def opened(database: str, folder: Path) -> CentralStore:
    return CentralStore.open(database, folder=folder, kind=StoreKind.GENUINE)


@pytest.fixture
def engine(database: str, tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(database, tmp_path)
    yield made
    made.dispose()


def test_steps_lead_to_the_tables_that_the_code_names(database: str, tmp_path: Path, engine: Engine) -> None:
    opened(database, tmp_path).close()
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_database_from_before_there_were_versions_is_brought_forward(
    database: str, tmp_path: Path, engine: Engine
) -> None:
    (raw,) = (stored.envelope for stored in sample_chain(1))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "central:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        unit = {"unit_id": UNIT, "keyid": "k", "key_document": b"", "registered_utc": "", "gap_free_sequence": 0}
        record = {"unit_id": UNIT, "sequence": 1, "sha256": "a", "record_id": "r", "previous_sha256": "0",
                  "payload_type": "t", "envelope": raw, "received_utc": "", "visit_id": "v", "begun_utc": "",
                  "outcome": "review", "reasons": "[]"}  # fmt: skip
        for table, row in (("units", unit), ("records", record)):
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        connection.execute(text("DROP TABLE alembic_version"))
    opened(database, tmp_path).close()
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        row = connection.execute(text("SELECT person_id, scheme, worker FROM records")).one()
    assert tuple(row) == ("person-1", "resident", "worker-1")


def test_newer_schema_is_refused_and_left_alone(database: str, tmp_path: Path, engine: Engine) -> None:
    opened(database, tmp_path).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="9999"):
        opened(database, tmp_path)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def _open_and_close(database: str, folder: str) -> None:
    opened(database, Path(folder)).close()


def test_processes_that_start_together_make_the_schema_once(database: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    starting = [context.Process(target=_open_and_close, args=(database, str(tmp_path))) for _ in range(3)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(60)
    assert [process.exitcode for process in starting] == [0, 0, 0]


def test_password_of_an_unusable_database_is_not_shown(tmp_path: Path) -> None:
    for url in ("postgresql://central:secret-word@127.0.0.1:1/x", "mysql://a:secret-word@h/x", "secret-word"):
        with pytest.raises((ConfigError, StoreError)) as caught:
            opened(url, tmp_path)
        assert "secret-word" not in caught.value.message
