"""`python -m tools.bench sync`: the measurement and its table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from central.clock import now_utc
from central.founding import DEFAULT_DATABASE
from central.simulated import SimulatedUnit
from edge.core.errors import DoorstepError
from tools.bench.sync.run import EndToEnd, Place, SyncReport, bare, end_to_end, processors, settle
from tools.postgres import Postgres, why_not

_STATUS = Console(stderr=True)


@click.command()
@click.option("--records", default=20000, show_default=True, type=click.IntRange(100), help="In each round.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Of which the median counts.")
@click.option("--units", default=16, show_default=True, type=click.IntRange(1), help="That send them.")
@click.option("--fleet", is_flag=True, help="Instead: 1,000 units with 20 records each, and the memory of ingest.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sync(ctx: click.Context, records: int, rounds: int, units: int, fleet: bool, as_json: bool) -> None:
    """Signed records receipted end to end per second, against bare publishing and bare inserts in the same run.

    \b
    Example:
      python -m tools.bench sync --records 8000 --rounds 1
    """
    envelope = SimulatedUnit("unit").next_record(now_utc())
    report = SyncReport(envelope_bytes=len(envelope), processors=processors())
    try:
        with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as temporary:
            if fleet:
                _fleet(Path(temporary), report)
            else:
                _measure(Path(temporary), report, records // units, units, rounds)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        ctx.exit(1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1))
    else:
        _print(report)


def _fleet(folder: Path, report: SyncReport) -> None:
    place = Place(folder / "fleet", DEFAULT_DATABASE)
    with place.broker, _STATUS.status("1,000 units, 20 records each"):
        run = end_to_end(place, "sqlite", ingests=1, units=1000, visits=20, gaps=50)
    report.runs.append(run)


def _measure(folder: Path, report: SyncReport, visits: int, units: int, rounds: int) -> None:
    place = Place(folder / "sqlite", DEFAULT_DATABASE)
    with place.broker, _STATUS.status("SQLite"):
        bare(place, "sqlite", visits * units, rounds, report)
        settle()
        report.runs.append(end_to_end(place, "sqlite", ingests=1, units=units, visits=visits, rounds=rounds))
    reason = why_not()
    if reason:
        _STATUS.print(f"without PostgreSQL: {reason}")
        return
    with Postgres() as server:
        for ingests in (1, 2):
            place = Place(folder / f"postgres-{ingests}", server.new_database())
            with place.broker, _STATUS.status(f"PostgreSQL, {ingests} ingest"):
                if ingests == 1:
                    bare(place, "postgresql", visits * units, rounds, report)
                settle()
                run = end_to_end(
                    place, "postgresql", ingests=ingests, units=units, visits=visits, rounds=rounds,
                    server_pid=server.pid,
                )  # fmt: skip
            report.runs.append(run)


def _print(report: SyncReport) -> None:
    console = Console(markup=False, highlight=False, width=118)
    console.print(f"one envelope: {report.envelope_bytes} bytes; processors: {report.processors}")
    if report.bare_publish_per_s:
        console.print(f"bare paho, QoS 1, one TLS client: {report.bare_publish_per_s:.0f}/s")
    for name, per_s in report.bare_insert_per_s.items():
        console.print(f"bare inserts, {name}, 100 a transaction: {per_s:.0f}/s")
    console.print(_table(report))
    for run in report.runs:
        for line in _lines(run):
            console.print(line)
    if second := _second_ingest(report):
        console.print(second)


def _table(report: SyncReport) -> Table:
    table = Table("database", "ingests", "units", "records", "receipted", "resent", "per s", "of the bound",
                  "processors allow", "gaps")  # fmt: skip
    for run in report.runs:
        bound = min(
            [x for x in (report.bare_publish_per_s, report.bare_insert_per_s.get(run.database)) if x], default=0
        )
        share = f"{run.per_s / bound:.2f}" if bound else "–"
        counts = (run.ingests, run.units, run.records, run.receipted, run.resent)
        gaps = "as made" if run.gaps_as_made else "WRONG"
        rates = (f"{run.per_s:.0f}", share, f"{run.machine_per_s:.0f}")
        table.add_row(run.database, *map(str, counts), *rates, gaps)
    return table


def _lines(run: EndToEnd) -> Iterator[str]:
    name = f"{run.database}, {run.ingests} ingest(s)"
    yield f"{name}, per s in each round: {', '.join(f'{per_s:.0f}' for per_s in run.each_per_s)}"
    each = ", ".join(f"{what} {us:.0f}" for what, us in run.cpu_us.items())
    yield f"{name}, µs of processor time a record: {each}; together {sum(run.cpu_us.values()):.0f}"
    for number, samples in enumerate(run.rss_kb, start=1):
        yield f"{name}, memory of no. {number}: {_memory(samples)}"
    yield from (f"{name}, setback: {setback}" for setback in run.setbacks)


def _second_ingest(report: SyncReport) -> str:
    """What a second process brought, and what it could have brought on this machine."""
    rates = {run.ingests: run for run in report.runs if run.database == "postgresql"}
    if rates.keys() < {1, 2}:
        return ""
    one, two = rates[1], rates[2]
    used = one.per_s / one.machine_per_s
    return (
        f"A second ingest process: {two.per_s / one.per_s:.2f} times the first. One alone kept {used:.0%} of the "
        f"{report.processors} processors busy, units, broker and database included, so that {1 / used:.2f} times was "
        f"the most that any number of processes could bring here."
    )


def _memory(samples: list[int]) -> str:
    if len(samples) < 4:
        return "too short to say"
    quarter = len(samples) // 4
    parts = [max(samples[i : i + quarter]) for i in range(0, quarter * 4, quarter)]
    return ", ".join(f"{kb / 1024:.1f}" for kb in parts) + " MiB at most in each quarter of the run"
