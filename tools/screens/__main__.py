"""`python -m tools.screens DIR`: a picture of every page at every size, with no person in any."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from edge.core.errors import DoorstepError
from tools.screens.browser import LANGUAGES, THEMES, choose, opened_page, resize
from tools.screens.stroll import SIZES, Stroll
from tools.screens.unit import served_unit


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
@click.option("--theme", type=click.Choice(THEMES), default=THEMES[0], show_default=True)
@click.option("--only", multiple=True, metavar="NAME", help="Only these pages, as their files are named.")
def main(folder: Path, language: str, theme: str, only: tuple[str, ...]) -> None:
    """Write DIR/WIDTHxHEIGHT/PAGE.png for every page of the unit; the camera's picture is a drawing.

    \b
    Example:
      python -m tools.screens ./pictures --theme dark
    """
    status = Console(stderr=True).status("opening the pages")

    def look(page: Any, name: str) -> None:
        if only and name not in only:
            return
        status.update(name)
        for size in SIZES:
            resize(page, size)
            place = folder / f"{size[0]}x{size[1]}"
            place.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=place / f"{name}.png", full_page=True)

    try:
        with status, served_unit() as (address, phone_address), opened_page() as page:
            for own in (address, phone_address):
                choose(page, own, language, theme)
            resize(page, SIZES[0])
            Stroll(page, address, phone_address, look).walk()
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)
    click.echo(folder)


if __name__ == "__main__":
    main()
