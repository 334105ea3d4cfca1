"""`doorstep unit`: make a unit, show its public key, and add keys that it believes."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.core.keys import KeyPurpose, PublicKeyDocument
from edge.wiring.sync import sync_keys
from edge.wiring.unit import believe, fingerprint, found_unit, open_unit, open_unit_readonly


@click.group()
def unit() -> None:
    """Make a unit, show its key, and say whom it believes.

    \b
    Example, from nothing to a unit that central knows:
      doorstep unit init ./my-unit --id my-unit --demo
      doorstep unit show --unit ./my-unit > my-unit.pub.json   (give this file to central)
      doorstep unit trust central.pub.json --unit ./my-unit
    """


@unit.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--id", "unit_id", required=True, metavar="ID", help="2 to 63 of a-z, 0-9 and '-'.")
@click.option("--demo", "purpose", flag_value="demonstration", help="For trying out: signs simulated records only.")
@click.option("--provisioned", "purpose", flag_value="provisioned", help="For genuine visits with a live camera.")
@json_option
def init(folder: Path, unit_id: str, purpose: str | None, as_json: bool) -> None:
    """Make a unit in the new folder DIR: its key, an empty store and unit.toml.

    What a key is for is fixed here for good: a demonstration key never signs a genuine record, and a
    provisioned one never a simulated record. The private key never leaves DIR/keys.

    \b
    Examples:
      doorstep unit init ./my-unit --id my-unit --demo
      doorstep unit init /var/lib/doorstep --id changsha-0007 --provisioned
    """
    if purpose is None:
        raise click.UsageError("Say what the unit is for: --demo or --provisioned.")
    with found_unit(folder, unit_id, KeyPurpose(purpose)) as made:
        sync_keys(made)
        public = made.public
    if as_json:
        print_json({"unit_id": unit_id, "folder": str(folder), **_key_fields(public)})
        return
    click.echo(f"Made unit {unit_id} in {folder} ({public.purpose.value} key).")
    click.echo(f"Key fingerprint: {fingerprint(public)}")
    click.echo(f"Next: give {folder}/keys/record.pub.json to central, and add central's key with")
    click.echo(f"  doorstep unit trust central.pub.json --unit {folder}")


@unit.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@UNIT_OPTION
@json_option
def trust(file: Path, unit_dir: Path, as_json: bool) -> None:
    """Believe the public key document FILE from now on: central's for receipts, a publisher's for bundles.

    Compare the fingerprint with its owner's, over the telephone say, before you rely on it.

    \b
    Example:
      doorstep unit trust central.pub.json
    """
    with open_unit(unit_dir) as opened:
        document, path = believe(opened, file)
    if as_json:
        print_json({"kept_as": str(path), **_key_fields(document)})
        return
    click.echo(f"{document.owner!r} is believed as signer of {document.role.value}s ({document.purpose.value} key).")
    click.echo(f"Key fingerprint: {fingerprint(document)}")


@unit.command()
@click.option("--fingerprint", "only_fingerprint", is_flag=True, help="Print only the fingerprint.")
@UNIT_OPTION
@json_option
def show(only_fingerprint: bool, unit_dir: Path, as_json: bool) -> None:
    """Print the unit's public key document, as central wants it; its fingerprint goes to stderr.

    \b
    Examples:
      doorstep unit show > my-unit.pub.json
      doorstep unit show --fingerprint
    """
    with open_unit_readonly(unit_dir) as opened:
        public = opened.public
    if only_fingerprint:
        click.echo(fingerprint(public))
        return
    print_json(public)
    if not as_json:
        click.echo(f"Key fingerprint: {fingerprint(public)}", err=True)


def _key_fields(document: PublicKeyDocument) -> dict[str, object]:
    return {"key": msgspec.to_builtins(document), "fingerprint": fingerprint(document)}
