"""`doorstep-central list`: take visit lists in, say which unit visits whom, show who is on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from central.clock import now_utc
from central.console import DOES_NOT_VERIFY, OK, as_json, in_folder, open_central, print_json
from central.downward import Downlink
from central.keys import message_signers
from central.list_import import Imported, ListImport, photographs_beside
from central.listing import bring_down
from central.reference_maker import ReferenceMaker
from central.rows.people import People
from central.vault import load_vault
from edge.core.errors import InputError
from edge.core.id_number import mask


@click.group("list")
def lists() -> None:
    """The visit list: who is to be visited, and by which unit."""


@lists.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@in_folder
@as_json
@click.pass_context
def list_import(ctx: click.Context, file: Path, folder: Path, as_json: bool) -> None:
    """Take FILE (.csv or .xlsx) in, with the photographs beside it.

    Columns: person_id, name, id_number, scheme, reference; employer, due_date, facts, address_code may follow.
    Wrong rows are reported by line and reason, right ones are taken. Exit code 1 when a row was wrong.
    """
    config, store = open_central(folder)
    with store, ReferenceMaker(config.models, folder=folder) as maker:
        with store.transaction() as transaction:
            vault = load_vault(folder / config.vault_key, transaction)
        task = ListImport(store=store, vault=vault, maker=maker, photographs=photographs_beside(file.parent))
        with Progress(console=Console(stderr=True), transient=True) as bar:
            shown = bar.add_task("rows")
            done = task.take(
                file.name,
                file.read_bytes(),
                at_utc=now_utc(),
                tell=lambda row, rows: bar.update(shown, completed=row, total=rows),
            )
        with store.transaction() as transaction:
            downlink = Downlink(message_signers(folder, config))
            bring_down(transaction, vault, downlink, done.units, at_utc=now_utc())
    if as_json:
        print_json(done)
    else:
        _tell(done)
    ctx.exit(DOES_NOT_VERIFY if done.wrong else OK)


def _tell(done: Imported) -> None:
    click.echo(
        f"{len(done.taken)} persons taken, {done.references} references made, {len(done.wrong)} rows not taken"
    )
    for wrong in done.wrong:
        click.echo(f"line {wrong.line}: {wrong.reason}")


@lists.command("assign")
@click.argument("unit_id")
@click.option("--village", "address_code", help="All persons with this address_code.")
@click.option("--person", "person_ids", multiple=True, help="This person; may be given several times.")
@in_folder
@as_json
def list_assign(
    unit_id: str, address_code: str | None, person_ids: tuple[str, ...], folder: Path, as_json: bool
) -> None:
    """Say that UNIT_ID visits a village or single persons; `-` for UNIT_ID says that nobody does."""
    if address_code is None and not person_ids:
        raise InputError("say whom: --village CODE or --person ID")
    config, store = open_central(folder)
    with store, store.transaction() as transaction:
        vault = load_vault(folder / config.vault_key, transaction)
        if unit_id != "-" and transaction.unit(unit_id) is None:
            raise InputError(f"no unit {unit_id!r} is registered here")
        people = People(transaction, vault)
        unknown = [p for p in person_ids if people.get(p) is None]
        if unknown:
            raise InputError(f"not on the list (查无此人): {', '.join(unknown)}")
        units = people.assign(None if unit_id == "-" else unit_id, address_code=address_code, person_ids=person_ids)
        count = sum(1 for _ in people.find(unit_id=unit_id))
        downlink = Downlink(message_signers(folder, config))
        waiting = bring_down(transaction, vault, downlink, units, at_utc=now_utc())
    if as_json:
        print_json({"unit_id": unit_id, "persons": count, "units": units, "waiting_for_keys": waiting})
    else:
        click.echo(f"{unit_id} visits {count} persons; lists that changed: {', '.join(units) or 'none'}")
        for name in waiting:
            click.echo(f"{name} has not given its keys yet; assign again once it has connected")


@lists.command("show")
@click.option("--unit-id", help="Only whom this unit visits.")
@click.option("--village", "address_code", help="Only this address_code.")
@in_folder
@as_json
def list_show(unit_id: str | None, address_code: str | None, folder: Path, as_json: bool) -> None:
    """Show the list. Names stay sealed, numbers are masked: a terminal keeps what it has shown."""
    config, store = open_central(folder)
    with store, store.transaction() as transaction:
        people = People(transaction, load_vault(folder / config.vault_key, transaction))
        rows: list[dict[str, Any]] = [
            {
                "person_id": p.person_id,
                "id_number": mask(p.personal.id_number),
                "scheme": p.scheme,
                "address_code": p.address_code,
                "due_date": p.due_date,
                "facts": p.facts,
                "references": len(people.references(p.person_id)),
                "unit_id": p.unit_id,
            }
            for p in people.find(unit_id=unit_id, address_code=address_code)
        ]
    if as_json:
        print_json(rows)
        return
    table = Table("person", "number", "scheme", "village", "due", "facts", "references", "unit")
    for row in rows:
        cells = {**row, "facts": ", ".join(row["facts"]), "unit_id": row["unit_id"] or "–"}
        table.add_row(*(str(cell) for cell in cells.values()))
    Console(markup=False).print(table)
