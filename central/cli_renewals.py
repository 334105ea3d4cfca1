"""`doorstep-central unit renewals`: which units ask for a new TLS certificate; the way to the authority and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from central.clock import now, now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, in_folder, open_central, print_json
from central.downward import Downlink
from central.keys import message_signers
from central.renewals import pass_on
from central.rows import certificates as rows
from central.store import Transaction
from edge.core.errors import ConfigError
from edge.core.parcel import whole_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A unit's TLS certificate, as it last said. days_left: by this machine's clock; None where it cannot be told."""

    unit_id: str
    until_utc: str
    days_left: int | None
    state: str
    reason: str

    @property
    def text(self) -> str:
        left = "end unknown" if self.days_left is None else f"{self.days_left} days left"
        asks = f", renewal {self.state}" if self.state else ""
        return f"certificate: {left}{asks}{f' ({self.reason})' if self.reason else ''}"


def links_of(transaction: Transaction, moment: datetime) -> dict[str, Link]:
    """By unit_id, of those that said anything and are not revoked."""
    found = {}
    for row in rows.all_told(transaction.connection):
        told = {name: row[name] for name in ("unit_id", "until_utc", "state", "reason")}
        found[row["unit_id"]] = Link(**told, days_left=_days_left(row["until_utc"], moment))
    return found


@click.group()
def renewals() -> None:
    """Units that ask for a new TLS certificate: carry their requests to the authority, and its answers back.

    \b
    Example, central (C) and the technician's laptop (T):
      C  doorstep-central unit renewals export /media/stick/renewals.requests
      T  doorstep provision ca renew /media/stick/renewals.requests --ca ~/authority \\
             --out /media/stick/renewals.answers
      C  doorstep-central unit renewals answer /media/stick/renewals.answers
    """


@renewals.command("list")
@in_folder
@as_json
def list_renewals(folder: Path, as_json: bool) -> None:
    """Until when each unit's certificate is good, the one that ends first on top, and how its renewal stands."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        found = sorted(links_of(transaction, now()).values(), key=lambda link: link.until_utc)
    if as_json:
        print_json(found)
        return
    for link in found:
        click.echo(f"{link.unit_id}  {link.text}")


@renewals.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@in_folder
@as_json
def export(file: Path, folder: Path, as_json: bool) -> None:
    """Write the requests that wait to FILE, for `doorstep provision ca renew`. Nothing secret is in them."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        found = rows.waiting(transaction.connection)
    try:
        file.write_bytes(b"".join(row["request"] + b"\n" for row in found))
    except OSError as e:
        raise ConfigError(f"cannot write {file}: {e.strerror}", remedy="Choose another file.") from e
    if as_json:
        print_json({"file": str(file), "units": [row["unit_id"] for row in found]})
    else:
        click.echo(f"{len(found)} requests in {file}. On the laptop: doorstep provision ca renew {file} --out FILE")


@renewals.command()
@click.argument("file", type=click.File("rb"))
@in_folder
@as_json
@click.pass_context
def answer(ctx: click.Context, file: BinaryIO, folder: Path, as_json: bool) -> None:
    """Send the authority's answers in FILE down to their units. Exit code 1 when one fits no unit that waits."""
    config, store = open_central(folder)
    downlink = Downlink(message_signers(folder, config))
    with store, store.transaction() as transaction:
        passed = pass_on(transaction, downlink, list(whole_lines(file.readline)), at_utc=now_utc())
    if as_json:
        print_json(passed)
    for one in () if as_json else passed:
        sent = f"message {one.sequence}; in force once the unit says so"
        click.echo(f"{one.unit_id}: {sent if one.sequence else f'not sent: {one.reason}'}")
    ctx.exit(OK if all(one.sequence for one in passed) else DOES_NOT_VERIFY)


def _days_left(until_utc: str, moment: datetime) -> int | None:
    try:
        return (datetime.fromisoformat(until_utc) - moment).days
    except (ValueError, TypeError, OverflowError):
        return None
