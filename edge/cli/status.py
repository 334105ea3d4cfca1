"""`doorstep status`: how a unit stands, without anybody's name in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.wiring.standing import standing_of
from edge.wiring.unit import open_unit_readonly


@click.command()
@click.option("--check", is_flag=True, help="Read the whole store file for damage too (about 1 s per 100 MB).")
@UNIT_OPTION
@json_option
def status(check: bool, unit_dir: Path, as_json: bool) -> None:
    """Say how the unit stands: key, chain, outbox, refused records, messages, evidence, disk, clock and versions.

    Nothing is written, and the unit may be in use meanwhile.

    \b
    Examples:
      doorstep status
      doorstep status --unit ./my-unit --json
    """
    with open_unit_readonly(unit_dir) as unit:
        found = standing_of(unit)
        if check:
            unit.store_file.quick_check()
            found["store"]["checked"] = "ok"
    if as_json:
        print_json(found)
    else:
        console().print(_table(found))


def _table(found: dict[str, Any]) -> Table:
    clock, disk, outbox, bundle = found["clock"], found["disk"], found["outbox"], found["bundle"]
    release = found["release"]
    off = "by an unknown amount" if clock["uncertainty_s"] is None else f"by {clock['uncertainty_s']} s at most"
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "unit": f"{found['unit']['id']}  ({found['unit']['folder']})",
        "key": f"{found['key']['purpose']}, {found['key']['keyid'][:16]}…",
        "chain": f"record {found['chain']['sequence']}, {found['chain']['sha256'][:16]}…",
        "outbox": ", ".join(f"{count} {state}" for state, count in outbox.items()),
        "quarantined": "\n".join(f"record {q['sequence']}: {q['reason']}" for q in found["quarantined"]) or "none",
        "messages": f"{found['messages']['applied']} from central applied, visit list {found['list']['version']}",
        "evidence": ", ".join(f"{count} {state}" for state, count in found["evidence"].items() if count) or "none",
        "photographs kept": str(found["photos_kept"]),
        "bundle offered": f"{bundle['name']}, {bundle['state']}" if bundle else "none",
        "release offered": f"{release['name']}, {release['state']}" if release else "none",
        "store": f"{found['store']['bytes'] / 1e6:.1f} MB" + (", undamaged" if "checked" in found["store"] else ""),
        "disk": f"{disk['free_bytes'] / 1e9:.1f} GB free of {disk['total_bytes'] / 1e9:.1f} GB",
        "clock": f"{clock['wall_utc']}, set from {clock['source']}, off {off}",
        "versions": ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
    }
    for name, value in rows.items():
        table.add_row(Text(name, style="bold"), Text(value))
    return table
