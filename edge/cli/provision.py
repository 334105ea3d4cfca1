"""`doorstep provision`: from an empty card to a unit that is trusted."""

from __future__ import annotations

import click

from edge.cli.authority import ca
from edge.cli.card import card
from edge.cli.enrolment import credentials, enrol, install, request


@click.group()
def provision() -> None:
    """Make a unit of a board: its card on the bench, its keys on the unit.

    \b
    Example, card on the bench, then the unit (U) and the technician's laptop (T):
      T  doorstep provision card /media/bootfs --board pi5 --release trixie --id changsha-0007
      T  doorstep provision ca init ~/authority --name "Changsha units"
      U  doorstep provision request --out /media/stick
      T  doorstep provision ca sign /media/stick/changsha-0007.request.json --ca ~/authority --out /media/stick
      U  doorstep provision install /media/stick/changsha-0007.answer.json
    """


for command in (card, request, install, enrol, credentials, ca):
    provision.add_command(command)
