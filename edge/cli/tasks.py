"""`doorstep tasks`: what the review desk decided of this unit's visits, and what is to be done."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.table import Table
from rich.text import Text

from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.cli.words import LANGUAGES, catalogue, say
from edge.core.civil_time import civil_minute
from edge.core.downward_content import Decision
from edge.wiring.tasks import tasks_of, tick_off
from edge.wiring.unit import open_unit, open_unit_readonly


@click.command()
@click.option("--done", "number", type=click.IntRange(1), metavar="NUMBER", help="Tick this task off; it is kept.")
@UNIT_OPTION
@json_option
def tasks(number: int | None, unit_dir: Path, as_json: bool) -> None:
    """List the decisions that came back from central and are not done: visit again, certified, not certified.

    Persons stand here by their number in the file; the visit list has their names.

    \b
    Examples:
      doorstep tasks
      doorstep tasks --done 7
    """
    if number is not None:
        with open_unit(unit_dir) as unit:
            tick_off(unit, number)
    with open_unit_readonly(unit_dir) as unit:
        found = tasks_of(unit)
    if as_json:
        print_json([{"number": n, **msgspec.to_builtins(decision)} for n, decision in found])
    elif found:
        console().print(_table(found))
    else:
        click.echo("No tasks. (没有待办任务)")


def _table(found: list[tuple[int, Decision]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("#", "decided", "person", "decision", "reason", "next due"):
        table.add_column(heading, overflow="fold")
    for number, decision in found:
        what = (decision.person_id, _said(decision.decision), decision.reason)
        when = civil_minute(decision.decided_utc)
        table.add_row(str(number), when, *map(Text, what), decision.next_due_date or "–")
    return table


def _said(decision: str) -> str:
    """In words; one that a newer central has decided stands as its code."""
    return say("decision", decision) if decision in catalogue(LANGUAGES[0])["decision"] else decision
