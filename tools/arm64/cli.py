"""`python -m tools.arm64`: prepare the emulated boards, try each, show what passed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from edge.cli.options import print_json
from edge.core.errors import DoorstepError
from edge.models.bundle import export_bundle
from tools.arm64.boards import BOARDS, RELEASES, Board, Release, chosen
from tools.arm64.emulate import Machine
from tools.arm64.steps import Material, Step, nets_of, visit_of
from tools.bundle.places import bundle_folder, cache_folder, public_key_file
from tools.deb.targets import site_packages
from tools.deb.unpacked import unpacked_root
from tools.evaluate.default_bundle import find_bundle
from tools.portraits import fetch_portraits

PROJECT = Path(__file__).parents[2]
STILLS = 6
FEWER = {"min_liveness_frames = 12": f"min_liveness_frames = {STILLS - 1}", "probes = 5\n": "probes = 2\n"}
"""Emulation takes seconds for a frame: the visit's policy asks for fewer of them, one a second."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--release", "releases", multiple=True, metavar="NAME", help=f"Of {', '.join(RELEASES)}; default all.")
@click.option("--board", "boards", multiple=True, metavar="NAME", help=f"Of {', '.join(BOARDS)}; default all.")
@click.option("--visit/--no-visit", default=True, help="Also make a visit, on one board a release (minutes).")
@click.option("--json", "as_json", is_flag=True, help="Write the steps as JSON.")
def main(releases: tuple[str, ...], boards: tuple[str, ...], visit: bool, as_json: bool) -> None:
    """Try the project with its arm64 wheels on emulated processors of the Pi.

    \b
    Example:
      python -m tools.arm64 --release bookworm --board pi4

    Exit codes: 0 every step passed, 1 a step failed, 4 it could not be tried.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="doorstep-arm64-") as work:
            on = (chosen(RELEASES, releases, "release"), chosen(BOARDS, boards, "board"))
            steps = list(_tried(Path(work), *on, visit))
    except DoorstepError as e:
        print(f"{e.message}\n{e.remedy}", file=sys.stderr)
        raise SystemExit(4) from e
    if as_json:
        print_json({"steps": steps})
    else:
        Console().print(_table(steps))
    raise SystemExit(0 if all(step.passed for step in steps) else 1)


def _tried(work: Path, releases: list[Release], boards: list[Board], visit: bool) -> Iterator[Step]:
    material = _material(work)
    shutil.copytree(PROJECT / "edge", work / "application" / "edge", ignore=shutil.ignore_patterns("__pycache__"))
    for release in releases:
        _say(f"{release.name}: Debian's arm64 Python and the arm64 wheels (about 110 MB, the first time only)")
        root = unpacked_root(release.name, "arm64", release.packages)
        packages = (work / "application", site_packages(PROJECT, release.target))
        for index, board in enumerate(boards):
            machine = Machine(release=release, board=board, root=root, packages=packages, work=work)
            for step in nets_of(machine, material):
                yield _said(step)
            if visit and index == 0:
                for step in visit_of(machine, material):
                    yield _said(step)


def _material(work: Path) -> Material:
    """Pictures and bundle from the caches that the set-up filled. Raises InputError where they cannot be had."""
    portraits, stills, policy = fetch_portraits(cache_folder()), work / "stills", work / "policy.toml"
    stills.mkdir()
    for number in range(STILLS):
        shutil.copy(portraits / "obama2.jpg", stills / f"{number}.jpg")
    text = (resources.files("edge.resources") / "policy.toml").read_text("utf-8")
    for usual, fewer in FEWER.items():
        text = text.replace(usual, fewer)
    policy.write_text(text, "utf-8")
    export_bundle(find_bundle(None), work / "bundle.zip")
    return Material(
        bundle=work / "bundle.zip", key=public_key_file(bundle_folder()),
        stills=stills, reference=portraits / "obama.jpg", policy=policy,
    )  # fmt: skip


def _said(step: Step) -> Step:
    _say(f"{step.release} {step.board}: {step.name} {'passed' if step.passed else 'FAILED'}: {step.said}")
    return step


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _table(steps: list[Step]) -> Table:
    table = Table(title="arm64 under emulation")
    for column in ("release", "board", "step", "", "said"):
        table.add_column(column, overflow="fold")
    for step in steps:
        table.add_row(step.release, step.board, step.name, "passed" if step.passed else "FAILED", step.said)
    return table
