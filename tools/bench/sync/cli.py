"""`python -m tools.bench sync`: the measurement and its table."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from central.clock import now_utc
from central.founding import DEFAULT_DATABASE
from central.simulated import SimulatedUnit
from edge.core.errors import DoorstepError
from tools.bench.sync.run import Place, SyncReport, bare, end_to_end, settle
from tools.postgres import Postgres, why_not

_STATUS = Console(stderr=True)


@click.command()
@click.option("--records", default=4000, show_default=True, type=click.IntRange(100), help="In each run.")
@click.option("--units", default=16, show_default=True, type=click.IntRange(1), help="That send them.")
@click.option("--fleet", is_flag=True, help="Instead: 1,000 units with 20 records each, and the memory of ingest.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sync(ctx: click.Context, records: int, units: int, fleet: bool, as_json: bool) -> None:
    """Signed records receipted end to end per second, against bare publishing and bare inserts in the same run.

    \b
    Example:
      python -m tools.bench sync --records 4000
    """
    report = SyncReport(envelope_bytes=len(SimulatedUnit("unit").next_record(now_utc())))
    try:
        with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as temporary:
            (_fleet if fleet else _measure)(Path(temporary), report, records, units)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        ctx.exit(1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1))
    else:
        _print(report)


def _fleet(folder: Path, report: SyncReport, _records: int, _units: int) -> None:
    place = Place(folder / "fleet", DEFAULT_DATABASE)
    with place.broker, _STATUS.status("1,000 units, 20 records each"):
        run = end_to_end(place, "sqlite", ingests=1, units=1000, visits=20, gaps=50)
    report.runs.append(run)


def _measure(folder: Path, report: SyncReport, records: int, units: int) -> None:
    place = Place(folder / "sqlite", DEFAULT_DATABASE)
    with place.broker, _STATUS.status("SQLite"):
        bare(place, "sqlite", records, report)
        settle()
        report.runs.append(end_to_end(place, "sqlite", ingests=1, units=units, visits=records // units))
    reason = why_not()
    if reason:
        _STATUS.print(f"without PostgreSQL: {reason}")
        return
    with Postgres() as server:
        for ingests in (1, 2):
            place = Place(folder / f"postgres-{ingests}", server.new_database())
            with place.broker, _STATUS.status(f"PostgreSQL, {ingests} ingest"):
                if ingests == 1:
                    bare(place, "postgresql", records, report)
                settle()
                visits = records // units
                run = end_to_end(
                    place, "postgresql", ingests=ingests, units=units, visits=visits, server_pid=server.pid
                )
            report.runs.append(run)


def _print(report: SyncReport) -> None:
    console = Console(markup=False, width=110)
    console.print(f"one envelope: {report.envelope_bytes} bytes")
    if report.bare_publish_per_s:
        console.print(f"bare paho, QoS 1, one TLS client: {report.bare_publish_per_s:.0f}/s")
    for name, per_s in report.bare_insert_per_s.items():
        console.print(f"bare inserts, {name}, 100 a transaction: {per_s:.0f}/s")
    table = Table("database", "ingests", "units", "records", "receipted", "resent", "per s", "of the bound", "gaps")
    for run in report.runs:
        bound = min(
            [x for x in (report.bare_publish_per_s, report.bare_insert_per_s.get(run.database)) if x], default=0
        )
        share = f"{run.per_s / bound:.2f}" if bound else "–"
        counts = (run.ingests, run.units, run.records, run.receipted, run.resent)
        gaps = "as made" if run.gaps_as_made else "WRONG"
        table.add_row(run.database, *map(str, counts), f"{run.per_s:.0f}", share, gaps)
    console.print(table)
    for run in report.runs:
        each = ", ".join(f"{what} {us:.0f}" for what, us in run.cpu_us.items())
        console.print(f"{run.database}, {run.ingests} ingest(s), µs of processor time a record: {each}")
    for run in report.runs:
        for number, samples in enumerate(run.rss_kb, start=1):
            console.print(f"{run.database}, {run.ingests} ingest(s), memory of no. {number}: {_memory(samples)}")


def _memory(samples: list[int]) -> str:
    if len(samples) < 4:
        return "too short to say"
    quarter = len(samples) // 4
    parts = [max(samples[i : i + quarter]) for i in range(0, quarter * 4, quarter)]
    return ", ".join(f"{kb / 1024:.1f}" for kb in parts) + " MiB at most in each quarter of the run"
