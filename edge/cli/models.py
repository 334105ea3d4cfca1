"""`doorstep models`: which nets a unit runs, where they come from, and whether they are what was signed."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.core.errors import InputError
from edge.core.keys import KeyPurpose, KeyRole, keys_of
from edge.wiring.unit import Unit, believe, open_unit, open_unit_readonly


@click.group()
def models() -> None:
    """List, install and verify model bundles.

    A bundle is four quantized nets and a signed manifest; a unit runs only what verifies.
    """


@models.command("list")
@click.option("--timed", is_flag=True, help="Also run each net and print its median time on this machine.")
@UNIT_OPTION
@json_option
def list_nets(unit_dir: Path, timed: bool, as_json: bool) -> None:
    """List the nets of the unit's bundle.

    \b
    Example:
      doorstep models list --timed --unit UNIT
    """
    from edge.models.nets import time_nets
    from edge.wiring.visit import VisitSide

    with open_unit_readonly(unit_dir) as unit:
        bundle = VisitSide(unit).bundle
        config = unit.config.models
        timings = time_nets(bundle, runtime=config.runtime, threads=config.threads) if timed else []
    run_ms = {timing.role: round(timing.run_ms, 2) for timing in timings}
    if as_json:
        print_json({"bundle_sha256": bundle.sha256, "manifest": bundle.manifest, "run_ms": run_ms})
        return
    table = Table("role", "net", "size", "quantized", "licence", "source", "SHA-256", *(["ms"] if timed else []))
    for net in bundle.manifest.nets:
        source = f"{net.source.registry} {net.source.package} {net.source.version}"
        cells = [net.role, net.name, f"{net.size_bytes / 1e6:.2f} MB", net.quantization.scheme, net.licence, source]
        table.add_row(*cells, net.sha256[:12] + "…", *([f"{run_ms[net.role]:.2f}"] if timed else []))
    console().print(table)
    console().print(f"bundle {bundle.manifest.name} {bundle.sha256}")


@models.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--key", "key_file", type=click.Path(path_type=Path, dir_okay=False), help="The publisher's key.")
@UNIT_OPTION
@json_option
def install(file: Path, key_file: Path | None, unit_dir: Path, as_json: bool) -> None:
    """Verify the exported bundle FILE, run every net once, and put it in use. The one before is kept.

    The publisher's key must be believed by the unit (`doorstep unit trust`), or be given with --key, which adds
    it; on a provisioned unit only `unit trust` does that.

    \b
    Example:
      doorstep models install default.bundle.zip --key publisher.pub.json --unit UNIT
    """
    from edge.models.bundle import read_exported
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        if key_file:
            _trust(unit, key_file)
        bundle = read_exported(file, keys_of(unit.believed(), KeyRole.BUNDLE))
        runtime = VisitSide(unit).install(bundle)
    if as_json:
        print_json({"bundle_sha256": bundle.sha256, "runtime": runtime})
    else:
        click.echo(
            f"installed {bundle.manifest.name} {bundle.sha256}\nevery net gives its golden vectors on {runtime}"
        )


@models.command()
@UNIT_OPTION
@json_option
def verify(unit_dir: Path, as_json: bool) -> None:
    """Check signature and digests of the unit's bundle, and run every net against its golden vectors.

    \b
    Example:
      doorstep models verify --unit UNIT
    """
    from edge.models.nets import load_nets
    from edge.wiring.visit import VisitSide

    with open_unit_readonly(unit_dir) as unit:
        bundle = VisitSide(unit).bundle
        runtime = load_nets(bundle, runtime=unit.config.models.runtime).runtime_name
    if as_json:
        print_json({"verifies": True, "bundle_sha256": bundle.sha256, "runtime": runtime})
    else:
        click.echo(
            f"verifies: {bundle.manifest.name} {bundle.sha256}\nevery net gives its golden vectors on {runtime}"
        )


@models.command()
@UNIT_OPTION
@json_option
def update(unit_dir: Path, as_json: bool) -> None:
    """Install the bundle that central offered, once all of it is here; each visit's start does the same.

    Every net is held to its golden vectors first. When one fails, the bundle in use stays, and central is told why.

    \b
    Example:
      doorstep models update --unit UNIT
    """
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        entry = VisitSide(unit).take_in_bundle()
    if as_json:
        print_json({"name": entry.offer.name, "state": entry.state, "reason": entry.reason} if entry else None)
    elif entry is None:
        click.echo("central has offered no bundle")
    else:
        click.echo(f"{entry.offer.name}: {entry.state.value} {entry.reason}".rstrip())


@models.command()
@UNIT_OPTION
@json_option
def rollback(unit_dir: Path, as_json: bool) -> None:
    """Go back to the bundle that was in use before, after its self-test. Once more goes forward again.

    \b
    Example:
      doorstep models rollback --unit UNIT
    """
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        runtime = VisitSide(unit).go_back()
        bundle = VisitSide(unit).bundle
    if as_json:
        print_json({"bundle_sha256": bundle.sha256, "runtime": runtime})
    else:
        click.echo(f"in use: {bundle.manifest.name} {bundle.sha256}\nevery net gives its golden vectors on {runtime}")


def _trust(unit: Unit, key_file: Path) -> None:
    if unit.public.purpose is not KeyPurpose.DEMONSTRATION:
        raise InputError(
            "a provisioned unit takes a publisher's key only by `doorstep unit trust`",
            remedy=f"Compare the key's fingerprint, then run `doorstep unit trust {key_file}`.",
        )
    believe(unit, key_file)
