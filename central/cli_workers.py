"""`doorstep-central worker`: the field workers whose signatures central knows."""

from __future__ import annotations

from pathlib import Path

import click

from central.clock import now_utc
from central.console import as_json, in_folder, open_central, print_json
from central.rows import workers as rows
from central.store import CentralStore
from edge.core.errors import InputError
from edge.core.keys import fingerprint
from edge.core.worker_enrolment import WorkerEnrolment, claimed_enrolment, open_enrolment


@click.group()
def worker() -> None:
    """Field workers' keys: a visit that a key signed which is not here is taken, and says so."""


@worker.command("add")
@click.argument("enrolment", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--worker-id", help="Whose key it must be; checked when given.")
@in_folder
@as_json
def worker_add(enrolment: Path, worker_id: str | None, folder: Path, as_json: bool) -> None:
    """Register a worker's key from the enrolment that `doorstep worker add --out` wrote.

    Compare the fingerprint with the one the unit showed to the worker: what is registered here is what shows a
    worker's hand in a visit.
    """
    _, store = open_central(folder)
    with store:
        made, fresh = register_worker(store, enrolment.read_bytes(), at_utc=now_utc(), worker_id=worker_id)
    fields = {"worker_id": made.key.owner, "unit_id": made.unit_id, "fingerprint": fingerprint(made.key)}
    if as_json:
        print_json({**fields, "keyid": made.key.keyid, "added": fresh})
        return
    state = "registered" if fresh else "was registered already"
    click.echo(f"Worker {made.key.owner} on unit {made.unit_id} {state}")
    click.echo(f"Key fingerprint: {fields['fingerprint']}")


@worker.command("revoke")
@click.argument("worker_id")
@click.option("--unit-id", help="Only the key on this unit.")
@in_folder
def worker_revoke(worker_id: str, unit_id: str | None, folder: Path) -> None:
    """Mark a worker's keys as no longer good. Visits that they sign are still taken, and shown as such."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        count = rows.revoke(transaction.connection, worker_id, at_utc=now_utc(), unit_id=unit_id)
    if not count:
        raise InputError(f"no key of worker {worker_id!r} is registered here, or all are revoked")
    click.echo(f"{count} key(s) of worker {worker_id} revoked")


@worker.command("list")
@in_folder
@as_json
def worker_list(folder: Path, as_json: bool) -> None:
    """List the registered keys."""
    _, store = open_central(folder)
    with store, store.transaction() as transaction:
        found = rows.every(transaction.connection)
    if as_json:
        print_json(found)
        return
    for key in found:
        state = f"revoked {key.revoked_utc}" if key.revoked_utc else f"since {key.added_utc}"
        click.echo(f"{key.worker_id}  on {key.unit_id}  {state}  {fingerprint(key.document)}")


def register_worker(
    store: CentralStore, raw: bytes, *, at_utc: str, worker_id: str | None = None
) -> tuple[WorkerEnrolment, bool]:
    """Check an enrolment against its unit's key and keep it; gives it, and whether it is new.

    Raises DoesNotVerify or CouldNotBeChecked (the enrolment), InputError (no such unit, or another worker).
    """
    claimed = claimed_enrolment(raw)
    with store.transaction() as transaction:
        unit = transaction.unit(claimed.unit_id)
        if unit is None or unit.revoked_utc is not None:
            raise InputError(
                f"unit {claimed.unit_id[:63]!r} is not registered here, or is revoked",
                remedy="Register the unit first: `doorstep-central unit add`.",
            )
        enrolment = open_enrolment(raw, unit.key)
        if worker_id is not None and enrolment.key.owner != worker_id:
            raise InputError(f"the key is of worker {enrolment.key.owner!r}, not of {worker_id!r}")
        return enrolment, rows.add(transaction.connection, enrolment, raw, at_utc=at_utc)
