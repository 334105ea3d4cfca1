"""`doorstep-central`: make a central, register units, take records, show and verify what is held."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from central.cli_desk import serve, user
from central.cli_figures import gaps, report, simulate
from central.cli_list import lists
from central.cli_models import models, release
from central.cli_parcel import import_
from central.cli_pki import broker, pki
from central.cli_policy import policy
from central.cli_renewals import links_of, renewals
from central.cli_show import show, verify
from central.cli_units import unit_command, unit_commands, unit_retired
from central.cli_workers import worker
from central.clock import now, now_utc
from central.config import StoreKind, check_id
from central.console import (
    DOES_NOT_VERIFY,
    EXIT_CODES,
    OK,
    Group,
    as_json,
    in_folder,
    ingest_of,
    open_central,
    print_json,
    print_json_line,
    until_signalled,
)
from central.examination import Arrival
from central.founding import DEFAULT_DATABASE, found_central, register_unit
from central.mqtt import MqttIntake
from central.post import open_post
from central.serve import IngestLoop, Notice
from edge import __version__
from edge.core.envelope import parse
from edge.core.errors import InputError, VerificationError
from edge.core.keys import fingerprint
from edge.core.receipt import Verdict
from edge.core.record import decode_record

EXPORT_HEADER = b'{"format":"doorstep.export/'
NOBODY = "unit-not-named"


@click.group(cls=Group, epilog=EXIT_CODES)
@click.version_option(__version__)
def main() -> None:
    """The central server's side of Doorstep: receives signed visit records and answers with signed receipts."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--id", "central_id", required=True, help="Central's name, as in its certificate: a-z, 0-9 and '-'.")
@click.option("--simulated", is_flag=True, help="A store for demonstrations; takes no genuine record, ever.")
@click.option("--database", default=DEFAULT_DATABASE, show_default=True, help="SQLAlchemy URL.")
@click.option("--broker-host", default="127.0.0.1", show_default=True)
@click.option("--broker-port", default=8883, show_default=True)
@as_json
def init(
    folder: Path, central_id: str, simulated: bool, database: str, broker_host: str, broker_port: int, as_json: bool
) -> None:
    """Make a central in FOLDER: its configuration, its receipt key and its empty store.

    Units need the public half of the receipt key (keys/receipt.pub.json) among their trusted keys.
    """
    kind = StoreKind.SIMULATED if simulated else StoreKind.GENUINE
    public = found_central(
        folder, central_id=central_id, kind=kind, database=database, host=broker_host, port=broker_port
    )
    if as_json:
        print_json({"central_id": central_id, "kind": kind.value, "receipt_key": str(public)})
    else:
        click.echo(f"Central {central_id} made for {kind.value} records; units must trust {public}")


@main.group()
def unit() -> None:
    """The units whose records are taken."""


