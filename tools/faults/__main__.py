"""`python -m tools.faults kill`: the acceptance run against sudden death, with its table."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import asdict, fields
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from central.founding import DEFAULT_DATABASE
from tools.faults.check import Outcome
from tools.faults.kill import KillReport, run_kills
from tools.faults.link import LinkPlan, LinkReport, run_link
from tools.faults.power import PowerReport, run_cuts
from tools.faults.storm import Settled, StormReport, run_storm
from tools.postgres import Postgres


@click.group()
def main() -> None:
    """Faults on purpose, and what must hold afterwards."""


@main.command()
@click.option("--kills", default=200, show_default=True, help="How many processes of the units to kill.")
@click.option("--seed", default=1, show_default=True, help="The same seed kills in the same order.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder and keep it.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def kill(ctx: click.Context, kills: int, seed: int, keep: Path | None, as_json: bool) -> None:
    """SIGKILL the units' processes during visits and synchronisation, then compare and verify everything.

    Exit code 1 when a record was lost or stored twice, or a chain or store is broken.
    """
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-faults-") as temporary, Progress(console=console) as bar:
        task = bar.add_task("killing", total=kills)
        folder = keep or Path(temporary)
        report = run_kills(folder, kills=kills, seed=seed, tell=lambda n: bar.update(task, completed=n))
    if as_json:
        click.echo(msgspec.json.encode({**asdict(report), "clean": report.clean}))
    else:
        _print(report)
    ctx.exit(0 if report.clean else 1)


@main.command()
@click.option("--cuts", default=100, show_default=True, help="How often the power goes.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def power(ctx: click.Context, cuts: int, seed: int, as_json: bool) -> None:
    """Cut the power in the middle of visits, updates of nets and software, and purges; mount what the disk held.

    Exit code 1 when the unit did not come up, or anything acknowledged was gone.
    """
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-power-") as temporary, Progress(console=console) as bar:
        task = bar.add_task("cutting", total=cuts)
        report = run_cuts(Path(temporary), cuts=cuts, seed=seed, tell=lambda n: bar.update(task, completed=n))
    if as_json:
        click.echo(msgspec.json.encode(asdict(report)))
    else:
        _print_power(report)
    ctx.exit(1 if report.faults else 0)


@main.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long it blows.")
@click.option("--units", default=6, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder and keep it.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sync(
    ctx: click.Context, minutes: float, units: int, seed: int, database: str, keep: Path | None, as_json: bool
) -> None:
    """Cut, delay, truncate, half-close and kill between and at unit, broker and central, then compare everything.

    Exit code 1 when anything was lost or doubled, a chain is broken, or a receipt's signature does not hold.
    """
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-storm-")))
        real = stack.enter_context(Postgres()).new_database() if database == "postgresql" else DEFAULT_DATABASE
        bar = stack.enter_context(Progress(console=Console(stderr=True)))
        task = bar.add_task("storm", total=minutes * 60)

        def tell(gone_s: float, faults: int) -> None:
            bar.update(task, completed=gone_s, description=f"{faults} faults")

        report = run_storm(folder, seconds=minutes * 60, seed=seed, units=units, tell=tell, database=real)
    if as_json:
        click.echo(msgspec.json.encode({**asdict(report), "database": database, "clean": report.clean}))
    else:
        _print_storm(report, database)
    ctx.exit(0 if report.clean else 1)


@main.command()
@click.option("--visits", default=3000, show_default=True)
@click.option("--pictures", default=3000, show_default=True, help="Visits with a photograph as evidence.")
@click.option("--picture-bytes", default=4000, show_default=True, help="Of each, before it is sealed.")
@click.option("--speedup", default=4.0, show_default=True, help="Link, waits and hour are so many times quicker.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def link(
    ctx: click.Context, visits: int, pictures: int, picture_bytes: int, speedup: float, seed: int, as_json: bool
) -> None:
    """30 days offline, then an hour of 64 kbit/s with 600 ms round trip, stalls and resets: what arrives, and when.

    Exit code 1 when a result is left open, or evidence went before the results.
    """
    plan = LinkPlan(visits=visits, pictures=pictures, picture_bytes=picture_bytes, speedup=speedup, seed=seed)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="doorstep-link-") as temporary, console.status("starting") as status:
        report = run_link(Path(temporary), plan, status.update)
    if as_json:
        click.echo(msgspec.json.encode({**asdict(report), "bytes_per_result": report.bytes_per_result}))
    else:
        _print_link(report)
    ctx.exit(0 if report.results_s is not None and not report.pictures_before_results else 1)


def _print_link(report: LinkReport) -> None:
    plan = report.plan
    click.echo(f"{plan.visits} visits and {plan.pictures} pictures of {plan.picture_bytes} bytes waited")
    click.echo(f"link: {plan.bits_per_s / 1000:.0f} kbit/s each way, {plan.round_trip_s * 1000:.0f} ms round trip")
    click.echo(f"run {plan.speedup:g} times quicker than life; times below are the link's own, seed {plan.seed}")
    click.echo(f"results: {report.results} of {plan.visits} receipted after {report.results_s} s")
    click.echo(f"  {report.bytes_per_result:.0f} bytes a result on the wire, both ways, TLS included")
    click.echo(f"pictures: {report.pictures} of {plan.pictures}, {report.pictures_before_results} before the results")
    click.echo(f"{report.total_bytes} bytes in {report.total_s} s")
    click.echo(f"{report.resets} resets, {report.stalls} stalls of {plan.stall_s:.0f} s")


def _print_power(report: PowerReport) -> None:
    click.echo(f"{report.cuts} power cuts in {report.seconds} s, seed {report.seed}, on {report.disk}")
    for activity, phases in report.phases.items():
        counted = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items(), key=lambda one: -one[1]))
        click.echo(f"{sum(phases.values())} of them in {activity} ({report.whole_s[activity]} s): {counted}")
    said = ", ".join(f"{count} {what}" for what, count in report.acknowledged.items())
    click.echo(f"told kept: {said}; {report.under_way} cuts in the middle of a visit")
    for fault in report.faults:
        click.echo(fault)
    click.echo("NOT CLEAN" if report.faults else f"clean: {report.records} records, all there, chain whole")


def _print_storm(report: StormReport, database: str) -> None:
    console = Console(markup=False, width=120)
    drained = f"drained in {report.drained_in_s} s afterwards"
    run = f"{report.total_faults} faults in {report.seconds} s, seed {report.seed}, central on {database}"
    console.print(f"{run}; {drained}")
    for kind, count in sorted(report.faults.items()):
        console.print(f"  {kind}: {count}")
    table = Table("", *(unit.records.unit_id for unit in report.units))
    for field in fields(Outcome)[1:]:
        table.add_row(field.name.replace("_", " "), *(str(getattr(u.records, field.name)) for u in report.units))
    for field in fields(Settled)[1:]:
        table.add_row(field.name.replace("_", " "), *(str(getattr(u, field.name)) for u in report.units))
    console.print(table)
    clean = "clean: 0 lost, 0 double, chains whole, every receipt's signature holds"
    console.print(clean if report.clean else "NOT CLEAN")


def _print(report: KillReport) -> None:
    console = Console(markup=False, width=100)
    total = sum(report.kills.values())
    console.print(f"{total} SIGKILLs of the units' processes in {report.seconds} s, seed {report.seed}")
    console.print(f"  besides, central's ingest: {report.central_kills}")
    for role, count in report.kills.items():
        console.print(f"  {role}: {count}")
    table = Table("", *(unit.unit_id for unit in report.units))
    for field in fields(Outcome)[1:]:
        table.add_row(field.name.replace("_", " "), *(str(getattr(unit, field.name)) for unit in report.units))
    console.print(table)
    console.print("clean: nothing lost, nothing double, chains whole" if report.clean else "NOT CLEAN")


if __name__ == "__main__":
    main()
