"""`doorstep worker`: the field workers of a unit, their keys and PINs, and what unlocks them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from edge.cli.options import UNIT_OPTION, console, json_option, print_json
from edge.cli.pins import ask_pin
from edge.cli.writing import write_files
from edge.core.errors import InputError
from edge.core.keys import KeyPurpose
from edge.core.unlock_code import Unlock, sign_code
from edge.wiring.unit import fingerprint, open_unit, open_unit_readonly
from edge.wiring.workers import load_technician, make_technician

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def worker() -> None:
    """The field workers of this unit: each has a signing key, opened by a PIN.

    Three wrong PINs in a row lock a worker for 24 hours of the unit's running time; neither a restart nor a changed
    clock ends that sooner. A technician's signed code does.

    \b
    Example:
      doorstep worker add w-1 --out w-1.enrolment.json   (asks for a PIN; give the file to central)
      doorstep worker list
    """


@worker.command()
@click.argument("worker_id")
@click.option("--name", default="", help="For people, on this unit's screen only; kept encrypted.")
@click.option("--out", type=FILE, help="Write the enrolment for central here.")
@click.option("--renew", is_flag=True, help="A new key for a worker who forgot the PIN; the old one is retired.")
@UNIT_OPTION
@json_option
def add(worker_id: str, name: str, out: Path | None, renew: bool, unit_dir: Path, as_json: bool) -> None:
    """Make a key for WORKER_ID under a new PIN, which is asked for or read from standard input.

    Central registers the key from the enrolment (`doorstep-central worker add`); until then it takes the worker's
    visits and says that it does not know the key.

    \b
    Examples:
      doorstep worker add w-1 --out w-1.enrolment.json
      echo 280617 | doorstep worker add w-2 --json
    """
    with open_unit(unit_dir) as unit:
        pin = ask_pin(f"New PIN of {worker_id}", twice=True)
        made = unit.workers.renew(worker_id, pin) if renew else unit.workers.add(worker_id, pin, name)
        enrolment = unit.workers.enrolment(worker_id)
    if out:
        write_files({out: enrolment})
    fields = {"worker_id": worker_id, "keyid": made.public.keyid, "fingerprint": fingerprint(made.public)}
    if as_json:
        print_json({**fields, "enrolment": enrolment.decode()})
        return
    click.echo(f"Worker {worker_id} has a key on this unit.\nKey fingerprint: {fields['fingerprint']}")
    click.echo(f"Next: give {out or 'what `doorstep worker show` prints'} to central, who runs")
    click.echo("  doorstep-central worker add FILE")


@worker.command("list")
@UNIT_OPTION
@json_option
def list_(unit_dir: Path, as_json: bool) -> None:
    """List who may sign on this unit, and who is locked.

    \b
    Example:
      doorstep worker list --json
    """
    with open_unit_readonly(unit_dir) as unit:
        found = unit.workers.workers()
    if as_json:
        print_json([{**_fields(w), "locked": w.locked} for w in found])
        return
    if not found:
        click.echo("No workers. Add one with `doorstep worker add`.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("worker", "name", "key", "PIN"):
        table.add_column(heading)
    for w in found:
        locked = f"locked, {w.remaining_s / 3600:.1f} h left; challenge {w.challenge}"
        table.add_row(Text(w.worker_id), Text(w.name), w.keyid[:16] + "…", locked if w.locked else f"{w.left} tries")
    console().print(table)


@worker.command()
@click.argument("worker_id")
@UNIT_OPTION
def show(worker_id: str, unit_dir: Path) -> None:
    """Print the enrolment of WORKER_ID, as central wants it.

    \b
    Example:
      doorstep worker show w-1 > w-1.enrolment.json
    """
    with open_unit_readonly(unit_dir) as unit:
        click.echo(unit.workers.enrolment(worker_id), nl=False)


@worker.command()
@click.argument("worker_id")
@UNIT_OPTION
@json_option
def pin(worker_id: str, unit_dir: Path, as_json: bool) -> None:
    """Change the PIN of WORKER_ID; asks for the old one and the new one, or reads two lines of standard input.

    \b
    Example:
      doorstep worker pin w-1
    """
    with open_unit(unit_dir) as unit:
        unit.workers.change_pin(worker_id, ask_pin("PIN"), ask_pin("New PIN", twice=True))
    said = {"worker_id": worker_id, "changed": True}
    _say(as_json, said, f"The PIN of {worker_id} is changed; the key is the same.")


@worker.command()
@click.argument("worker_id")
@click.argument("photo", type=FILE)
@UNIT_OPTION
@json_option
def face(worker_id: str, photo: Path, unit_dir: Path, as_json: bool) -> None:
    """Keep a photograph of WORKER_ID, encrypted, so that nobody certifies with their own face.

    
    Example:
      doorstep worker face w-1 portrait.jpg
    """
    from edge.wiring.people import keep_worker_face
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        keep_worker_face(VisitSide(unit), worker_id, photo)
    said = {"worker_id": worker_id, "face": True}
    _say(as_json, said, f"The face of {worker_id} is known to this unit, and stays here.")


@worker.command()
@click.argument("worker_id")
@UNIT_OPTION
@json_option
def remove(worker_id: str, unit_dir: Path, as_json: bool) -> None:
    """Let WORKER_ID sign no more on this unit. What was signed still verifies.

    \b
    Example:
      doorstep worker remove w-1
    """
    with open_unit(unit_dir) as unit:
        unit.workers.retire(worker_id)
    _say(as_json, {"worker_id": worker_id, "removed": True}, f"Worker {worker_id} signs no more on this unit.")


@worker.command()
@click.argument("worker_id")
@click.option("--code", help="The technician's code; without it the challenge is shown.")
@UNIT_OPTION
@json_option
def unlock(worker_id: str, code: str | None, unit_dir: Path, as_json: bool) -> None:
    """End the lock of WORKER_ID by a technician's code, offline. Without --code it shows what the code is made for.

    \b
    Example:
      doorstep worker unlock w-1                       (shows the challenge)
      doorstep worker unlock w-1 --code "ABCD EFGH …"
    """
    with open_unit(unit_dir) as unit:
        if code is not None:
            technician = unit.workers.unlock(worker_id, code, unit.believed())
            said = {"worker_id": worker_id, "unlocked_by": technician}
            _say(as_json, said, f"Worker {worker_id} is unlocked, by {technician}.")
            return
        found = [w for w in unit.workers.workers() if w.worker_id == worker_id and w.locked]
        if not found:
            raise InputError(f"no worker {worker_id!r} is locked on this unit")
        fields = {"unit_id": unit.config.unit_id, "worker_id": worker_id, "challenge": found[0].challenge}
    text = "Read this to a technician:\n" + "\n".join(f"  {name}: {value}" for name, value in fields.items())
    _say(as_json, fields, text)


@worker.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--name", required=True, help="Who the technician is, for the unit's log of unlockings.")
@click.option("--demo", "purpose", flag_value="demonstration", help="For demonstration units.")
@click.option("--provisioned", "purpose", flag_value="provisioned", help="For units with genuine visits.")
@json_option
def technician(folder: Path, name: str, purpose: str | None, as_json: bool) -> None:
    """Make a technician's key in DIR, on the technician's own computer; units trust its public half.

    \b
    Example:
      doorstep worker technician ./my-key --name zhou --provisioned
      doorstep unit trust my-key/technician.pub.json --unit …
    """
    if purpose is None:
        raise click.UsageError("Say which units it unlocks: --demo or --provisioned.")
    public = make_technician(folder, name, KeyPurpose(purpose))
    text = f"Made {folder}/technician.pub.json: units trust it with `doorstep unit trust`.\n"
    _say(as_json, {"keyid": public.keyid}, text + f"Key fingerprint: {fingerprint(public)}")


@worker.command()
@click.option("--key", "folder", required=True, type=FOLDER, help="The folder of the technician's key.")
@click.option("--unit-id", required=True)
@click.option("--worker-id", required=True)
@click.option("--challenge", required=True, help="As the unit shows it; blanks do not matter.")
@json_option
def code(folder: Path, unit_id: str, worker_id: str, challenge: str, as_json: bool) -> None:
    """Make the code that ends one worker's lock on one unit, once. For technicians; needs no network.

    \b
    Example:
      doorstep worker code --key ./my-key --unit-id changsha-0007 --worker-id w-1 --challenge "ABCD EFGH IJKL MNOP"
    """
    unlock_ = Unlock(unit_id=unit_id, worker_id=worker_id, challenge=challenge)
    made = sign_code(unlock_, load_technician(folder).signer)
    _say(as_json, {"code": made}, made)


def _fields(summary: object) -> dict[str, object]:
    names = ("worker_id", "name", "keyid", "made_utc", "left", "remaining_s", "until_utc", "challenge")
    return {name: getattr(summary, name) for name in names}


def _say(as_json: bool, fields: Mapping[str, object], text: str) -> None:
    if as_json:
        print_json(fields)
    else:
        click.echo(text)

