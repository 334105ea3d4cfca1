"""`doorstep verify --qr`: the slip that a family carries, checked with public keys and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from edge.cli.options import console, print_json
from edge.cli.verify import VERDICTS
from edge.cli.words import say
from edge.core.errors import DoesNotVerify, VerificationError
from edge.core.slip import Slip, open_slip
from edge.core.verdict import Verdict
from edge.wiring.paper import slip_text
from edge.wiring.unit import keys_at_hand


def verify_slip(given: str, root: Path, keys: tuple[Path, ...], trust: Path | None, *, as_json: bool) -> Verdict:
    """Print what the slip says and whether it holds. Raises InputError when `given` holds no QR code."""
    text, slip, why = slip_text(given), None, ""
    try:
        slip, verdict = open_slip(text, keys_at_hand(root, keys, trust)), Verdict.VERIFIES
    except VerificationError as e:
        verdict = Verdict.DOES_NOT_VERIFY if isinstance(e, DoesNotVerify) else Verdict.COULD_NOT_BE_CHECKED
        why = f"{e.step}: {e.message}"
    if as_json:
        print_json({"kind": "slip", "verdict": verdict, "why": why, "slip": _as_fields(slip) if slip else None})
    else:
        _print(slip, verdict, why)
    return verdict


def _as_fields(slip: Slip) -> dict[str, Any]:
    fields = {name: getattr(slip, name) for name in slip.__struct_fields__}
    return {**fields, "record_sha256": slip.record_sha256.hex()}


def _print(slip: Slip | None, verdict: Verdict, why: str) -> None:
    out = console()
    mark = Text.assemble(VERDICTS[verdict], f" — {say('slip', 'title')}")
    if slip is None:
        out.print(mark, soft_wrap=True)
        out.print(Text(f"  {why}"), soft_wrap=True)
        return
    if slip.simulated:
        mark.append(f"  {say('slip', 'simulated')}", style="yellow")
    out.print(mark, soft_wrap=True)
    for key, value in (
        ("outcome", say("outcome", slip.outcome.value)),
        ("visited", slip.visited),
        ("next_due", slip.next_due or "–"),
        ("id_number", slip.id_number_masked or "–"),
        ("unit", slip.unit_id),
        ("record", f"{slip.sequence} · {slip.record_sha256.hex()}"),
    ):
        out.print(Text.assemble((f"  {say('slip', key)}  ", "dim"), value), soft_wrap=True)
