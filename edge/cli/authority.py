"""`doorstep provision ca`: the technician's certificate authority, on a laptop without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from edge.cli.documents import read_document, write_document
from edge.cli.enrolment import FOLDER, same_print, show_prints
from edge.cli.options import console, json_option, print_json
from edge.cli.writing import write_files
from edge.core.errors import InputError
from edge.core.provisioning import normal_token

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
CA = click.option("--ca", "ca_dir", envvar="DOORSTEP_CA", required=True, type=FOLDER, help="The authority's folder.")
PASSPHRASE = click.option(
    "--passphrase-file", type=FILE, help="Its first line is the passphrase; else you are asked."
)


def _terms(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option(
            "--days", default=90, show_default=True, type=click.IntRange(1, 825), help="How long it is good."
        ),
        click.option("--broker", default="", metavar="HOST[:PORT]", help="Where the unit is to sync to."),
        click.option(
            "--trust", "trusted", multiple=True, type=FILE, help="A public key that the unit is to believe."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def ca() -> None:
    """A certificate authority for units: made once, its key under a passphrase, no network needed.

    Public keys in its folder `trust` (central's, the bundle publisher's) go to every unit with the answer.
    """


@ca.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--name", required=True, help="How people call this authority.")
@PASSPHRASE
@json_option
def init(folder: Path, name: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Make an authority in the new folder DIR. Keep a copy of it, and its passphrase apart from it.

    \b
    Example:
      doorstep provision ca init ~/authority --name "Changsha units"
    """
    from edge.wiring.provision import new_desk

    desk = new_desk(folder, name=name, passphrase=_passphrase(passphrase_file, confirm=True))
    if as_json:
        print_json({"folder": str(folder), "fingerprint": desk.fingerprint})
        return
    click.echo(f"Authority: {desk.fingerprint}")
    click.echo(f"The broker believes it by {folder}/ca.crt, and reads {folder}/ca.crl for what is revoked.")


