"""`doorstep history`: the visits of this unit, newest last, as its store has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.core.chain import StoredRecord
from edge.core.civil_time import civil_minute
from edge.core.envelope import SIMULATED_VISIT_TYPE, parse
from edge.core.errors import VerificationError
from edge.core.record import Score, VisitRecord, decode_record
from edge.wiring.unit import Unit, open_unit_readonly


@click.command()
@click.argument("person_id", required=False)
@click.option("--last", "count", type=click.IntRange(1), metavar="N", help="Only the newest N of them.")
@UNIT_OPTION
@json_option
def history(person_id: str | None, count: int | None, unit_dir: Path, as_json: bool) -> None:
    """List the visits that this unit made, of one person with PERSON_ID.

    Scores stand beside their thresholds as value (review/accept); “–” is a score that could not be had. The
    list shows what the store holds; `doorstep verify` proves it.

    \b
    Examples:
      doorstep history
      doorstep history 4301-000017 --json
    """
    with open_unit_readonly(unit_dir) as unit:
        rows = [row for row in _rows(unit) if person_id in (None, row["person_id"])]
    rows = rows[-count:] if count else rows
    if as_json:
        print_json(rows)
    elif rows:
        console().print(_table(rows))
    else:
        click.echo("No visits." if person_id is None else f"No visits of {person_id}.")


def _rows(unit: Unit) -> Iterator[dict[str, Any]]:
    with unit.store.snapshot():
        for stored in unit.store.records():
            entry = unit.outbox.entry(stored.sequence)
            yield {
                "sequence": stored.sequence,
                "sha256": stored.sha256,
                **_of_record(stored),
                "delivery": entry.state.value if entry else "",
                "delivery_reason": entry.reason if entry else "",
            }


def _of_record(stored: StoredRecord) -> dict[str, Any]:
    try:
        parsed = parse(stored.envelope)
        record = decode_record(parsed.payload, parsed.payload_type)
    except VerificationError as e:
        return {"person_id": "", "fault": e.message}
    return {
        "record_id": record.record_id,
        "ended_utc": record.visit.ended_utc,
        "clock_set_back": record.clock.set_back,
        "person_id": record.visit.person_served.person_id,
        "worker_id": record.visit.person_serving,
        "simulated": parsed.payload_type == SIMULATED_VISIT_TYPE,
        "outcome": record.outcome.kind.value,
        "reasons": [reason.value for reason in record.outcome.reasons],
        "scores": _scores(record),
    }


def _scores(record: VisitRecord) -> dict[str, dict[str, float | None]]:
    """Whatever scores this version of the record has, by name."""
    if record.face is None:
        return {}
    fields = {name: getattr(record.face, name) for name in record.face.__struct_fields__}
    return {name: msgspec.to_builtins(value) for name, value in fields.items() if isinstance(value, Score)}


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("#", "ended 结束", "person", "outcome", "reasons", "scores", "delivery"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        if "fault" in row:
            table.add_row(str(row["sequence"]), "", "", Text("unreadable", style="red"), Text(row["fault"]), "", "")
            continue
        table.add_row(
            str(row["sequence"]),
            civil_minute(row["ended_utc"]) + (" ↶" if row["clock_set_back"] else ""),
            Text(row["person_id"]),
            row["outcome"] + ("\n(simulated)" if row["simulated"] else ""),
            "\n".join(row["reasons"]),
            "\n".join(_score_text(name, score) for name, score in row["scores"].items()) or "–",
            Text(row["delivery"] + (f": {row['delivery_reason']}" if row["delivery_reason"] else "")),
        )
    return table


def _score_text(name: str, score: dict[str, float | None]) -> str:
    value = "–" if score["value"] is None else f"{score['value']:.3f}"
    return f"{name} {value} ({score['review']:.2f}/{score['accept']:.2f})"
