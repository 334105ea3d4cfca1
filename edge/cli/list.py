"""`doorstep list`: a visit list put on the unit by hand; central's comes by itself."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json, terminal
from edge.wiring.unit import open_unit


@click.group("list")
def list_() -> None:
    """Put a visit list on the unit by hand; it is kept encrypted under the unit's data key.

    \b
    Example:
      doorstep list install visits.csv
    """


@list_.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@UNIT_OPTION
@json_option
def install(file: Path, unit_dir: Path, as_json: bool) -> None:
    """Encrypt the list FILE (CSV) and the photographs it names into the unit, in place of the one before.

    FILE and its photographs stay where they are, unless they lie in the unit's own list folder: then they go.
    Wrong rows are named by line and left out of visits.

    \b
    Example:
      doorstep list install /media/stick/visits.csv
    """
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        entries, wrong = VisitSide(unit).install_list(file)
    if as_json:
        print_json({"people": len(entries), "wrong_rows": [{"line": r.line, "reason": r.reason} for r in wrong]})
        return
    for row in wrong:
        terminal.print(f"line {row.line}: {row.reason}", markup=False)
    click.echo(f"{len(entries)} people are on the unit's list, encrypted")
