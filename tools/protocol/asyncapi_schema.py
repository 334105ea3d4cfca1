"""AsyncAPI's own schema of AsyncAPI 3 documents, in a pinned version.

`python -m tools.protocol.asyncapi_schema` fetches it into the user's cache, once; the set-up of the tests does so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from edge.core.errors import DoorstepError
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.places import cache_folder
from tools.bundle.sources import Package

PACKAGE = Package(
    registry="npm",
    package="@asyncapi/specs",
    version="6.11.1",
    sha256="01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928",
    size_bytes=352396,
)
_FILE, _FILE_SHA256 = "package/schemas/3.0.0.json", "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"


def schema() -> dict[str, Any]:
    """The schema, JSON Schema draft 7. Raises InputError when it cannot be had."""
    archive, _ = package_file(PACKAGE, cache_folder() / "packages", Path(__file__).parent)
    found: dict[str, Any] = msgspec.json.decode(inner_file(archive, _FILE, _FILE_SHA256))
    return found


def main() -> int:
    try:
        schema()
    except DoorstepError as e:
        print(f"{e.message}\n{e.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
