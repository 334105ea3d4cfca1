"""A package's life in a clean system: installed, upgraded, an upgrade that fails, no way back, removed, purged.

Each step says what must hold afterwards and raises AssertionError, with the output, when it does not.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.deb.root import Root

STORE = "var/lib/doorstep/records.sqlite3"
FOLDERS = ("edge", "systemd", "firmware-config", "tools/deb/control")
FILES = ("README.md", "CHANGELOG.md", "NOTICE", "LICENSE", "pyproject.toml")
BREAKS = "CREATE TABLE records (twice INTEGER)"
WORKS = "ALTER TABLE evidence ADD COLUMN of_next_release TEXT"
VISIT = ("--person-id", "p-1", "--worker", "w-1", "--not-performed", "not_present")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """previous, current: of two commits. next: with one more migration. broken: with one that fails."""

    previous: Path
    current: Path
    next: Path
    broken: Path


def altered_source(source: Path, folder: Path, statement: str) -> Path:
    """A copy of `source` whose store has one more migration."""
    for part in FOLDERS:
        shutil.copytree(source / part, folder / part)
    for part in FILES:
        shutil.copy(source / part, folder / part)
    schema = folder / "edge/store/schema.py"
    more = f'MIGRATIONS = (*MIGRATIONS, ("{statement}",))\nVERSION = len(MIGRATIONS)\n'
    schema.write_text(f"{schema.read_text()}\n{more}")
    return folder


class Life:
    """The steps, in order, on one system."""

    def __init__(self, root: Root, packages: Packages) -> None:
        self._root, self._packages = root, packages

    def steps(self) -> list[Callable[[], str]]:
        return [self.install, self.upgrade, self.failed_upgrade, self.no_way_back, self.remove, self.purge]

    def install(self) -> str:
        """Installed, with a unit made and three visits kept."""
        self._dpkg("-i", self._packages.previous)
        self._as_visit("unit", "init", "/var/lib/doorstep", "--id", "unit-0001", "--demo")
        self._root.run("/usr/lib/doorstep/ownership")
        for _ in range(3):
            self._as_visit("visit", *VISIT)
        enabled = self._root.folder / "etc/systemd/system/multi-user.target.wants/doorstep.target"
        assert enabled.is_symlink(), "the target is not enabled"
        return self._sound(3, self._packages.previous)

    def upgrade(self) -> str:
        """Upgraded with data in the store: the records are there, another can be made."""
        self._dpkg("-i", self._packages.current)
        self._as_visit("visit", *VISIT)
        return self._sound(4, self._packages.current)

    def failed_upgrade(self) -> str:
        """An upgrade whose migration fails on this store: dpkg goes back, not a byte of the store differs."""
        before = self._digest()
        done = self._dpkg("-i", self._packages.broken, check=False)
        assert done.returncode != 0, "a broken upgrade went through"
        assert "Nothing was changed" in done.stderr, done.stderr
        assert self._digest() == before, "the store was touched"
        return self._sound(4, self._packages.current)

    def no_way_back(self) -> str:
        """Upgraded to a newer schema, then the older package: refused, and the newer one works on."""
        self._dpkg("-i", self._packages.next)
        self._sound(4, self._packages.next)
        done = self._dpkg("-i", self._packages.current, check=False)
        assert done.returncode != 0 and "install the newer one again" in done.stderr, done.stderr
        self._as_visit("visit", *VISIT)
        return self._sound(5, self._packages.next)

    def remove(self) -> str:
        """Removed: the software is gone to the last file, the data is all there."""
        before = self._digest()
        self._dpkg("--remove", "doorstep")
        assert self._digest() == before
        left = [path for path in ("opt/doorstep", "usr/lib/doorstep", "usr/bin/doorstep") if self._there(path)]
        assert not left, f"left behind: {left}"
        assert not list((self._root.folder / "usr/lib/systemd/system").glob("doorstep*"))
        return "data kept, nothing else left"

    def purge(self) -> str:
        """Purged: first refused to delete what is undelivered, then, all receipted, nothing is left."""
        kept = self._dpkg("--purge", "doorstep")
        assert "5 records are not receipted" in kept.stderr and self._there(STORE), kept.stderr
        self._dpkg("-i", self._packages.next)
        delivered = f"c = sqlite3.connect('/{STORE}'); c.execute(\"UPDATE outbox SET state = 'receipted'\")"
        self._root.run("python3", "-c", f"import sqlite3; {delivered}; c.commit()")
        self._dpkg("--purge", "doorstep")
        found = self._root.run("sh", "-c", "find / -xdev -path /proc -prune -o -name '*doorstep*' -print").stdout
        left = [line for line in found.split() if not line.startswith(("/tmp/", "/var/log/", "/var/cache/"))]
        assert not left, f"left behind: {left}"
        return "undelivered records were kept; delivered, nothing is left but the users"

    def _dpkg(self, action: str, what: Path | str, check: bool = True) -> subprocess.CompletedProcess[str]:
        name = self._root.put(what) if isinstance(what, Path) else what
        return self._root.run("dpkg", action, name, check=check)

    def _as_visit(self, *command: str) -> str:
        unit = () if command[0] == "unit" else ("--unit", "/var/lib/doorstep")
        return self._root.run("runuser", "-u", "doorstep", "--", "doorstep", *command, *unit).stdout

    def _sound(self, records: int, package: Path) -> str:
        """The unit verifies with so many records, under the version of `package`."""
        verified = self._as_visit("verify")
        assert f"{records} record" in verified and "✓ verifies" in verified, verified
        status = self._root.run("dpkg-query", "-W", "-f=${Status} ${Version}", "doorstep").stdout
        version = package.name.split("_")[1]
        assert status == f"install ok installed {version}", status
        return f"{version}: {records} records verify"

    def _digest(self) -> str:
        files = sorted((self._root.folder / "var/lib/doorstep").glob("records.sqlite3*"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def _there(self, path: str) -> bool:
        return (self._root.folder / path).exists()
