"""`doorstep update`: another release of the software, tried before it stays."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json


@click.group()
def update() -> None:
    """Put another release on the unit, and take it back when it does not work."""


@update.command()
@UNIT_OPTION
@json_option
def settle(unit_dir: Path, as_json: bool) -> None:
    """Bring the store to this release: forwards with a copy kept, or back to that copy after an update that failed.

    The visit's service does it at every start. Refused when records have come in that the copy lacks.

    \b
    Example:
      doorstep update settle
    """
    from edge.wiring_upkeep import settle_store

    done = settle_store(unit_dir)
    if as_json:
        print_json({"store": done})
    else:
        click.echo(f"store: {done}")
