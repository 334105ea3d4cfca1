"""`doorstep consent`: what a person has agreed to on this unit, and taking it back."""

from __future__ import annotations

from pathlib import Path

import click

from edge.capture.no_camera import NoCamera
from edge.cli.asking import purposes_of
from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.cli.pins import sign_in
from edge.cli.writing import write_files
from edge.core.errors import InputError
from edge.core.visit import ConsentGiver, Purpose
from edge.services.consents import ConsentBook, Contested
from edge.wiring.people import consent_book
from edge.wiring.unit import Unit, open_unit
from edge.wiring.visit import VisitSide


@click.group()
def consent() -> None:
    """Consent after the visit: what stands, and taking it back.

    \b
    Example:
      doorstep consent show 4301-000017
      doorstep consent withdraw 4301-000017 --worker w-1 --purpose send
    """


@consent.command()
@click.argument("person_id")
@UNIT_OPTION
@json_option
def show(person_id: str, unit_dir: Path, as_json: bool) -> None:
    """Say which consents of a person still stand on this unit.

    \b
    Example:
      doorstep consent show 4301-000017 --json
    """
    with open_unit(unit_dir) as unit:
        standing = _book(unit).standing(person_id)
        photos = len(_book(unit).kept.of_person(person_id))
    purposes = [purpose.value for purpose in Purpose if purpose in standing.purposes]
    if as_json:
        records = [stored.sequence for stored, _ in standing.by_record]
        print_json({"person_id": person_id, "purposes": purposes, "records": records, "photos_kept": photos})
    else:
        click.echo(f"{person_id}: {', '.join(purposes) or 'nothing stands'}; {photos} photographs kept here")


@consent.command()
@click.argument("person_id")
@click.option("--worker", required=True, help="The field worker who looks.")
@click.option("--why", required=True, type=click.Choice([why.value for why in Contested]))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@UNIT_OPTION
def photo(person_id: str, worker: str, why: str, out: Path, unit_dir: Path) -> None:
    """Write the latest photograph that a person let this unit keep, for a contested case. Who looked is noted.

    \b
    Example:
      doorstep consent photo 4301-000017 --worker w-1 --why appeal --out photo.jpg
    """
    if out.exists():
        raise InputError(f"{out} is there already", remedy="Choose another file.")
    with open_unit(unit_dir) as unit:
        sign_in(unit, (worker,))
        content = _book(unit).photograph(person_id, worker_id=worker, why=Contested(why))
    write_files({out: content}, mode=0o600)
    click.echo(f"{out}: it is not encrypted; delete it when the case is closed.")


@consent.command()
@click.argument("person_id")
@click.option("--worker", required=True, help="The field worker who takes it down.")
@click.option("--purpose", default="match,keep,send", show_default=True, help="What is taken back.")
@click.option("--guardian", is_flag=True, help="A guardian takes it back, not the person.")
@UNIT_OPTION
@json_option
def withdraw(person_id: str, worker: str, purpose: str, guardian: bool, unit_dir: Path, as_json: bool) -> None:
    """Take consent back: photographs that it covered are deleted, here at once and at central when it hears of it.

    Signed like a visit, by the worker's PIN where the unit has workers. What was decided of a person stays decided.

    \b
    Example:
      doorstep consent withdraw 4301-000017 --worker w-1 --purpose keep,send
    """
    purposes = purposes_of(purpose, "--purpose")
    giver = ConsentGiver.GUARDIAN if guardian else ConsentGiver.PERSON
    with open_unit(unit_dir) as unit:
        signers = sign_in(unit, (worker,))
        stored = _book(unit).withdraw(person_id, purposes, given_by=giver, worker=worker, signers=signers)
    if as_json:
        print_json({"person_id": person_id, "sequence": stored.sequence, "sha256": stored.sha256})
    else:
        click.echo(f"Taken back, and signed as record {stored.sequence}.")


def _book(unit: Unit) -> ConsentBook:
    return consent_book(unit, VisitSide(unit).provenance(NoCamera().source, by_face=False))
