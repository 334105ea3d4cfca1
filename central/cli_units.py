"""`doorstep-central unit command` and `unit retired`: telling a unit from afar, and taking its proof of the end."""

from __future__ import annotations

from pathlib import Path

import click

from central.clock import now_utc
from central.console import as_json, in_folder, open_central, print_json
from central.downward import Downlink
from central.keys import message_signers
from central.rows.messages import messages_of
from edge.core.downward import MessageKind
from edge.core.downward_content import Command, CommandName
from edge.core.errors import InputError
from edge.core.keys import key_sha256
from edge.core.retirement import open_retirement

NAMES = [name.value for name in CommandName if name is not CommandName.WITHDRAWN]


@click.command("command")
@click.argument("unit_id")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--subject", default="", help="Whom: a worker to unlock; a person_id, or `all`, to purge.")
@click.option("--reason", default="", help="Kept with the command.")
@in_folder
@as_json
def unit_command(unit_id: str, name: str, subject: str, reason: str, folder: Path, as_json: bool) -> None:
    """Tell a unit to lock (revoke), go on (reinstate), stop for good (retire), erase its keys (wipe), or else.

    Signed, sealed to the unit, sent until the unit confirms it with its own signature: see `unit commands`.

    \b
    Example, a unit that was lost:
      doorstep-central unit command changsha-0007 wipe --reason lost
      doorstep-central unit commands changsha-0007
    """
    config, store = open_central(folder)
    command = Command(name=CommandName(name), subject=subject, reason=reason)
    with store, store.transaction() as transaction:
        downlink = Downlink(message_signers(folder, config))
        sequence = downlink.issue(transaction, unit_id, MessageKind.COMMAND, command, at_utc=now_utc())
    if as_json:
        print_json({"unit_id": unit_id, "command": name, "sequence": sequence})
    else:
        click.echo(f"{unit_id}: {name} is message {sequence}; it counts when the unit has confirmed it")


@click.command("commands")
@click.argument("unit_id")
@in_folder
@as_json
def unit_commands(unit_id: str, folder: Path, as_json: bool) -> None:
    """What a unit was told, and what it has confirmed."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        rows = [
            {name: row[name] for name in ("sequence", "kind", "issued_utc", "state", "reason", "settled_utc")}
            for row in messages_of(transaction.connection, unit_id)
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        confirmed = f"confirmed {row['settled_utc']}" if row["settled_utc"] else "not confirmed"
        click.echo(f"{row['sequence']}  {row['kind']}  {row['state']}  {row['reason'] or ''}  {confirmed}")


@click.command("retired")
@click.argument("proof", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@in_folder
@as_json
def unit_retired(proof: Path, folder: Path, as_json: bool) -> None:
    """Check the PROOF that `doorstep retire` printed against what is held, and take nothing more from the unit.

    Refused when a record that the proof counts is not here.
    """
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        rows = {row.unit_id: row for row in transaction.units()}
        said = open_retirement(proof.read_bytes(), [row.key for row in rows.values()])
        held = rows[said.unit_id]
        if held.gap_free_sequence != said.records or key_sha256(held.key) != said.key_sha256:
            raise InputError(
                f"{said.unit_id} says that it delivered {said.records} records, {held.gap_free_sequence} are here",
                remedy="Keep the card. Find out what was lost before the unit is written off.",
            )
        transaction.revoke_unit(said.unit_id, at_utc=now_utc())
    if as_json:
        print_json(said)
    else:
        click.echo(f"{said.unit_id} is retired: {said.records} records, all here; {len(said.erased)} keys erased")
