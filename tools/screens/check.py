"""`python -m tools.screens.check`: every page in each language, theme and size, looked at for faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tools.screens.axe import violations
from tools.screens.browser import LANGUAGES, THEMES, choose, opened_page, resize, wear
from tools.screens.layout import font_faults, layout_faults
from tools.screens.stroll import SIZES, Stroll
from tools.screens.unit import served_unit

Tell = Callable[[str], None]


class Inspection:
    """Gathers faults, each with where it was seen; looked: how often a page was inspected."""

    def __init__(self, tell: Tell) -> None:
        self.faults: dict[str, list[str]] = {}
        self.looked: Counter[str] = Counter()
        self._tell = tell

    def walk(self, language: str) -> None:
        """Past every page of a fresh unit in one language; at each stop every theme and size."""
        with served_unit() as addresses, opened_page() as page:
            for address in addresses:
                choose(page, address, language, THEMES[0])
            page.on("request", lambda request: self._foreign(request, addresses))
            resize(page, SIZES[0])
            Stroll(page, *addresses, lambda page, name: self._look(page, name, language)).walk()

    def _foreign(self, request: Any, addresses: tuple[str, ...]) -> None:
        """Note a resource that a page loads from anywhere but the unit."""
        if not request.url.startswith((*addresses, "data:", "blob:", "about:")):
            self.faults.setdefault(f"foreign: {request.url}", []).append(request.frame.url)

    def _look(self, page: Any, name: str, language: str) -> None:
        self._tell(f"{name} {language}")
        for theme in (*THEMES[1:], THEMES[0]):  # the walk goes on in the first
            wear(page, theme)
            for size in SIZES:
                resize(page, size)
                self.looked[name] += 1
                found = [*violations(page), *layout_faults(page)]
                if size == SIZES[0]:
                    found += font_faults(page)
                for fault in found:
                    self.faults.setdefault(f"{name}: {fault}", []).append(f"{language} {theme} {size[0]}×{size[1]}")
        resize(page, SIZES[0])


def inspect(tell: Tell) -> Inspection:
    """Walk past every page and inspect it. Raises InputError where browser, engine or bundle lack."""
    inspection = Inspection(tell)
    for language in LANGUAGES:
        inspection.walk(language)
    return inspection


def main() -> int:
    inspection = inspect(lambda name: print(f"  {name}", flush=True))
    for fault, where in sorted(inspection.faults.items()):
        print(f"{fault}\n    {', '.join(where)}")
    print(f"{len(inspection.looked)} pages, {sum(inspection.looked.values())} views, {len(inspection.faults)} faults")
    return 1 if inspection.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
