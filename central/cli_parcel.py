"""`doorstep-central import`: take what units wrote to a stick, and write receipts and messages back."""

from __future__ import annotations

from pathlib import Path

import click

from central.clock import now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, in_folder, ingest_of, open_central, print_json
from central.parcel import import_parcels
from central.post import open_post


@click.command("import")
@click.argument("stick", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@in_folder
@as_json
@click.pass_context
def import_(ctx: click.Context, stick: Path, folder: Path, as_json: bool) -> None:
    """Take every UNIT.to-central in DIR and write UNIT.to-unit beside it.

    The decision over each record is the same as over the wire; the same stick again changes nothing. Exit code 1 when
    anything was refused or a file was cut off; what was whole of it is taken.
    """
    config, store = open_central(folder)
    with store:
        carried = import_parcels(
            stick, ingest_of(config, store, folder), open_post(config, store, folder), at_utc=now_utc()
        )
    if as_json:
        print_json(carried)
    for parcel in () if as_json else carried:
        click.echo(
            f"{parcel.unit_id}: {parcel.stored} records held, {parcel.refused} refused, {parcel.messages} messages "
            f"to carry back{'' if parcel.whole else '; the file was cut off'}"
        )
        for remark in parcel.remarks:
            click.echo(f"{parcel.unit_id}: {remark}")
    if not carried and not as_json:
        click.echo(f"no unit's parcel in {stick}")
    ctx.exit(OK if all(p.whole and not p.refused for p in carried) else DOES_NOT_VERIFY)
