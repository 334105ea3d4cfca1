"""`doorstep provision request`, `install` and `enrol`: the unit's side of becoming trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from edge.cli.documents import read_document, show_codes, write_document
from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.core.errors import InputError
from edge.core.provisioning import normal_token

if TYPE_CHECKING:
    from edge.signing.certificate import CertificateFacts
    from edge.wiring.provision import Fingerprints

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--out", type=FOLDER, help="Write the request and its QR codes to this folder, a stick say.")
@UNIT_OPTION
@json_option
def request(out: Path | None, unit_dir: Path, as_json: bool) -> None:
    """Ask for a certificate, the first one or the next: print QR codes and fingerprints, or write a file.

    The unit's TLS key is made now where there is none; nothing secret is in the request.

    \b
    Examples:
      doorstep provision request --out /media/stick
      doorstep provision request
    """
    from edge.wiring.provision import make_request, prints_of_request
    from edge.wiring.unit import open_unit

    with open_unit(unit_dir) as unit:
        raw = make_request(unit)
    prints = prints_of_request(raw)
    files = write_document(raw, out, f"{prints.unit_id}.request") if out else []
    if as_json:
        print_json({"fingerprints": msgspec.to_builtins(prints), "files": [str(f) for f in files]})
        return
    if out is None:
        show_codes(raw)
    for file in files:
        click.echo(file)
    show_prints(prints)


@click.command()
@click.argument("answer", nargs=-1, required=True, metavar="ANSWER...")
@click.option(
    "--fingerprint", metavar="HEX", help="The authority's, as its technician reads it out; else you are asked."
)
@UNIT_OPTION
@json_option
def install(answer: tuple[str, ...], fingerprint: str | None, unit_dir: Path, as_json: bool) -> None:
    """Install what the authority answered: a file, pictures of its QR codes, or their texts.

    The first answer wants the authority's fingerprint compared with the technician's screen; later ones must be by
    the same authority. Keys that the answer brings are believed from then on.

    \b
    Examples:
      doorstep provision install /media/stick/changsha-0007.answer.json
      doorstep provision install answer-1.png answer-2.png answer-3.png
    """
    from edge.wiring.provision import authority_of, install_answer
    from edge.wiring.unit import open_unit

    raw = read_document(answer)
    with open_unit(unit_dir) as unit:
        authority, believed = authority_of(unit, raw)
        if not believed:
            _compare(authority, fingerprint)
        facts = install_answer(unit, raw)
    _installed(facts, as_json)


@click.command()
@click.argument("url")
@click.option("--token", prompt="Token", hide_input=True, help="The one-time token; asked for when not given.")
@UNIT_OPTION
@json_option
def enrol(url: str, token: str, unit_dir: Path, as_json: bool) -> None:
    """Ask for a certificate over the bench's network, where `provision ca serve` runs at URL, and install it.

    The token stands for comparing fingerprints: both sides prove that they know it, and it is good once.

    \b
    Example:
      doorstep provision enrol http://192.168.7.1:8470
    """
    from edge.wiring.provision import enrol as enrol_unit
    from edge.wiring.unit import open_unit

    with open_unit(unit_dir) as unit:
        facts = enrol_unit(unit, url, normal_token(token))
    _installed(facts, as_json)


@click.command()
@click.option("--store", type=FOLDER, help="Instead of /etc/credstore.encrypted.")
@UNIT_OPTION
@json_option
def credentials(store: Path | None, unit_dir: Path, as_json: bool) -> None:
    """Keep the unit's record key and data key as systemd credentials, sealed to this machine's TPM where it has one.

    Their files are erased then, and only the visit service can open them; retire a unit before its board is changed.

    \b
    Example, as root on the unit:
      doorstep provision credentials
    """
    from edge.device.credentials import STORE, has_tpm
    from edge.wiring.provision import keep_as_credentials
    from edge.wiring.unit import open_unit

    with open_unit(unit_dir) as unit:
        made = keep_as_credentials(unit, store or STORE)
    sealed_by = "tpm2" if has_tpm() else "host key"
    if as_json:
        print_json({"credentials": [str(path) for path in made], "sealed_by": sealed_by})
        return
    for path in made:
        click.echo(path)
    click.echo(f"Sealed by this machine's {sealed_by}. Restart the visit service.")


def show_prints(prints: Fingerprints) -> None:
    click.echo(f"Unit:            {prints.unit_id}")
    click.echo(f"Key fingerprint: {prints.record_key}")
    click.echo(f"TLS key:         {prints.tls_key}")


def same_print(one: str, other: str) -> bool:
    """Whether two fingerprints are the same, however they are spaced."""
    return "".join(one.split()).lower() == "".join(other.split()).lower()


def _compare(authority: str, fingerprint: str | None) -> None:
    if fingerprint is None:
        click.echo(f"Authority: {authority}")
        if click.confirm("Is this what the technician's screen shows?"):
            return
    elif same_print(fingerprint, authority):
        return
    raise InputError(
        f"the answer is by the authority {authority}, which is not the one expected",
        remedy="Do not install it. Ask the technician for the fingerprint: `doorstep provision ca list`.",
    )


def _installed(facts: CertificateFacts, as_json: bool) -> None:
    until = f"{facts.not_after:%Y-%m-%d}"
    if as_json:
        print_json({"unit_id": facts.name, "authority": facts.issuer, "until": until, "sha256": facts.sha256})
    else:
        click.echo(f"{facts.name} has a certificate by {facts.issuer}, good until {until}.")
        click.echo("Next: doorstep doctor")
