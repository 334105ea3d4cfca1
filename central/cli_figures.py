"""`doorstep-central gaps`, `report` and `simulate`: what is missing, what was done, and how much it bears."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from central.console import DOES_NOT_VERIFY, OK, as_json, in_folder, open_central, print_json
from central.rows.gaps import gaps as missing
from central.rows.reviews import GROUPS, Reviews
from central.simulate import Load, Simulation


@click.command()
@click.option("--unit-id", help="Only this unit.")
@in_folder
@as_json
@click.pass_context
def gaps(ctx: click.Context, unit_id: str | None, folder: Path, as_json: bool) -> None:
    """List the records that are missing below the highest one held. Exit code 1 when there are any."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        found = {
            unit.unit_id: list(missing(transaction, unit.unit_id, gap_free=unit.gap_free_sequence))
            for unit in transaction.units()
            if unit_id in (None, unit.unit_id)
        }
    found = {unit: stretches for unit, stretches in found.items() if stretches}
    if as_json:
        print_json(found)
    else:
        for unit, stretches in found.items():
            click.echo(f"{unit}: {', '.join(str(a) if a == b else f'{a}–{b}' for a, b in stretches)}")
        click.echo(f"{sum(b - a + 1 for s in found.values() for a, b in s)} records missing at {len(found)} unit(s)")
    ctx.exit(DOES_NOT_VERIFY if found else OK)


@click.command()
@click.option("--by", default="village", show_default=True, type=click.Choice(list(GROUPS)))
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV.")
@in_folder
@as_json
def report(by: str, as_csv: bool, folder: Path, as_json: bool) -> None:
    """Count records by village, scheme, worker, unit or outcome; and how many reviews are decided."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        rows = Reviews(transaction).counts(by)
    if as_json:
        print_json(rows)
        return
    lines = [[str(row[name]) for name in ("group", "outcome", "records", "decided")] for row in rows]
    if as_csv:
        csv.writer(sys.stdout).writerows([[by, "outcome", "records", "reviewed"], *lines])
        return
    table = Table(by, "outcome", "records", "reviewed")
    for line in lines:
        table.add_row(*line)
    Console(markup=False).print(table)


@click.command()
@click.option("--units", required=True, type=click.IntRange(1, 100_000))
@click.option("--visits", required=True, type=click.IntRange(1, 100_000), help="Of each unit.")
@click.option(
    "--at-once", default=8, show_default=True, type=click.IntRange(1, 256), help="Units connected at a time."
)
@click.option("--gaps", "gap_count", default=0, show_default=True, help="Records kept back on purpose.")
@click.option("--seed", default=1, show_default=True, help="Which ones.")
@click.option("--pki", "pki_folder", type=click.Path(path_type=Path, file_okay=False), help="By default DIR/pki.")
@in_folder
@as_json
@click.pass_context
def simulate(
    ctx: click.Context,
    units: int,
    visits: int,
    at_once: int,
    gap_count: int,
    seed: int,
    pki_folder: Path | None,
    folder: Path,
    as_json: bool,
) -> None:
    """Let units that do not exist send real signed records, and check every receipt.

    Needs a central made with --simulated, its broker, and an ingest that runs. Exit code 1 when a record was not
    receipted.
    """
    config, store = open_central(folder)
    with store, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("units", total=units)
        simulation = Simulation(config, store, folder=folder, ca_folder=pki_folder or folder / "pki")
        load = simulation.run(
            units=units,
            visits=visits,
            at_once=at_once,
            gaps=gap_count,
            seed=seed,
            tell=lambda done: bar.update(task, completed=done),
        )
    if as_json:
        print_json(load)
    else:
        _tell(load)
    ctx.exit(OK if load.receipted >= load.records and not load.bad_receipts else DOES_NOT_VERIFY)


def _tell(load: Load) -> None:
    figures = msgspec.to_builtins(load)
    kept_back = sum(len(v) for v in figures.pop("gaps").values())
    for name, value in {**figures, "kept_back": kept_back}.items():
        click.echo(f"{name.replace('_', ' ')}: {round(value, 2) if isinstance(value, float) else value}")
    if load.seconds:
        click.echo(f"receipted per second: {load.receipted / load.seconds:.0f}")