@unit.command("add")
@click.argument("public_key", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--unit-id", help="What the key's owner must be; checked when given.")
@in_folder
def unit_add(public_key: Path, unit_id: str | None, folder: Path) -> None:
    """Register the record key of a unit from its public key document."""
    config, store = open_central(folder)
    with store:
        raw = public_key.read_bytes()
        key = register_unit(store, raw, kind=config.kind, at_utc=now_utc(), unit_id=unit_id)
    click.echo(f"Unit {key.owner} registered ({key.purpose.value} key).")
    click.echo(f"Key fingerprint: {fingerprint(key)}")
    click.echo("Compare it with the unit's own screen or label; if it differs: doorstep-central unit revoke.")


@unit.command("revoke")
@click.argument("unit_id")
@in_folder
def unit_revoke(unit_id: str, folder: Path) -> None:
    """Take no more records from a unit. What it delivered stays."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        transaction.revoke_unit(unit_id, at_utc=now_utc())
    click.echo(f"Unit {unit_id} revoked")


@unit.command("list")
@in_folder
@as_json
def unit_list(folder: Path, as_json: bool) -> None:
    """List the registered units, and for how long the certificate of each is good."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        units, links = transaction.units(), links_of(transaction, now())
    if as_json:
        print_json([{**msgspec.to_builtins(row), "certificate": links.get(row.unit_id)} for row in units])
        return
    for row in units:
        state = f"revoked {row.revoked_utc}" if row.revoked_utc else row.key.purpose.value
        link = f"  {links[row.unit_id].text}" if row.unit_id in links else ""
        click.echo(f"{row.unit_id}  {state}  complete to {row.gap_free_sequence}  key {row.key.keyid[:16]}…{link}")


@main.command()
@click.option("--once-idle", "idle_s", type=float, help="End when nothing has come for so many seconds.")
@in_folder
@as_json
def ingest(idle_s: float | None, folder: Path, as_json: bool) -> None:
    """Take records from the broker until SIGTERM. Several may run; they share the work."""
    config, store = open_central(folder)
    with store:
        loop = IngestLoop(
            ingest=ingest_of(config, store, folder),
            intake=MqttIntake(client_id="", config=config.broker, folder=folder),
            stop_within=until_signalled(),
            tell=_tell_json if as_json else _tell,
            idle_s=idle_s,
            post=open_post(config, store, folder),
        )
        loop.run()


@main.command()
@click.argument("file", type=click.File("rb"))
@click.option("--unit-id", help="The unit that hands it in; by default the one that each record names.")
@click.option("--receipts", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipts here.")
@in_folder
@as_json
@click.pass_context
def submit(
    ctx: click.Context, file: Iterable[bytes], unit_id: str | None, receipts: Path | None, folder: Path, as_json: bool
) -> None:
    """Hand in an envelope, or a file with one a line as `doorstep export` writes it, without a broker.

    The decision is the same as over a message.     Exit code 1 when anything was refused.
    """
    config, store = open_central(folder)
    envelopes = [line.rstrip(b"\n") for line in file if line.strip() and not line.startswith(EXPORT_HEADER)]
    arrivals = [Arrival(unit_id=unit_id or _claimed_unit(raw), raw=raw) for raw in envelopes]
    with store:
        answers = ingest_of(config, store, folder).accept(arrivals, at_utc=now_utc())
    if receipts is not None:
        receipts.write_bytes(b"".join(a.envelope + b"\n" for a in answers))
    for answer in answers:
        if as_json:
            print_json_line(answer.receipt)
        else:
            _tell(Notice(kind="receipt", answer=answer))
    refused = any(i.verdict is Verdict.REFUSED for a in answers for i in a.receipt.items)
    ctx.exit(DOES_NOT_VERIFY if refused else OK)


def _claimed_unit(raw: bytes) -> str:
    """Whose record it says it is; the signature decides whether that is true."""
    try:
        envelope = parse(raw)
        return check_id(decode_record(envelope.payload, envelope.payload_type).unit_id)
    except (VerificationError, InputError):
        return NOBODY


def _tell(notice: Notice) -> None:
    if notice.answer is None:
        click.echo(notice.kind if not notice.detail else f"{notice.kind}: {notice.detail}")
        return
    receipt = notice.answer.receipt
    stored = sum(1 for i in receipt.items if i.verdict is Verdict.STORED)
    click.echo(f"{receipt.unit_id}: {stored} held, complete to {receipt.gap_free_sequence}")
    for item in receipt.items:
        if item.verdict is Verdict.REFUSED:
            click.echo(f"{receipt.unit_id}: refused {item.sha256[:16]}… {item.reason}: {item.detail}")


def _tell_json(notice: Notice) -> None:
    receipt = notice.answer.receipt if notice.answer else None
    print_json_line({"event": notice.kind, "detail": notice.detail, "receipt": receipt})


for command in (unit_command, unit_commands, unit_retired, renewals):
    unit.add_command(command)
main.add_command(import_)
main.add_command(show)
main.add_command(verify)
main.add_command(models)
main.add_command(release)
main.add_command(policy)
main.add_command(lists)
main.add_command(gaps)
main.add_command(report)
main.add_command(simulate)
main.add_command(serve)
main.add_command(user)
main.add_command(worker)
main.add_command(pki)
main.add_command(broker)

if __name__ == "__main__":
    main()
