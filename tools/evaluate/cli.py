"""The commands of `python -m tools.evaluate`: they read options, measure, and hand the report out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from edge.core.errors import DoorstepError
from tools.evaluate.clips import measure_clips
from tools.evaluate.liveness import measure_degraded, measure_liveness
from tools.evaluate.matching import measure_matching
from tools.evaluate.progress import shown
from tools.evaluate.report import hand_out
from tools.evaluate.rig import Choice, Rig, rig_options
from tools.evaluate.roll import measure_roll

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
_images = click.option("--images", required=True, type=_DIR, help="Folder of the pictures.")


def _report_options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--limit", type=click.IntRange(1), help="Take only so many rows, pictures or clips."),
        click.option(
            "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write a plot (PNG, SVG or PDF)."
        ),
        click.option("--json", "json_file", help="Write the report as JSON to this file; - is standard output."),
    ):
        command = option(command)
    return rig_options(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure a model bundle and a policy on labelled pictures and clips.

    Every command takes the bundle that was built last unless --bundle names another, prints a table, and writes
    JSON and a plot where asked. Start with:

    \b
      python -m tools.evaluate roll --images DIR --plot roll.png
    """


@main.command()
@click.option("--pairs", required=True, type=_FILE, help="CSV with columns same_person, image_a, image_b.")
@_images
@_report_options
def matching(pairs: Path, images: Path, limit: int | None, **rest: Any) -> None:
    """Accuracy on listed pairs, and TAR at FAR 1e-2, 1e-3, 1e-4 over all pairs.

    \b
    Example:
      python -m tools.evaluate matching --pairs lfw/pairs.csv --images lfw/images --json matching.json
    """
    _run("matching", lambda rig: measure_matching(rig, pairs, images, limit=limit, track=shown), **rest)


@main.command()
@click.option(
    "--labels", required=True, type=_FILE, help="CSV with columns image, label (live or a species), subject."
)
@click.option("--degraded", is_flag=True, help="Instead: how little light, blur, bedding and glasses weaken it.")
@_images
@_report_options
def liveness(labels: Path, images: Path, limit: int | None, degraded: bool, **rest: Any) -> None:
    """AUC, EER, BPCER and APCER per attack species on single pictures, at the policy's threshold.

    \b
    Example:
      python -m tools.evaluate liveness --labels nuaa/labels.csv --images nuaa --plot liveness.png
    """
    if degraded:
        _run("degraded", lambda rig: measure_degraded(rig, labels, images, limit=limit, track=shown), **rest)
        return
    _run("liveness", lambda rig: measure_liveness(rig, labels, images, limit=limit, track=shown), **rest)


@main.command()
@click.argument("folder", type=_DIR)
@click.option("--every", "every_s", type=click.FloatRange(0.5), help="Also begin a window every so many seconds.")
@_report_options
def clips(folder: Path, every_s: float | None, limit: int | None, **rest: Any) -> None:
    """Each clip in FOLDER through a visit's capture window: liveness over time, and the outcome.

    \b
    Example:
      python -m tools.evaluate clips recordings/ --every 2 --plot clips.png
    """
    _run("clips", lambda rig: measure_clips(rig, folder, limit=limit, track=shown, every_s=every_s), **rest)


@main.command()
@click.option("--count", default=4, show_default=True, type=click.IntRange(1), help="Windows of each species.")
@click.option("--seed", "first_seed", default=1, show_default=True, help="Of the first window.")
@click.option("--lamps/--no-lamps", default=False, show_default=True, help="Whether the unit has lamps.")
@click.option("--species", default="", help="Names with commas; all when left out.")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="File of windows done, to go on with.")
@click.option(
    "--sightings", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what each window left for the cues (15 MB each), to measure changed cues without rendering.",
)
@click.option(
    "--fps", "rate_fps", default=15.0, show_default=True, type=click.FloatRange(8, 60),
    help="Frames a second; half the unit's own rate costs half as much and makes the pulse harder to see.",
)
@click.option("--films", is_flag=True, help="Show the people of clips only: the hardest replays.")
@_report_options
def attacks(
    count: int, first_seed: int, lamps: bool, species: str, keep: Path | None, sightings: Path | None,
    rate_fps: float, films: bool, limit: int | None, **rest: Any,
) -> None:
    """Simulated people and attacks: BPCER, APCER per species worst first, texture alone beside it.

    \b
    Example:
      python -m tools.evaluate attacks --count 8 --lamps --policy edge/resources/policy-strict.toml
    """
    from tools.evaluate.attacks import Kept, measure_attacks

    only = [name for name in species.split(",") if name][:limit]
    _run("attacks", lambda rig: measure_attacks(
        rig, count=count, first_seed=first_seed, lamps=lamps, only=only, track=shown,
        kept=Kept(windows=keep, sightings=sightings), rate_fps=rate_fps, clips_only=films,
    ), **rest)  # fmt: skip


@main.command("cue-plots")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PNG, SVG or PDF.")
@click.option("--sightings", type=click.Path(file_okay=False, path_type=Path), help="As of `attacks`.")
@rig_options
def cue_plots(out: Path, sightings: Path | None, **choice: Any) -> None:
    """What pulse, relief, light and eyes see of a rendered living head and of attacks, as curves.

    \b
    Example:
      python -m tools.evaluate cue-plots --out cues.png
    """
    from tools.evaluate.attacks import Kept
    from tools.evaluate.cue_plots import draw_cues

    try:
        draw_cues(Choice(**choice).open(), out, kept=Kept(sightings=sightings), track=shown)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)


@main.command()
@click.option("--pairs", required=True, type=_FILE, help="CSV with columns same_person, image_a, image_b.")
@click.option("--fit", is_flag=True, help="Fit the profile on half of the people, and report it on the other.")
@_images
@_report_options
def quality(pairs: Path, images: Path, fit: bool, limit: int | None, **rest: Any) -> None:
    """Error versus reject: whether the quality profile predicts which comparisons fail, on degraded pictures.

    \b
    Example:
      python -m tools.evaluate quality --pairs lfw/pairs.csv --images lfw/images --plot quality.png
    """
    from tools.evaluate.quality import measure_quality

    _run("quality", lambda rig: measure_quality(rig, pairs, images, limit=limit, track=shown, fit=fit), **rest)


@main.command()
@_images
@_report_options
def roll(images: Path, limit: int | None, **rest: Any) -> None:
    """Recall and likeness to the upright face at every 15 degrees of roll.

    \b
    Example:
      python -m tools.evaluate roll --images elderly --json - | jq .worst
    """
    _run("roll", lambda rig: measure_roll(rig, images, limit=limit, track=shown), **rest)


def _run(
    kind: str,
    measure: Callable[[Rig], dict[str, Any]],
    *,
    json_file: str | None,
    plot: Path | None,
    bundle: Path | None,
    policy: Path,
    runtime: str,
    threads: int,
) -> None:
    try:
        rig = Choice(bundle=bundle, policy=policy, runtime=runtime, threads=threads).open()
        report = {**measure(rig), "measured_with": rig.described()}
        hand_out(kind, report, json_file=json_file, plot=plot)
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)
