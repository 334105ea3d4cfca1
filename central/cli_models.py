"""`doorstep-central models`: offer a model bundle to units, and see how far each is."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from central.bundles import offer_bundle, read_bundle
from central.clock import now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, chosen_units, in_folder, open_central, print_json, to_units
from central.downward import Downlink
from central.keys import message_signers
from central.rows import bundles as rows
from edge.core.keys import decode_public_key

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def models() -> None:
    """Model bundles for the units."""


@models.command("offer")
@click.argument("file", type=FILE)
@click.option("--key", "key_file", required=True, type=FILE, help="The publisher's public key.")
@to_units
@in_folder
@as_json
@click.pass_context
def offer(
    ctx: click.Context,
    file: Path,
    key_file: Path,
    unit_ids: tuple[str, ...],
    to_all: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Check the exported bundle FILE and offer it to units: they fetch it in pieces, install it after a self-test.

    Exit code 1 when a unit could not be told, because it has not yet given its keys.

    \b
    Example:
      doorstep-central models offer default.bundle.zip --key publisher.pub.json --all
    """
    ready = read_bundle(file.read_bytes(), file.name, decode_public_key(key_file.read_bytes()))
    config, store = open_central(folder)
    downlink = Downlink(message_signers(folder, config))
    with store, store.transaction() as transaction:
        chosen = chosen_units(transaction, unit_ids, to_all=to_all)
        waiting = offer_bundle(transaction, downlink, ready, chosen, at_utc=now_utc())
    if as_json:
        told = [unit_id for unit_id in chosen if unit_id not in waiting]
        print_json({"file_sha256": ready.offer.file_sha256, "offered_to": told, "keys_not_known": waiting})
    else:
        size_mb = len(ready.content) / 1e6
        click.echo(f"{ready.offer.name}, {size_mb:.1f} MB, offered to {len(chosen) - len(waiting)} unit(s)")
        for unit_id in waiting:
            click.echo(f"{unit_id} has not yet given its keys; offer it again once it has connected")
    ctx.exit(DOES_NOT_VERIFY if waiting else OK)


@models.command("list")
@in_folder
@as_json
def list_standings(folder: Path, as_json: bool) -> None:
    """List the units with the bundle each was offered last, and what became of it."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        found = rows.standings(transaction.connection)
    if as_json:
        print_json(found)
        return
    table = Table("unit", "bundle", "state", "lacks", "told", "reason")
    for row in found:
        lacks = sum(last - first + 1 for first, last in row["missing"])
        said = (f"{lacks} chunks" if lacks else "–", (row["told_utc"] or "–")[:19], row["reason"])
        table.add_row(row["unit_id"], row["name"], row["state"], *said)
    Console(markup=False).print(table)
