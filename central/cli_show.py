"""`doorstep-central show` and `verify`: what is held, and whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from central.console import DOES_NOT_VERIFY, NOT_CHECKED, OK, as_json, in_folder, open_central, print_json
from central.receipts import load_public
from central.rows import workers
from central.rows.workers import WorkerKey
from central.store import Transaction, UnitRow
from edge.core.chain import StoredRecord
from edge.core.envelope import parse
from edge.core.errors import VerificationError
from edge.core.keys import PublicKeyDocument
from edge.core.record import VisitRecord, decode_record
from edge.core.verdict import Report, Verdict
from edge.core.verify import verify_chain

EXITS = {Verdict.VERIFIES: OK, Verdict.DOES_NOT_VERIFY: DOES_NOT_VERIFY, Verdict.COULD_NOT_BE_CHECKED: NOT_CHECKED}


@click.command()
@click.option("--unit-id", help="Only this unit.")
@in_folder
@as_json
def show(unit_id: str | None, folder: Path, as_json: bool) -> None:
    """Show the visits received: outcomes, scores, receipts, gaps, refusals and alarms."""
    config, store = open_central(folder)
    with store, store.transaction() as transaction:
        keys = {key.keyid: key for key in workers.every(transaction.connection)}
        receipts = [r["issued_utc"] for r in transaction.rows("receipts", unit_id)]
        document = {
            "central_id": config.central_id,
            "kind": config.kind.value,
            "units": [_unit(transaction, u) for u in transaction.units() if unit_id in (None, u.unit_id)],
            "records": [_record(row, keys) for row in transaction.rows("records", unit_id)],
            "receipts": {"count": len(receipts), "last_utc": receipts[-1] if receipts else None},
            "refusals": [_without(row, "id") for row in transaction.rows("refusals", unit_id)],
            "alarms": [_without(row, "id", "envelope") for row in transaction.rows("alarms", unit_id)],
        }
    if as_json:
        print_json(document)
    else:
        _print(document)


@click.command()
@in_folder
@as_json
@click.pass_context
def verify(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Check every stored envelope and each unit's chain again, in numbered steps.

    A record that has not come yet is a gap, and a chain with a gap does not verify.
    """
    config, store = open_central(folder)
    with store, store.transaction() as transaction:
        own = load_public(folder / config.receipt_key)
        people = [key.document for key in workers.every(transaction.connection)]
        reports = [_verified(transaction, unit, [own, *people]) for unit in transaction.units()]
    worst = max((EXITS[r.verdict] for r in reports), key=[OK, NOT_CHECKED, DOES_NOT_VERIFY].index, default=OK)
    if as_json:
        verdict = next(v for v, code in EXITS.items() if code == worst)
        print_json({"verdict": verdict, "units": [_report(r) for r in reports]})
    else:
        for report in reports:
            _print_report(report)
    ctx.exit(worst)


def _verified(transaction: Transaction, unit: UnitRow, others: list[PublicKeyDocument]) -> Report:
    stored = (
        StoredRecord(
            sequence=row["sequence"],
            record_id=row["record_id"],
            payload_type=row["payload_type"],
            sha256=row["sha256"],
            envelope=row["envelope"],
            stored_utc=row["received_utc"],
        )
        for row in transaction.rows("records", unit.unit_id)
    )
    receipts = (row["envelope"] for row in transaction.rows("receipts", unit.unit_id))
    return verify_chain(stored, [unit.key, *others], unit_id=unit.unit_id, receipts=receipts)


def _unit(transaction: Transaction, unit: UnitRow) -> dict[str, Any]:
    held = [row["sequence"] for row in transaction.rows("records", unit.unit_id)]
    return {
        "unit_id": unit.unit_id,
        "purpose": unit.key.purpose.value,
        "revoked_utc": unit.revoked_utc,
        "records": len(held),
        "gap_free_sequence": unit.gap_free_sequence,
        "highest_sequence": held[-1] if held else 0,
        "gaps": _gaps(held),
    }


def _gaps(held: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches first..last that are not held below the highest."""
    pairs = zip([0, *held], held, strict=False)
    return [(before + 1, after - 1) for before, after in pairs if after > before + 1]


def _record(row: dict[str, Any], keys: dict[str, WorkerKey]) -> dict[str, Any]:
    shown = _without(row, "id", "envelope")
    for who in ("worker", "witness"):
        shown[f"{who}_signature"] = workers.standing(row[f"{who}_keyid"], keys).value
    shown["reasons"] = msgspec.json.decode(row["reasons"])
    record = _decoded(row)
    face = record.face if record else None
    shown["comparison"] = face.comparison.value if face else None
    shown["liveness"] = face.liveness.value if face else None
    shown["person_id"] = record.visit.person_served.person_id if record else None
    return shown


def _decoded(row: dict[str, Any]) -> VisitRecord | None:
    try:
        envelope = parse(row["envelope"])
        return decode_record(envelope.payload, envelope.payload_type)
    except VerificationError:
        return None


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _report(report: Report) -> dict[str, Any]:
    return {
        "unit_id": report.unit_id,
        "verdict": report.verdict,
        "records": [
            {"sequence": r.sequence, "sha256": r.sha256, "verdict": r.verdict, "steps": r.steps}
            for r in report.records
        ],
        "chain": report.chain,
        "findings": report.findings,
    }


def _print(document: dict[str, Any]) -> None:
    console = Console(markup=False)
    table = Table(title=f"{document['central_id']}: {len(document['records'])} {document['kind']} records")
    for heading in ("unit", "no.", "visit", "outcome", "reasons", "similar", "live", "worker's key", "received"):
        table.add_column(heading, overflow="fold")
    for row in document["records"]:
        scores = ("–" if row[n] is None else f"{row[n]:.3f}" for n in ("comparison", "liveness"))
        said = (row["visit_id"], row["outcome"], ", ".join(row["reasons"]))
        place, signed = (row["unit_id"], str(row["sequence"])), row["worker_signature"]
        table.add_row(*place, *said, *scores, signed, row["received_utc"][:19])
    console.print(table)
    for unit in document["units"]:
        gaps = ", ".join(f"{a}–{b}" for a, b in unit["gaps"]) or "none"
        console.print(f"{unit['unit_id']}: complete to {unit['gap_free_sequence']}, missing below the last: {gaps}")
    console.print(f"receipts kept: {document['receipts']['count']}")
    for name, what in (("refusals", "reason"), ("alarms", "kind")):
        for row in document[name]:
            console.print(f"{name[:-1].replace('refusal', 'refused')}: {row['unit_id']} {row[what]}: {row['detail']}")


def _print_report(report: Report) -> None:
    console = Console(markup=False)
    console.print(f"{report.unit_id}: {len(report.records)} records, {report.verdict.value}")
    for record in report.records:
        if record.failure is not None:
            step = record.failure
            console.print(f"  record {record.sequence}: step {step.number} {step.name}: {step.detail}")
    for step in report.chain:
        console.print(f"  step {step.number} {step.name}: {step.state.value} {step.detail}")
    for finding in report.findings:
        console.print(f"  {finding.detail}")