@ca.command()
@click.argument("request", nargs=-1, required=True, metavar="REQUEST...")
@click.option("--out", required=True, type=FOLDER, help="Where the answer, its QR codes and the unit's key go.")
@click.option(
    "--fingerprint", metavar="HEX", help="The unit's key fingerprint, read from its screen; else you are asked."
)
@CA
@_terms
@PASSPHRASE
@json_option
def sign(
    request: tuple[str, ...], out: Path, fingerprint: str | None, ca_dir: Path, days: int, broker: str,
    trusted: tuple[Path, ...], passphrase_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Sign a unit's request (a file, pictures of its QR codes, or their texts), fingerprints compared first.

    Beside the answer lies UNIT.pub.json, for `doorstep-central unit add`.

    \b
    Example:
      doorstep provision ca sign /media/stick/changsha-0007.request.json --ca ~/authority --out /media/stick \\
          --broker sync.example:8883
    """
    from edge.wiring.provision import Desk, Terms, parse_broker, prints_of_request, public_key_of

    desk, raw = Desk(ca_dir), read_document(request)
    prints = prints_of_request(raw)
    if fingerprint is None:
        show_prints(prints)
        if not click.confirm("Does the unit's own screen show the same?"):
            raise InputError("not signed: the fingerprints were not found to be the same")
    elif not same_print(fingerprint, prints.record_key):
        raise InputError(f"not signed: the request's key fingerprint is {prints.record_key}")
    host, port = parse_broker(broker) if broker else ("", 8883)
    terms = Terms(days=days, trusted=desk.trusted(trusted), host=host, port=port)
    answer = desk.sign(desk.authority.unlock(_passphrase(passphrase_file)), raw, terms)
    files = write_document(answer, out, f"{prints.unit_id}.answer")
    public = out / f"{prints.unit_id}.pub.json"
    write_files({public: public_key_of(raw)})
    if as_json:
        print_json({"unit_id": prints.unit_id, "files": [str(f) for f in [*files, public]]})
        return
    for file in [*files, public]:
        click.echo(file)
    click.echo(f"Authority: {desk.fingerprint}")


@ca.command()
@click.argument("requests", type=FILE)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the answers go.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 825), help="How long each is good.")
@CA
@PASSPHRASE
@json_option
@click.pass_context
def renew(
    ctx: click.Context, requests: Path, out: Path, days: int, ca_dir: Path, passphrase_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Sign the requests for renewal that central has gathered (`doorstep-central unit renewals export`).

    No fingerprints are compared: only a unit that this authority has signed before, under the same record key, and
    not revoked since, is signed for. Exit code 1 when one was not.

    \b
    Example:
      doorstep provision ca renew /media/stick/renewals.requests --ca ~/authority --out /media/stick/renewals.answers
    """
    from edge.wiring.provision import Desk, renew_all

    desk = Desk(ca_dir)
    answers, left = renew_all(desk, desk.authority.unlock(_passphrase(passphrase_file)), requests, days, out)
    if as_json:
        print_json({"signed": answers, "not_signed": left, "answers": str(out)})
    else:
        click.echo(f"{answers} signed, {len(left)} not; answers in {out}")
        for line in left:
            click.echo(f"not signed: {line}")
    ctx.exit(1 if left else 0)


@ca.command()
@click.argument("name")
@click.option("--server-name", "server_names", multiple=True, help="A name or address by which it is reached.")
@click.option("--days", default=397, show_default=True, type=click.IntRange(1, 825))
@click.option("--out", required=True, type=FOLDER, help="Where NAME.crt, NAME.key and ca.crt go.")
@CA
@PASSPHRASE
@json_option
def machine(
    name: str, server_names: tuple[str, ...], days: int, out: Path, ca_dir: Path, passphrase_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Make the identity of a machine in the server room: the broker (with --server-name), or central.

    \b
    Examples:
      doorstep provision ca machine broker --server-name sync.example --ca ~/authority --out broker-pki
      doorstep provision ca machine province-1 --ca ~/authority --out central-pki
    """
    from edge.wiring.provision import Desk, make_machine

    desk = Desk(ca_dir)
    issuer = desk.authority.unlock(_passphrase(passphrase_file))
    files = make_machine(desk, issuer, name, server_names, days, out)
    if as_json:
        print_json({"files": [str(f) for f in files]})
    for file in () if as_json else files:
        click.echo(file)


@ca.command("list")
@CA
@json_option
def list_(ca_dir: Path, as_json: bool) -> None:
    """List what was issued and what is revoked, and show the authority's fingerprint."""
    from edge.wiring.provision import Desk

    desk = Desk(ca_dir)
    if as_json:
        print_json({"fingerprint": desk.fingerprint, "issued": desk.authority.ledger.issued})
        return
    table = Table("unit", "serial", "issued", "until", "revoked")
    for entry in desk.authority.ledger.issued:
        revoked = f"{entry.revoked_utc} {entry.reason}".strip()
        table.add_row(entry.unit_id, entry.serial[:16], entry.issued_utc, entry.until_utc, revoked)
    console().print(table)
    click.echo(f"Authority: {desk.fingerprint}")


@ca.command()
@click.argument("unit_id")
@click.option("--reason", default="", help="Lost, replaced, retired; kept in the ledger.")
@CA
@PASSPHRASE
@json_option
def revoke(unit_id: str, reason: str, ca_dir: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Revoke all certificates of a unit, and write ca.crl for the broker.

    The broker reads the list when it is told to (SIGHUP). Central is told apart: doorstep-central unit revoke.

    \b
    Example:
      doorstep provision ca revoke changsha-0007 --reason lost --ca ~/authority
    """
    from edge.wiring.provision import Desk, now

    authority = Desk(ca_dir).authority
    issuer = authority.unlock(_passphrase(passphrase_file))
    revoked = authority.revoke(issuer, unit_id, now=now(), reason=reason)
    if as_json:
        print_json({"revoked": revoked, "crl": str(ca_dir / "ca.crl")})
    else:
        click.echo(f"{unit_id}: {len(revoked)} revoked; give {ca_dir / 'ca.crl'} to the broker")


@ca.command()
@click.option("--unit", "unit_id", default="", help="Good for this unit only.")
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0.1, 24 * 14))
@CA
@json_option
def token(unit_id: str, hours: float, ca_dir: Path, as_json: bool) -> None:
    """Make a token for one enrolment over the bench's network. It is shown once and kept nowhere."""
    from edge.wiring.provision import Desk, now

    made = Desk(ca_dir).authority.new_token(now=now(), hours=hours, unit_id=unit_id)
    if as_json:
        print_json({"token": made})
    else:
        click.echo("-".join(made[i : i + 5] for i in range(0, len(made), 5)))


@ca.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The bench's own address.")
@click.option("--port", default=8470, show_default=True, type=click.IntRange(0, 65535))
@click.option("--token", "tokens", multiple=True, help="A token that is out; asked for, one a line, when not given.")
@CA
@_terms
@PASSPHRASE
def serve(
    host: str, port: int, tokens: tuple[str, ...], ca_dir: Path, days: int, broker: str, trusted: tuple[Path, ...],
    passphrase_file: Path | None,
) -> None:  # fmt: skip
    """Answer units on the bench's network until Ctrl-C. A question without a good token is refused.

    \b
    Example:
      doorstep provision ca serve --ca ~/authority --host 192.168.7.1 --broker sync.example
    """
    from edge.wiring.provision import Desk, Terms, open_bench, parse_broker

    desk = Desk(ca_dir)
    broker_host, broker_port = parse_broker(broker) if broker else ("", 8883)
    terms = Terms(days=days, trusted=desk.trusted(trusted), host=broker_host, port=broker_port)
    issuer = desk.authority.unlock(_passphrase(passphrase_file))
    given = tokens or tuple(click.prompt("Tokens, separated by spaces", hide_input=True).split())
    with open_bench(desk, issuer, terms, [normal_token(t) for t in given], (host, port), click.echo) as door:
        click.echo(f"ready on http://{host}:{door.server_address[1]}")
        door.serve_forever()


def _passphrase(file: Path | None, *, confirm: bool = False) -> str:
    from edge.wiring.provision import read_passphrase

    if file is not None:
        return read_passphrase(file)
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))
