"""Debian's chromium with one page, its language, theme and size as a worker would have chosen them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from edge.core.errors import InputError
from edge.web.app import LANGUAGE_COOKIE, THEME_COOKIE

LANGUAGES, THEMES = ("zh", "en"), ("light", "dark")


@contextlib.contextmanager
def opened_page() -> Iterator[Any]:
    """A page in a fresh context, which takes the unit's own certificate. Raises InputError without a browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise InputError("chromium is not installed", remedy="sudo apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as e:
        raise InputError("playwright is not installed", remedy="tools/setup.sh test") from e
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            context = browser.new_context(ignore_https_errors=True, locale="zh-CN")
            page = context.new_page()
            page.set_default_timeout(20_000)
            yield page
        finally:
            browser.close()


def choose(page: Any, address: str, language: str, theme: str) -> None:
    """As the menu does; the next page that is loaded follows."""
    chosen = ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme))
    page.context.add_cookies([{"name": name, "value": value, "url": address} for name, value in chosen])


def wear(page: Any, theme: str) -> None:
    """Put the theme on the page as it stands: the style sheet goes by this attribute and nothing else."""
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)


def resize(page: Any, size: tuple[int, int]) -> None:
    """Give the window another size and let the page settle."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
