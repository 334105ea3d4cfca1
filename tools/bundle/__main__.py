"""python -m tools.bundle build|export|show: makes model bundles from a sources table."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from securesystemslib.signer import CryptoSigner

from edge.core.errors import DoorstepError, VerificationError
from edge.core.keys import KeyPurpose
from edge.models.bundle import Bundle, export_bundle, load_bundle
from edge.models.runtime import choose_runtime
from tools.bundle.build import Job, build
from tools.bundle.places import cache_folder, public_key_file, sole_builder
from tools.bundle.schemes import measure_schemes
from tools.bundle.signing import developer_key, public_document, signer_from
from tools.bundle.sources import DEFAULT_TABLE, SourcesTable, read_sources

_CONSOLE = Console(stderr=True, highlight=False)
_TABLE_OPTION = click.option(
    "--sources",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DEFAULT_TABLE,
    help="Sources table; the default one stands beside this tool.",
)
_KEY_OPTION = click.option(
    "--sign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="Ed25519 private key (PKCS8 PEM) that signs the bundle; by default a developer key of this machine.",
)


@click.group()
def main() -> None:
    """Make, export and show model bundles."""


@main.command("build")
@_TABLE_OPTION
@_KEY_OPTION
@click.option("--owner", default="developer", help="Publisher's name in the public key document.")
@click.option("--runtime", default="auto", help="Runtime for the comparison with the float nets: litert or tflite.")
def build_command(sources: Path, sign_key: Path | None, owner: str, runtime: str) -> None:
    """Build the bundle unless it is there already; prints its folder."""
    folder, _ = _built(sources, sign_key, owner, runtime)
    click.echo(folder)


@main.command("export")
@_TABLE_OPTION
@_KEY_OPTION
@click.option(
    "--key", "key_file", type=click.Path(dir_okay=False, path_type=Path), help="Also write the publisher's key."
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_command(sources: Path, sign_key: Path | None, key_file: Path | None, file: Path) -> None:
    """Write the bundle (built first if need be) to FILE, for `doorstep models install FILE` elsewhere.

    \b
    Example:
      python -m tools.bundle export bundle.zip --key publisher.pub.json
      doorstep models install bundle.zip --key publisher.pub.json --unit UNIT
    """
    folder, bundle = _built(sources, sign_key, "developer", "auto")
    export_bundle(bundle, file)
    if key_file:
        key_file.write_bytes(public_key_file(folder).read_bytes())
    click.echo(f"{file} {file.stat().st_size / 1e6:.1f} MB")


@main.command("show")
@_TABLE_OPTION
@_KEY_OPTION
def show_command(sources: Path, sign_key: Path | None) -> None:
    """Say what is in the bundle and how it was judged."""
    folder, bundle = _built(sources, sign_key, "developer", "auto")
    table = Table("role", "net", "MB", "scheme", "time ×", "agreement with float", "licence", title=str(folder))
    for net in bundle.manifest.nets:
        figures = "\n".join(f"{a.measure} {a.value} (bound {a.bound}, {a.faces} faces)" for a in net.agreement)
        table.add_row(
            net.role,
            net.name,
            f"{net.size_bytes / 1e6:.2f}",
            net.quantization.scheme,
            str(net.quantization.time_ratio),
            figures,
            net.licence,
        )
    Console().print(table)


@main.command("schemes")
@_TABLE_OPTION
@click.option("--runtime", default="auto", help="litert or tflite.")
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON on standard output.")
def schemes_command(sources: Path, runtime: str, as_json: bool) -> None:
    """Measure every 8-bit scheme for every role on this machine: accuracy against float, and speed."""
    table, key = read_sources(sources)
    cache = cache_folder()
    with sole_builder(cache):
        job = _job(sources, table, key, signer_from(developer_key(cache / "keys")), runtime)
        rows = measure_schemes(job)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], indent=1))
        return
    shown = Table("role", "scheme", "MB", "ms", "against float", title=f"{job.runtime}, one thread")
    for row in rows:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in row.figures.items())
        shown.add_row(row.role, row.scheme, f"{row.megabytes:.2f}", f"{row.median_ms:.2f}", row.error or figures)
    Console(width=150).print(shown)


def _job(sources: Path, table: SourcesTable, key: str, signer: CryptoSigner, runtime: str) -> Job:
    return Job(
        table=table,
        table_folder=sources.parent,
        key=key,
        cache=cache_folder(),
        signer=signer,
        runtime=choose_runtime(runtime),
        say=_CONSOLE.print,
    )


def _built(sources: Path, sign_key: Path | None, owner: str, runtime: str) -> tuple[Path, Bundle]:
    table, key = read_sources(sources)
    cache = cache_folder()
    signer = signer_from(sign_key or developer_key(cache / "keys"))
    keys = {signer.public_key.keyid: signer.public_key}
    folder = cache / "bundles" / key
    with sole_builder(cache):
        try:
            bundle = load_bundle(folder, keys)
        except VerificationError:
            job = _job(sources, table, key, signer, runtime)
            with _CONSOLE.status("building the model bundle"):
                bundle = load_bundle(build(job), keys)
    purpose = KeyPurpose.PROVISIONED if sign_key else KeyPurpose.DEMONSTRATION
    public_key_file(folder).write_bytes(public_document(signer, owner, purpose))
    return folder, bundle


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except click.Abort:
        sys.exit(130)
    except DoorstepError as e:
        _CONSOLE.print(f"[red]{e.message}[/red]\n{e.remedy}")
        sys.exit(1)
