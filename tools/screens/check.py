"""`python -m tools.screens.check`: every page in each language, theme and size, looked at for faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tools.screens.axe import violations
from tools.screens.browser import LANGUAGES, THEMES, choose, opened_page, resize
from tools.screens.layout import font_faults, layout_faults
from tools.screens.stroll import SIZES, Stroll
from tools.screens.unit import served_unit

Tell = Callable[[str], None]


class Inspection:
    """Gathers faults, each with where it was seen; looked: how often a page was inspected."""

    def __init__(self, addresses: tuple[str, ...], tell: Tell) -> None:
        self.faults: dict[str, list[str]] = {}
        self.looked: Counter[str] = Counter()
        self._addresses, self._tell = addresses, tell

    def foreign(self, request: Any) -> None:
        """Note a resource that a page loads from anywhere but the unit."""
        own = (*self._addresses, "data:", "blob:", "about:")
        if not request.url.startswith(own):
            self.faults.setdefault(f"foreign: {request.url}", []).append(request.frame.url)

    def look(self, page: Any, name: str, again: bool) -> None:
        """Inspect a stop in every way it can be seen; an answer to a form only in the way that is chosen."""
        self._tell(name)
        ways = [(language, theme) for language in LANGUAGES for theme in THEMES] if again else [("", "")]
        for language, theme in ways:
            if again:
                self._choose(page, language, theme)
                page.reload()
            self._inspect(page, name, f"{language} {theme}".strip())
        if again:
            self._choose(page, LANGUAGES[0], THEMES[0])
            page.reload()

    def _choose(self, page: Any, language: str, theme: str) -> None:
        for address in self._addresses:
            choose(page, address, language, theme)

    def _inspect(self, page: Any, name: str, way: str) -> None:
        for size in SIZES:
            resize(page, size)
            self.looked[name] += 1
            found = [*violations(page), *layout_faults(page)]
            if size == SIZES[0]:
                found += font_faults(page)
            for fault in found:
                self.faults.setdefault(f"{name}: {fault}", []).append(f"{way} {size[0]}×{size[1]}".strip())
        resize(page, SIZES[0])


def inspect(tell: Tell) -> Inspection:
    """Walk past every page and inspect it. Raises InputError where browser, engine or bundle lack."""
    with served_unit() as (address, phone_address), opened_page() as page:
        inspection = Inspection((address, phone_address), tell)
        page.on("request", inspection.foreign)
        resize(page, SIZES[0])
        Stroll(page, address, phone_address, inspection.look).walk()
        return inspection


def main() -> int:
    inspection = inspect(lambda name: print(f"  {name}", flush=True))
    for fault, where in sorted(inspection.faults.items()):
        print(f"{fault}\n    {', '.join(where)}")
    print(f"{len(inspection.looked)} pages, {sum(inspection.looked.values())} views, {len(inspection.faults)} faults")
    return 1 if inspection.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
