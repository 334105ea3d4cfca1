"""`python -m tools.attacks`: list the species, render clips with labels, make a contact sheet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import cv2

from edge.core.errors import DoorstepError
from edge.models.nets import load_nets
from tools.attacks.camera import AttackCamera
from tools.attacks.clips import write_clips
from tools.attacks.contact import write_sheet
from tools.attacks.identities import Identity, named, of_data, portraits
from tools.attacks.species import SPECIES
from tools.attacks.studio import Studio
from tools.evaluate.default_bundle import find_bundle
from tools.evaluate.progress import shown

_MOMENTS_S = (0.0, 0.5, 1.0, 1.5)


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--bundle", type=click.Path(file_okay=False, path_type=Path), help="Model bundle."),
        click.option("--no-lamps", is_flag=True, help="A unit without lamps: ambient light only."),
        click.option("--roll", "roll_deg", type=float, help="Roll of every head, degrees.  [default: drawn]"),
        click.option("--seconds", default=11.0, show_default=True, type=click.FloatRange(0.1, 60)),
        click.option("--seed", default=1, show_default=True, help="Of the first clip; the next ones count on."),
        click.option("--count", default=1, show_default=True, help="Clips per species."),
        click.option(
            "--from", "source", type=click.Path(exists=True, path_type=Path),
            help="Picture, clip or folder of faces.  [default: the set-up's portraits and $DOORSTEP_EVAL_DATA]",
        ),
        click.option("--species", default="all", show_default=True, help="Names with commas; all, live or attack."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Render living people and presentation attacks through a simulated camera, lit by the unit's lamps."""


@main.command("list")
def list_() -> None:
    """The species, and what each is."""
    for kind in SPECIES.values():
        click.echo(f"{kind.name:16s} {kind.label:7s} {kind.what}")


@main.command()
@_options
@click.option("--container", default="avi", show_default=True, type=click.Choice(["avi", "mp4"]))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
def render(out: Path, container: str, **rest: object) -> None:
    """Clips and labels.csv into a folder.

    \b
    Example:
      python -m tools.attacks render --species print_flat,live_head --count 4 --out /tmp/clips
    """
    cameras = list(_cameras(**rest))  # type: ignore[arg-type]
    click.echo(write_clips(shown(cameras, "clips", len(cameras)), out, container=container))


@main.command()
@_options
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PNG or JPEG to write.")
def sheet(out: Path, **rest: object) -> None:
    """A contact sheet: four frames of each clip."""
    cameras = list(_cameras(**rest))  # type: ignore[arg-type]
    write_sheet(shown(cameras, "clips", len(cameras)), out, _MOMENTS_S)


def _cameras(
    *, species: str, source: Path | None, count: int, seed: int, seconds: float, roll_deg: float | None,
    no_lamps: bool, bundle: Path | None,
) -> Iterator[AttackCamera]:  # fmt: skip
    cv2.setNumThreads(1)
    try:
        identities = named(source) if source else default_identities()
        studio = Studio(load_nets(find_bundle(bundle)), identities, attackers=portraits())
        for name in _chosen(species, studio):
            for number in range(count):
                yield studio.camera(name, seed + number, seconds=seconds, roll_deg=roll_deg, lamps=not no_lamps)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)


def default_identities() -> list[Identity]:
    """The portraits, and the development data where DOORSTEP_EVAL_DATA names it."""
    data = os.environ.get("DOORSTEP_EVAL_DATA")
    return portraits() + (of_data(Path(data)) if data else [])


def _chosen(species: str, studio: Studio) -> list[str]:
    if species not in ("all", "live", "attack"):
        return species.split(",")
    films = any(i.film for i in studio.identities)
    return [k.name for k in SPECIES.values() if species in ("all", k.label) and (films or not k.film)]
