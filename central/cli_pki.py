"""`doorstep-central pki` and `broker`: TLS identities, and a mosquitto for one machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

import click

from central import pki as authority
from central.broker import Broker
from central.clock import now
from central.config import check_id, load_config
from central.console import in_folder, until_signalled
from edge.core.errors import ConfigError

_folder = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def pki() -> None:
    """A small certificate authority for the links between units, broker and central."""


@pki.command("init")
@_folder
@click.option("--name", default="Doorstep TLS", show_default=True, help="The authority's common name.")
def pki_init(folder: Path, name: str) -> None:
    """Make the authority in FOLDER (ca.crt, ca.key). Keep ca.key off the network."""
    click.echo(authority.make_ca(folder, name=name, now=now()).certificate)


@pki.command("broker")
@_folder
@click.option("--server-name", "names", multiple=True, default=("localhost", "127.0.0.1"), show_default=True)
def pki_broker(folder: Path, names: tuple[str, ...]) -> None:
    """Make the broker's identity (broker.crt, broker.key) for the names by which it is reached."""
    click.echo(authority.issue(folder, "broker", server_names=names, now=now()).certificate)


@pki.command("client")
@_folder
@click.argument("name")
@click.option("--request", type=click.File("rb"), help="Sign this certificate request instead of making a key.")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="Copy ca.crt, unit.crt, unit.key here.")
def pki_client(folder: Path, name: str, request: BinaryIO | None, to: Path | None) -> None:
    """Make the identity of a unit or of central. NAME is its id, and becomes its user name at the broker."""
    check_id(name)
    if request is not None:
        click.echo(authority.issue_for_request(folder, name, request.read(), now=now()))
        return
    identity = authority.issue(folder, name, now=now())
    if to is not None:
        install(folder, identity, to)
    click.echo(identity.certificate)


def install(folder: Path, identity: authority.Identity, to: Path) -> None:
    """Copy an identity and the authority's certificate to where a unit's configuration looks for them."""
    files = ((folder / "ca.crt", "ca.crt"), (identity.certificate, "unit.crt"), (identity.private_key, "unit.key"))
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        for source, target in files:
            shutil.copy(source, to / target)
    except OSError as e:
        raise ConfigError(f"{to}: {e.strerror}") from e


@click.command()
@in_folder
@click.option("--pki", "pki_folder", type=click.Path(path_type=Path, file_okay=False), help="By default DIR/pki.")
def broker(folder: Path, pki_folder: Path | None) -> None:
    """Run a mosquitto on this machine's loopback at central.toml's port, until SIGTERM."""
    config = load_config(folder)
    stop_within = until_signalled()
    mosquitto = Broker(
        folder / "broker", pki=pki_folder or folder / "pki", central_id=config.central_id, port=config.broker.port
    )
    with mosquitto:
        click.echo(f"ready on {mosquitto.host}:{mosquitto.port}")
        while not stop_within(3600.0):
            pass
