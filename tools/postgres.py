"""A real PostgreSQL on loopback, made for one run in a folder of its own and gone afterwards.

The server refuses to run as root; started by root it runs as PostgreSQL's own user or as nobody.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from central.broker import free_port
from edge.core.errors import StoreError

MEMORY = Path("/dev/shm")
TIMEOUT_S = 60.0


def find_program(name: str) -> str | None:
    """Debian keeps the server's programs out of PATH, in one folder per version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name.zfill(4), reverse=True)
    return shutil.which(name, path=":".join(map(str, folders))) or shutil.which(name)


def why_not() -> str | None:
    """Why no server can be started here, or None."""
    missing = [name for name in ("initdb", "pg_ctl") if find_program(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found: apt-get install postgresql"
    return None


def _roomy(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free > 2**30


class Postgres:
    """One server with one superuser, reached over loopback by password. A context manager.

    durable: False spares the disk; right for tests, wrong for measuring.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self._durable = durable
        self._password = secrets.token_urlsafe(24)
        self._port = free_port()
        self._count = 0

    def __enter__(self) -> Postgres:
        reason = why_not()
        if reason is not None:
            raise StoreError(reason, remedy="Install PostgreSQL's server.")
        # Thousands of small files take a busy disk a minute to remove; in memory they take no time.
        place = MEMORY if not self._durable and _roomy(MEMORY) else None
        self._folder = Path(tempfile.mkdtemp(prefix="doorstep-postgres-", dir=place))
        password = self._folder / "password"
        password.write_text(self._password)
        self._folder.chmod(0o700)
        if self._user is not None:
            for path in (self._folder, password):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run("initdb", "-D", self._data, "-U", "central", "-A", "scram-sha-256", f"--pwfile={password}",
                      "-E", "UTF8", "--locale=C")  # fmt: skip
            self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", self._folder / "log", "-o", self._options)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        try:
            self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._data)
        finally:
            self._remove()

    @property
    def pid(self) -> int:
        """The server's first process; the others are its children."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        where = URL.create("postgresql", "central", self._password, "127.0.0.1", self._port, database)
        return where.render_as_string(hide_password=False)

    def new_database(self) -> str:
        """Make an empty database; gives its URL."""
        self._count += 1
        name = f"central_{self._count}"
        self._execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def new_schema(self) -> str:
        """Make an empty schema in one database that all share; gives the URL that sees nothing else. Far quicker."""
        self._count += 1
        name = f"central_{self._count}"
        self._execute(f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}?options=-csearch_path%3D{name}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _options(self) -> str:
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder}"
        return options if self._durable else f"{options} -c fsync=off -c full_page_writes=off"

    @cached_property
    def _user(self) -> pwd.struct_passwd | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return pwd.getpwnam("postgres" if "postgres" in names else "nobody")

    def _execute(self, statement: str) -> None:
        url = self.url("postgres").replace("postgresql:", "postgresql+psycopg:")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(find_program(program)), *map(str, arguments)]
        user = self._user
        # The server inherits what pg_ctl has open; a pipe here would never end.
        with (self._folder / "setup").open("ab") as out:
            done = subprocess.run(
                command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                check=False,
                timeout=TIMEOUT_S,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
            )
        if done.returncode != 0:
            said = (self._folder / "setup").read_text(errors="replace")[-400:]
            raise StoreError(f"{program} ended with {done.returncode}: {said}")

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
