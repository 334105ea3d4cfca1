"""`doorstep-central models` and `release`: offer a model bundle, or a release, to units, and see how far each is."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from central.bundles import ReadyBundle, offer_bundle, read_bundle, read_release
from central.clock import now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, chosen_units, in_folder, open_central, print_json, to_units
from central.downward import Downlink
from central.keys import message_signers
from central.rows import bundles as rows
from central.rows.status import all_known
from central.status import last_status
from edge.core.errors import InputError
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
    _offer(ctx, ready, folder, unit_ids, to_all=to_all, as_json=as_json)


@click.group()
def release() -> None:
    """Releases of the units' software, over the network; by stick: docs/technician.md."""


@release.command("offer")
@click.argument("package", type=FILE)
@click.option("--key", "key_file", required=True, type=FILE, help="The publisher's public key.")
@to_units
@in_folder
@as_json
@click.pass_context
def offer_release(
    ctx: click.Context,
    package: Path,
    key_file: Path,
    unit_ids: tuple[str, ...],
    to_all: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Check the signed PACKAGE (PACKAGE.dsse.json lies beside it) and offer it to units: they fetch it in pieces, try
    it when no visit is under way, and go back by themselves when it does not work.

    Offer it to a few first. Exit code 1 when a unit could not be told, because it has not yet given its keys.

    \b
    Example:
      doorstep-central release offer doorstep_0.1.0+907~bookworm_arm64.deb --key release.pub.json --unit changsha-0007
    """
    signature = package.with_name(f"{package.name}.dsse.json")
    if not signature.exists():
        raise InputError(f"there is no {signature.name} beside the package", remedy="Both come from the publisher.")
    publisher = decode_public_key(key_file.read_bytes())
    ready = read_release(package.read_bytes(), package.name, signature.read_bytes(), publisher)
    _offer(ctx, ready, folder, unit_ids, to_all=to_all, as_json=as_json)


def _offer(
    ctx: click.Context, ready: ReadyBundle, folder: Path, unit_ids: tuple[str, ...], *, to_all: bool, as_json: bool
) -> None:
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
    _list(rows.BUNDLES, "bundle", folder, as_json)


@release.command("list")
@in_folder
@as_json
def list_releases(folder: Path, as_json: bool) -> None:
    """List the units with the release each was offered last, what became of it, and what each last said it runs."""
    _list(rows.RELEASES, "package", folder, as_json)


def _list(kind: rows.Kind, what: str, folder: Path, as_json: bool) -> None:
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        said = {row["unit_id"]: last_status(row) for row in all_known(transaction.connection)}
        found = [
            {**row, "runs": status.software if (status := said.get(row["unit_id"])) else ""}
            for row in rows.standings(transaction.connection, kind)
        ]
    if as_json:
        print_json(found)
        return
    table = Table("unit", what, "state", "lacks", "told", "reason", "runs")
    for row in found:
        lacks = sum(last - first + 1 for first, last in row["missing"])
        told = (f"{lacks} chunks" if lacks else "–", (row["told_utc"] or "–")[:19], row["reason"], row["runs"])
        table.add_row(row["unit_id"], row["name"], row["state"], *told)
    Console(markup=False).print(table)
