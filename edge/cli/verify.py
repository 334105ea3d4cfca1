"""`doorstep verify`: numbered steps over a record, a store, an exported file or a unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from edge.cli.errors import exit_code_of
from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.core.verdict import RecordCheck, Report, Step, StepState, Verdict
from edge.wiring.unit import Target, open_target

_MARKS = {StepState.PASSED: ("✓", "green"), StepState.FAILED: ("✗", "bold red"), StepState.NOT_CHECKED: ("·", "dim")}
VERDICTS = {
    Verdict.VERIFIES: ("✓ verifies", "bold green"),
    Verdict.DOES_NOT_VERIFY: ("✗ does not verify", "bold red"),
    Verdict.COULD_NOT_BE_CHECKED: ("? could not be checked", "bold yellow"),
}


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="A public key document."
)
@click.option(
    "--trust", metavar="DIR", type=click.Path(path_type=Path), help="A folder of public key documents (*.pub.json)."
)
@click.option("--qr", metavar="TEXT|IMAGE", help="A family's slip instead: its text, or a picture of the QR code.")
@click.option("--steps", "all_steps", is_flag=True, help="Show the steps of every record, not only of bad ones.")
@UNIT_OPTION
@json_option
def verify(
    target: Path | None, keys: tuple[Path, ...], trust: Path | None, qr: str | None, all_steps: bool, unit_dir: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Verify TARGET in numbered steps: a record's envelope, a record store, an exported file or a unit's folder.

    Without TARGET the unit's own store is verified. With --key or --trust only those keys are believed;
    otherwise the keys that the unit believes. Nothing is written, and a store may be in use meanwhile.

    \b
    Examples:
      doorstep verify
      doorstep verify records.sqlite3 --key unit-0001.pub.json --key central.pub.json
      doorstep verify visits.jsonl --trust ./keys --json
      doorstep verify --qr slip.png --trust ./keys

    \b
    Exit code 0: verifies. 1: does not verify. 3: could not be checked, for want of a key, say.
    """
    if qr is not None:
        from edge.cli.verify_slip import verify_slip

        if target:
            raise click.UsageError("give TARGET or --qr, not both")
        verdict = verify_slip(qr, unit_dir, keys, trust, as_json=as_json)
        click.get_current_context().exit(exit_code_of(verdict))
    with open_target(target, unit_dir, keys, trust) as opened:
        report = opened.audit()
        if as_json:
            print_json(_as_fields(opened, report))
        else:
            _print(console(), opened, report, all_steps or opened.kind == "record")
    click.get_current_context().exit(exit_code_of(report.verdict))


def _print(out: Console, target: Target, report: Report, all_steps: bool) -> None:
    out.print(Text(f"{target.kind} {target.path}"), soft_wrap=True)
    for check in report.records:
        if all_steps or check.verdict is not Verdict.VERIFIES:
            _print_record(out, check)
    if report.chain:
        out.print(Text("chain", style="bold"))
        _print_steps(out, report.chain)
    count = len(report.records)
    of_unit = f" of unit {report.unit_id}" if report.unit_id else ""
    out.print(
        Text.assemble(VERDICTS[report.verdict], f" — {count} record{'s' * (count != 1)}{of_unit}"), soft_wrap=True
    )
    if failure := _first_failure(report):
        out.print(Text(f"  {failure}"), soft_wrap=True)


def _print_record(out: Console, check: RecordCheck) -> None:
    faults = f"  [{', '.join(check.faults)}]" if check.faults else ""
    out.print(Text(f"{_name(check)}  {check.sha256[:12]}…{faults}", style="bold"))
    _print_steps(out, check.steps)


def _print_steps(out: Console, steps: tuple[Step, ...]) -> None:
    for step in steps:
        line = Text.assemble("  ", _MARKS[step.state], f" {step.number} {step.name:<10}", (step.detail, "dim"))
        out.print(line, soft_wrap=True)


def _name(check: RecordCheck) -> str:
    return f"record {check.sequence}" if check.sequence else f"unreadable, position {check.position + 1}"


def _first_failure(report: Report) -> str:
    """The sentence that says which step decided."""
    if report.verdict is Verdict.VERIFIES:
        return ""
    for check in report.records:
        if check.verdict is report.verdict and (step := check.failure):
            return f"{_name(check)}, step {step.number} ({step.name}): {step.detail}"
    failed = [s for s in report.chain if s.state is StepState.FAILED or s.wanting]
    return f"chain, step {failed[0].number} ({failed[0].name}): {failed[0].detail}" if failed else ""


def _as_fields(target: Target, report: Report) -> dict[str, Any]:
    return {
        "target": str(target.path),
        "kind": target.kind,
        "verdict": report.verdict,
        "why": _first_failure(report),
        "unit_id": report.unit_id,
        "last": {"sequence": report.last.sequence, "sha256": report.last.sha256},
        "faults": sorted(report.faults),
        "records": [
            {
                "sequence": check.sequence,
                "record_id": check.record_id,
                "sha256": check.sha256,
                "verdict": check.verdict,
                "faults": check.faults,
                "steps": [_step_fields(step) for step in check.steps],
            }
            for check in report.records
        ],
        "chain": [_step_fields(step) for step in report.chain],
    }


def _step_fields(step: Step) -> dict[str, Any]:
    return {"number": step.number, "name": step.name, "state": step.state, "detail": step.detail}
