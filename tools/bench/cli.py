"""The commands of `python -m tools.bench`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import msgspec
from rich.console import Console
from rich.table import Table

from edge.core.errors import DoorstepError
from tools.bench import frames as sources
from tools.bench.baseline import YuNet, yunet_file
from tools.bench.live import LiveReport, LoopTimes, measure_live
from tools.bench.nets import NetSpeeds, measure_elsewhere, measure_nets, merged
from tools.bench.screen_cli import screen
from tools.bench.start import StartReport, measure_start
from tools.bench.sync.cli import sync
from tools.bundle.places import cache_folder
from tools.evaluate.default_bundle import find_bundle
from tools.evaluate.rig import Choice, rig_options

_json = click.option("--json", "json_file", help="Write the report as JSON to this file; - is standard output.")
_STATUS = Console(stderr=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Time the live loop, the nets and the way of records on this machine.

    \b
    Example:
      python -m tools.bench live
    """


@main.command()
@click.option(
    "--frames", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A clip to play instead."
)
@click.option("--count", default=90, show_default=True, type=click.IntRange(20), help="Frames to play.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Times the frames are played.")
@_json
@rig_options
def live(
    frames: Path | None, count: int, rounds: int, json_file: str | None, bundle: Path | None, policy: Path,
    runtime: str, threads: int,
) -> None:  # fmt: skip
    """The live loop on 640×480 frames, beside OpenCV's YuNet alone on the same frames, taken in turn.

    \b
    Example:
      python -m tools.bench live --frames visit.mp4 --json -
    """

    def work() -> None:
        rig = Choice(bundle=bundle, policy=policy, runtime=runtime, threads=threads).open()
        packages = cache_folder() / "packages"
        played = sources.clip(frames, count) if frames else sources.moving_portrait(sources.portrait(), count)
        yunet = YuNet(yunet_file(packages), (sources.WIDTH_PX, sources.HEIGHT_PX))
        with _STATUS.status(f"timing {rounds} × {len(played)} frames"):
            report = measure_live(rig.nets, rig.policy.quality, yunet, played, rounds)
        if not _wrote({**msgspec.to_builtins(report), "measured_with": rig.described()}, json_file):
            _print_live(report, f"{rig.nets.runtime_name}, OpenCV {cv2.__version__}, {threads} thread(s)")

    _guarded(work)


@main.command()
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another interpreter.")
@click.option("--rounds", default=30, show_default=True, type=click.IntRange(3), help="Runs per net and turn.")
@click.option(
    "--threads", default=os.cpu_count() or 1, show_default=True, type=click.IntRange(1), help="Besides one."
)
@click.option("--runtime", default="auto", show_default=True, type=click.Choice(["auto", "litert", "tflite"]))
@click.option("--bundle", type=click.Path(file_okay=False, path_type=Path), help="Folder of a model bundle.")
@_json
def nets(
    against: Path | None, rounds: int, threads: int, runtime: str, bundle: Path | None, json_file: str | None
) -> None:
    """Each net's median time, one thread and more; with --against also on another interpreter's runtime.

    \b
    Example:
      python -m tools.bench nets --against .venv-tflite/bin/python
    """

    def work() -> None:
        found, counts = find_bundle(bundle), sorted({1, threads})
        passed = ["--rounds", str(rounds), "--threads", str(threads)]
        passed += ["--bundle", str(bundle.resolve())] if bundle else []
        here, there = [], []
        with _STATUS.status("timing the nets"):
            for _ in range(3):  # in turn, so that a busy moment harms both alike
                here.append(measure_nets(found, runtime=runtime, threads=counts, rounds=rounds))
                if not against:
                    break
                there.append(measure_elsewhere(against, passed))
        report = {"here": merged(here)}
        if there:
            report["there"] = merged(there)
        if not _wrote(report, json_file):
            _print_nets(report)

    _guarded(work)


