"""`doorstep-central policy`: send units the policy that they judge by."""

from __future__ import annotations

from pathlib import Path

import click

from central.clock import now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, chosen_units, in_folder, open_central, print_json, to_units
from central.downward import Downlink
from central.keys import message_signers
from central.policies import read_policy, send_policy


@click.group()
def policy() -> None:
    """The policy that units judge by."""


@policy.command("send")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@to_units
@in_folder
@as_json
@click.pass_context
def send(
    ctx: click.Context, file: Path, unit_ids: tuple[str, ...], to_all: bool, folder: Path, as_json: bool
) -> None:
    """Check the policy FILE (TOML) and send it, signed, to units; each goes by it from its next visit on.

    A unit whose unit.toml names a policy of its own keeps that. `unit commands` shows who has confirmed it.
    Exit code 1 when a unit could not be told, because it has not yet given its keys.

    \b
    Example:
      doorstep-central policy send province.toml --all
    """
    sent = read_policy(file.read_bytes())
    config, store = open_central(folder)
    downlink = Downlink(message_signers(folder, config))
    with store, store.transaction() as transaction:
        chosen = chosen_units(transaction, unit_ids, to_all=to_all)
        waiting = send_policy(transaction, downlink, sent, chosen, at_utc=now_utc())
    if as_json:
        told = [unit_id for unit_id in chosen if unit_id not in waiting]
        print_json({"policy_id": sent.policy_id, "sent_to": told, "keys_not_known": waiting})
    else:
        click.echo(f"{sent.policy_id}, sent to {len(chosen) - len(waiting)} unit(s)")
        for unit_id in waiting:
            click.echo(f"{unit_id} has not yet given its keys; send it again once it has connected")
    ctx.exit(DOES_NOT_VERIFY if waiting else OK)
