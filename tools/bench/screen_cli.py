"""`python -m tools.bench screen`."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

import click
import msgspec
from rich.console import Console

from edge.core.errors import DoorstepError
from tools.bench import frames as sources
from tools.bench.screen import ScreenReport, measure_screen
from tools.evaluate.rig import Choice, rig_options

WANTED_FPS, WANTED_REACTION_MS = 15.0, 300.0


@click.command()
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Times through all changes.")
@click.option("--readers", default=1, show_default=True, type=click.IntRange(1, 8), help="Screens that look.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@rig_options
def screen(
    rounds: int, readers: int, as_json: bool, bundle: Path | None, policy: Path, runtime: str, threads: int
) -> None:
    """The live picture while detection runs: pictures a second, reaction of the hint, share of a core.

    \b
    Example:
      python -m tools.bench screen --rounds 5
    """
    try:
        rig = Choice(bundle=bundle, policy=policy, runtime=runtime, threads=threads).open()
        lit = sources.moving_portrait(sources.portrait(), 40)
        with Console(stderr=True).status("playing in real time"):
            report = measure_screen(rig.nets, rig.policy, lit, rounds=rounds, readers=readers)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1))
    else:
        _print(report)


def _print(report: ScreenReport) -> None:
    fps = ", ".join(f"{rate:.1f}" for rate in report.fps)
    click.echo(f"pictures on the screen: {fps} a second (wanted {WANTED_FPS:.0f})")
    click.echo(f"frames that the nets looked at meanwhile: {report.frames_fps:.1f} a second")
    click.echo(f"from the camera to the screen: median {report.picture_ms:.0f} ms")
    for hint, times_ms in report.reaction_ms.items():
        click.echo(f"reaction, {hint}: median {median(times_ms):.0f} ms, slowest {max(times_ms):.0f} ms")
    click.echo(f"slowest reaction: {report.slowest_reaction_ms:.0f} ms (wanted {WANTED_REACTION_MS:.0f})")
    click.echo(
        f"share of one core: {report.share_all:.0%}, of which detection {report.share_detection:.0%}, "
        f"the live picture {report.share_picture:.0%}"
    )
    click.echo(f"one picture: {report.encode_ms:.2f} ms, of which the box {report.draw_ms:.2f} ms")