main.add_command(screen)
@main.command()
@click.option("--starts", default=5, show_default=True, type=click.IntRange(1), help="Counted; one more goes before.")
@_json
def start(starts: int, json_file: str | None) -> None:
    """The visit daemon from nothing to ready, nets checked and page served, and its memory then.

    \b
    Example:
      python -m tools.bench start
    """

    def work() -> None:
        with _STATUS.status("starting the visit daemon"):
            report = measure_start(starts)
        if not _wrote(msgspec.to_builtins(report), json_file):
            _print_start(report)

    _guarded(work)


main.add_command(sync)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except DoorstepError as e:
        click.echo(f"{e.message}\n{e.remedy}", err=True)
        sys.exit(1)


def _wrote(report: object, json_file: str | None) -> bool:
    """Write JSON where asked; True when it went to standard output, which is then left clean."""
    if json_file:
        raw = msgspec.json.format(msgspec.json.encode(report), indent=1)
        if json_file == "-":
            click.echo(raw)
            return True
        Path(json_file).write_bytes(raw + b"\n")
    return False


def _print_start(report: StartReport) -> None:
    each = ", ".join(f"{seconds:.2f}" for seconds in report.starts_s)
    click.echo(f"ready after {report.median_s:.2f} s (median of {each}); goal {report.goal_s} s")
    click.echo(f"processor time in it: {report.processor_s:.2f} s")
    for when, memory in (("when ready", report.ready), ("after a capture window", report.window.after)):
        click.echo(
            f"memory {when}: {memory.resident_mb:.0f} MB resident, {memory.proportional_mb:.0f} MB its own share, "
            f"{memory.most_mb:.0f} MB at most until then"
        )
    click.echo(f"goal {report.goal_mb:.0f} MB")
    for what, parts in (("when ready, by origin", report.ready.parts), ("each net by itself", report.window.nets)):
        click.echo(f"MB {what}: " + ", ".join(f"{part} {size:.0f}" for part, size in parts.items()))


def _print_live(report: LiveReport, made_with: str) -> None:
    table = Table(title=f"live loop, {report.frames} frames × {report.rounds}: {made_with}")
    columns = ("median ms", "p90 ms", "processor ms", "its mean", "faces", "YuNet ÷ this", "processor", "its mean")
    for name in ("", *columns, "new memory"):
        table.add_column(name, justify="left" if not name else "right")

    def row(name: str, times: LoopTimes, *rest: str) -> None:
        figures = (times.median_ms, times.p90_ms, times.cpu_median_ms, times.cpu_mean_ms)
        table.add_row(name, *(f"{ms:.2f}" for ms in figures), f"{times.faces:.0%}", *rest)

    row("YuNet alone", report.yunet)
    for name, times in (("tracking", report.tracking), ("every_frame", report.every_frame)):
        new_kb = f"{report.allocated[name].median_bytes / 1024:.0f} KiB"
        ratios = (report.ratio[name], report.ratio_cpu[name], report.ratio_cpu_mean[name])
        row(name, times, *(f"{ratio:.2f}" for ratio in ratios), new_kb)
    row("with_cues", report.with_cues)
    Console().print(table)
    for name, share in report.share.items():
        click.echo(f"{name}: " + ", ".join(f"{part} {value:.0%}" for part, value in share.items()))
    click.echo(f"cues add {report.cues_add:.0%} to tracking; after a window of {report.window_frames} frames:")
    click.echo("  " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in report.after_window_ms.items()))
    click.echo(f"one frame: {report.frame_bytes / 1024:.0f} KiB; below that, no frame was copied")


def _print_nets(report: dict[str, NetSpeeds]) -> None:
    table = Table("net", title="median ms per run")
    for place, speeds in report.items():
        for count in next(iter(speeds.run_ms.values())):
            table.add_column(f"{speeds.runtime}\n{place}, {count} thread(s)", justify="right")
    both = "there" in report
    if both:
        table.add_column("there ÷ here\n1 thread", justify="right")
    for role, times in report["here"].run_ms.items():
        cells = [f"{ms:.2f}" for speeds in report.values() for ms in speeds.run_ms[role].values()]
        ratio = [f"{report['there'].run_ms[role]['1'] / times['1']:.2f}"] if both else []
        table.add_row(role, *cells, *ratio)
    Console().print(table)
