"""`doorstep purge` and `doorstep backup`: what the unit's timers do, and a technician may do by hand."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.wiring.unit import open_unit, open_unit_readonly


@click.command()
@UNIT_OPTION
@json_option
def purge(unit_dir: Path, as_json: bool) -> None:
    """Delete evidence that central has receipted, and photographs kept here, whose time is over; records never.

    What is deleted is overwritten in the file. The times are `evidence_retention_days` and `photo_retention_days` in
    unit.toml.

    \b
    Example:
      doorstep purge
    """
    from edge.wiring.sync import purge_evidence, purge_photos

    with open_unit(unit_dir) as unit:
        pieces, photos = purge_evidence(unit), purge_photos(unit)
    if as_json:
        print_json({"evidence_purged": pieces, "photos_purged": photos})
    else:
        click.echo(f"{pieces} pieces of evidence and {photos} kept photographs purged")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@UNIT_OPTION
@json_option
def backup(folder: Path, unit_dir: Path, as_json: bool) -> None:
    """Copy every record, as signed, to DIR, a stick say, as UNIT.backup.jsonl; then read it back and verify it.

    The copy before is replaced when the new one is whole. It holds no key, no evidence and nothing but the records;
    `doorstep verify FILE --key UNIT.pub.json` proves it anywhere.

    \b
    Example:
      doorstep backup /media/doorstep
    """
    from edge.wiring.upkeep import back_up

    with open_unit_readonly(unit_dir) as unit:
        made = back_up(unit, folder)
    if as_json:
        print_json({"file": str(made.file), "records": made.records, "written": made.written})
    elif made.written:
        click.echo(f"{made.records} records in {made.file}, read back and verified")
    else:
        click.echo(f"{made.file} has all {made.records} records already")
