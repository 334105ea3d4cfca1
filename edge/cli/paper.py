"""`doorstep paper`: what the family gets of a visit, as files."""

from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import UNIT_OPTION, json_option, print_json
from edge.cli.words import LANGUAGES
from edge.cli.writing import write_files

_FILE = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.command()
@click.argument("record")
@click.option("--slip", "slip_file", type=_FILE, metavar="FILE", help="The slip's QR code, .svg or .png.")
@click.option("--form", "form_file", type=_FILE, metavar="FILE.pdf", help="The application form, to be printed.")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True, help="The form's.")
@UNIT_OPTION
@json_option
def paper(
    record: str, slip_file: Path | None, form_file: Path | None, language: str, unit_dir: Path, as_json: bool
) -> None:
    """Make the slip of RECORD, by its number or record_id, and print its text; with --form also the form.

    The slip names nobody. The form does, as the visit list has it, and never shows a face.

    \b
    Examples:
      doorstep paper 17
      doorstep paper 17 --slip slip.png --form form.pdf
      doorstep verify --qr slip.png
    """
    from edge.wiring.paper import UnitPapers, qr_picture
    from edge.wiring.unit import open_unit
    from edge.wiring.visit import VisitSide

    with open_unit(unit_dir) as unit:
        side = VisitSide(unit)
        papers = UnitPapers(unit, lambda: side.policy.renewal, side.listed)
        stored = papers.find(record)
        text = papers.slip(stored)
        files = {form_file: papers.form(stored, language)} if form_file else {}
    if slip_file:
        files[slip_file] = qr_picture(text, slip_file.suffix)
    write_files(files)
    if as_json:
        print_json({"record_id": stored.record_id, "sequence": stored.sequence, "slip": text})
    else:
        click.echo(text)
