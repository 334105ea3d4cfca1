"""`doorstep demo`: the whole system on one machine, shown as it runs and kept as a report."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from edge.cli.options import json_option

if TYPE_CHECKING:
    from edge.demo.show import Plan, Shown

NOT_AS_DESCRIBED = 1
_folder = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--out", type=_folder, default=Path("demo-out"), show_default=True, help="Where the report is written.")
@click.option("--keep", is_flag=True, help="Keep the unit, both centrals and the logs as well.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the camera's movement.")
@click.option("--portraits", type=_folder, help="Other portraits; by default those that the set-up fetched.")
@click.option(
    "--bundle", type=_folder, envvar="DOORSTEP_BUNDLE", help="Another model bundle; by default the one built last."
)
@click.option("--page", is_flag=True, help="Serve the field worker's page instead, to click through a visit.")
@click.option("--open", "open_browser", is_flag=True, help="Serve that page and open it in this machine's browser.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="With --page; 0: any.")
@click.option("--camera", metavar="N", help="With --page: this machine's own camera, instead of the one that plays.")
@json_option
@click.pass_context
def demo(
    ctx: click.Context,
    out: Path,
    keep: bool,
    seed: int,
    portraits: Path | None,
    bundle: Path | None,
    page: bool,
    open_browser: bool,
    port: int,
    camera: str | None,
    as_json: bool,
) -> None:
    """Show everything on this machine, with no camera and no Pi.

    A unit with demonstration keys, a central and a real broker are made; five visits are run on pictures played
    from photographs, two of them while the broker is away; every record reaches central, and both ends verify
    the chain. All records are of simulated input, which a genuine central refuses, as is shown too.

    \b
    Examples:
      doorstep demo
      doorstep demo --out /tmp/demo --keep
      doorstep demo --open
    Exit codes: 0 every visit ended as described and both chains verify; 1 not so; 4 it could not be run.
    """
    if page or open_browser:
        from edge.cli.demo_page import serve_page

        plan = _plan(out, portraits, bundle, seed)
        serve_page(plan, port=port, camera=camera, open_browser=open_browser, keep=keep)
        return
    from edge.cli.demo_screen import Steps
    from edge.cli.words import LANGUAGES, catalogue
    from edge.demo.cast import REFERENCE
    from edge.demo.report import write_report
    from edge.demo.show import run_show
    from edge.demo.summary import encode_summary

    plan = _plan(out, portraits, bundle, seed)
    # Ended from outside, it still ends the broker and all it started.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    passed = False
    try:
        with Steps(Console(stderr=as_json, highlight=False)) as steps:
            shown = run_show(plan, steps.tell)
            steps.tell("report", 0)
            report = out / "report.html"
            words = {language: catalogue(language) for language in LANGUAGES}
            write_report(shown, plan.portraits / REFERENCE, words, report)
        written = encode_summary(shown.summary)
        (out / "summary.json").write_bytes(written)
        passed = not shown.summary.faults
    finally:
        kept = keep or not passed
        if not kept:
            shutil.rmtree(plan.folder)
    if as_json:
        click.echo(written)
    else:
        _tell_the_end(shown, report, plan.folder if kept else None)
    ctx.exit(0 if passed else NOT_AS_DESCRIBED)


def _plan(out: Path, portraits: Path | None, bundle: Path | None, seed: int) -> Plan:
    from edge.core.errors import InputError
    from edge.demo.cast import FOLDER, find_portraits
    from edge.demo.show import Plan, find_bundle

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorstep"
    found = find_portraits(portraits or cache / FOLDER), bundle or find_bundle(cache)
    try:
        out.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=out))
    except OSError as e:
        raise InputError(f"{out}: {e.strerror}", remedy="Choose a folder that you may write with --out.") from e
    return Plan(folder=folder, portraits=found[0], bundle=found[1], seed=seed)


def _tell_the_end(shown: Shown, report: Path, folder: Path | None) -> None:
    from edge.cli.demo_screen import show_table

    console = Console(highlight=False)
    show_table(console, shown.summary)
    console.print(f"{shown.summary.seconds} s · {report}", soft_wrap=True)
    if folder:
        console.print(f"unit, central, logs: {folder}", soft_wrap=True)
    console.print("亲手试一次 · click through a visit: doorstep demo --open", soft_wrap=True)
