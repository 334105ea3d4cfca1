"""`doorstep provision`: from an empty card to a unit that is trusted."""

from __future__ import annotations

import click

from edge.cli.card import card


@click.group()
def provision() -> None:
    """Make a unit of a board: its card on the bench, its keys on the unit.

    \b
    Example:
      doorstep provision card /media/bootfs --board pi5 --release trixie --id changsha-0007
    """


provision.add_command(card)
