"""`doorstep retire`: the end of a unit, with a proof."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.cli.writing import write_files
from edge.core.errors import InputError


@click.command()
@click.option("--reason", default="", help="Replaced, broken, given back; it stands in the proof.")
@click.option("--id", "unit_id", metavar="ID", help="The unit's id, to say that you mean it; else you are asked.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Also write the proof to this folder.")
@UNIT_OPTION
@json_option
def retire(reason: str, unit_id: str | None, out: Path | None, unit_dir: Path, as_json: bool) -> None:
    """Erase all keys of this unit for good, and print a signed proof of it.

    Refused while anything has not reached central. What the keys encrypted stays closed to everybody afterwards;
    the signed records stay on the disk. Give the proof to central: doorstep-central unit retired PROOF.

    \b
    Example:
      doorstep retire --reason replaced --out /media/stick
    """
    from edge.wiring.retire import PROOF
    from edge.wiring.retire import retire as retire_unit
    from edge.wiring.unit import open_unit

    with open_unit(unit_dir) as unit:
        own = unit.config.unit_id
        if unit_id is None:
            unit_id = click.prompt(f"This cannot be undone. Type the unit's id ({own})")
        if unit_id != own:
            raise InputError(f"not retired: this unit is {own}, you named {unit_id}")
        raw = retire_unit(unit, reason)
    # Said before it is written: a stick that is full must not be all that a technician hears of it.
    if as_json:
        print_json({"unit_id": own, "proof": raw.decode()})
    else:
        click.echo(raw.decode())
        click.echo(f"{own} is retired; its keys are erased.", err=True)
    if out is not None:
        write_files({out / f"{own}.{PROOF}": raw})
