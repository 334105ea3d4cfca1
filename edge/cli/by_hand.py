"""`doorstep export` and `doorstep import`: a stick in the broker's place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.services.progress import ProgressKind
from edge.wiring.sync import export_parcel, import_parcel
from edge.wiring.unit import open_unit

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
INCOMPLETE = 4


@click.command()
@FOLDER
@UNIT_OPTION
@json_option
def export(folder: Path, unit_dir: Path, as_json: bool) -> None:
    """Write everything that central has not receipted to DIR, a stick say, as UNIT.to-central.

    The records stay in the outbox until central's receipts are here, by wire or by `doorstep import`. The file
    appears whole or not at all; it holds what a record holds, signed, and nothing that the records do not show.

    \b
    Example:
      doorstep export /media/stick
    """
    with open_unit(unit_dir) as unit:
        path, records = export_parcel(unit, folder)
    if as_json:
        print_json({"file": str(path), "records": records})
        return
    click.echo(f"{records} records in {path}. At central: doorstep-central import DIR")


@click.command("import")
@FOLDER
@UNIT_OPTION
@json_option
@click.pass_context
def import_(ctx: click.Context, folder: Path, unit_dir: Path, as_json: bool) -> None:
    """Apply what central wrote for this unit to DIR: receipts, visit lists, decisions, policies, commands.

    Each is checked as if it had come over the wire; the same again changes nothing. Exit code 4 when the file was
    cut off; what was whole of it is applied.

    \b
    Example:
      doorstep import /media/stick
    """
    with open_unit(unit_dir) as unit:
        told, whole = import_parcel(unit, folder)
    counts = Counter(progress.kind for progress in told)
    if as_json:
        print_json({"whole": whole, **{kind.value: counts[kind] for kind in ProgressKind if counts[kind]}})
    else:
        receipted, applied = counts[ProgressKind.DELIVERED], counts[ProgressKind.APPLIED]
        click.echo(f"{receipted} records receipted, {applied} messages applied")
        for progress in told:
            if progress.kind not in (ProgressKind.DELIVERED, ProgressKind.APPLIED):
                click.echo(f"{progress.kind}: {progress.detail}")
        if not whole:
            click.echo("The file was cut off. Take the stick to central again, or import it once more.", err=True)
    ctx.exit(0 if whole else INCOMPLETE)
