"""`doorstep doctor`: the bench sheet of a unit, on the terminal, as signed JSON and as a page to print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from edge.cli.options import UNIT_OPTION, console, json_option, print_json, terminal
from edge.cli.words import say
from edge.core.bench_sheet import BenchSheet, LineState
from edge.core.errors import ConfigError, InputError
from edge.gate.bench_words import found_in, remedy_of
from edge.gate.words import LANGUAGES, Words

MARKS = {LineState.PASS: ("✓", "green"), LineState.FAIL: ("✗", "bold red"), LineState.SKIPPED: ("–", "dim")}


@click.command(epilog="Exit codes: 0 no line fails; 1 a line fails; 2 wrong usage; 4 the sheet could not be made.")
@click.option("--only", metavar="LINES", help="Examine these only, separated by commas.")
@click.option("--skip", metavar="LINES", default="", help="Leave these out, separated by commas.")
@click.option("--camera", metavar="SPEC", help="A camera instead of unit.toml's: v4l2:N, picamera2, video:FILE.")
@click.option("--press", is_flag=True, help="Wait for each button of the panel to be pressed.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write sheet and page to this folder.")
@click.option(
    "--check", "sheet", type=click.Path(path_type=Path, dir_okay=False), help="Check a signed sheet instead."
)
@UNIT_OPTION
@json_option
@click.pass_context
def doctor(
    ctx: click.Context, only: str | None, skip: str, camera: str | None, press: bool, out: Path | None,
    sheet: Path | None, unit_dir: Path, as_json: bool,
) -> None:  # fmt: skip
    """Examine this unit line by line: board, clock, camera, lamps, nets, store, keys, broker.

    What is not there is skipped and says so. With --out the sheet is signed by the unit's record key and written as
    UNIT.bench.json, with a page to print beside it that bears the unit's label, and the camera's test picture.

    \b
    Examples:
      doorstep doctor
      doorstep doctor --skip broker,camera --json
      doorstep doctor --out /media/stick
      doorstep doctor --check /media/stick/unit-7.bench.json
    """
    if sheet is not None:
        made = _checked(sheet, unit_dir)
    else:
        made = _examined(unit_dir, only, skip, out, camera=camera, press=press, quiet=as_json)
    if as_json:
        print_json({"passed": made.passed, "sheet": made})
    else:
        _print(made)
    ctx.exit(0 if made.passed else 1)


def _examined(
    unit_dir: Path, only: str | None, skip: str, out: Path | None, *, camera: str | None, press: bool, quiet: bool
) -> BenchSheet:
    from edge.wiring.doctor import Bench, write_sheet
    from edge.wiring.unit import open_unit_readonly

    with open_unit_readonly(unit_dir) as unit:
        bench = Bench(unit, camera=camera, press=press)
        left_out = bench.known(_names(skip))
        names = [n for n in (_names(only) if only else list(bench.checks())) if n not in left_out]
        with terminal.status("") as status:
            made = bench.examine(names, _teller(status.update, quiet))
        if out is not None:
            for path in write_sheet(bench, made, out):
                terminal.print(str(path), markup=False)
    return made


def _checked(path: Path, unit_dir: Path) -> BenchSheet:
    from edge.core.bench_sheet import open_sheet
    from edge.wiring.unit import open_unit_readonly

    try:
        raw = path.read_bytes()
    except OSError as e:
        raise InputError(f"cannot read {path}: {e.strerror}") from e
    try:
        with open_unit_readonly(unit_dir) as unit:
            believed = unit.believed()
    except ConfigError:
        believed = []  # then no key is at hand, which the check says
    return open_sheet(raw, believed)


def _teller(update: Callable[[str], None], quiet: bool) -> Callable[[str], None]:
    return (lambda _name: None) if quiet else (lambda name: update(say("doctor", name)))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _print(sheet: BenchSheet) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    languages = [Words("edge.resources", language) for language in LANGUAGES]
    for line in sheet.lines:
        mark, style = MARKS[line.state]
        found = Text("\n".join(dict.fromkeys(found_in(line, words) for words in languages)))
        for remedy in dict.fromkeys(remedy_of(line, words) for words in languages):
            found.append(f"\n→ {remedy}" if remedy else "", style="cyan")
        table.add_row(Text(mark, style=style), Text(say("doctor", line.check), style="bold"), found)
    console().print(table)
    counts = ", ".join(f"{sheet.count(state)} {say('doctor', state.value)}" for state in LineState)
    console().print(Text(f"{sheet.unit_id}: {counts}", style="bold"))
