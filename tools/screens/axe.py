"""axe-core, the accessibility engine, in a pinned version; and what it finds on a page.

`python -m tools.screens.axe` fetches it into the user's cache, once; the set-up of the tests does so.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from edge.core.errors import DoorstepError
from tools.bundle.fetch import inner_file, package_file
from tools.bundle.places import cache_folder
from tools.bundle.sources import Package

PACKAGE = Package(
    registry="npm",
    package="axe-core",
    version="4.14.1",
    sha256="e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
    size_bytes=708405,
)
_SCRIPT, _SCRIPT_SHA256 = "package/axe.min.js", "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
_RUN = """async (levels) => (await axe.run(document, {
  runOnly: {type: "tag", values: levels}, resultTypes: ["violations"],
})).violations.map((v) => {
  const where = v.nodes.map((n) => `${n.target.join(" ")} ${n.failureSummary}`);
  return `${v.id}: ${where.join(" | ")}`;
})"""


@cache
def script() -> str:
    """The engine's source. Raises InputError when it cannot be had."""
    archive, _ = package_file(PACKAGE, cache_folder() / "packages", Path(__file__).parent)
    return inner_file(archive, _SCRIPT, _SCRIPT_SHA256).decode()


def violations(page: Any) -> list[str]:
    """Every violation of WCAG 2.2 A and AA on a page of Playwright's, with the elements concerned."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(script())
    found: list[str] = page.evaluate(_RUN, LEVELS)
    return found


def main() -> int:
    try:
        script()
    except DoorstepError as e:
        print(f"{e.message}\n{e.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
