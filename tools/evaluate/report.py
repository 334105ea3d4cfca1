"""Hands a report out: a table for people, JSON for programs, a plot where one is asked for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from edge.core.errors import InputError
from tools.evaluate import plots
from tools.evaluate.attacks import lines as rate_lines


def hand_out(kind: str, report: dict[str, Any], *, json_file: str | None, plot: Path | None) -> None:
    """Print the report, or write it as JSON to a file or `-`; keys that begin with `_` are for the plot only."""
    if plot:
        plots.draw(kind, report, plot)
    public = {key: value for key, value in report.items() if not key.startswith("_")}
    if json_file:
        raw = msgspec.json.format(msgspec.json.encode(public, enc_hook=_plain), indent=1) + b"\n"
        if json_file == "-":
            click.echo(raw, nl=False)
            return
        try:
            Path(json_file).write_bytes(raw)
        except OSError as e:
            raise InputError(f"cannot write {json_file}: {e.strerror}") from e
    _print(kind, public)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} has no place in a report")


def _print(kind: str, report: dict[str, Any]) -> None:
    table = Table(title=kind, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for key, value in report.items():
        if key == "rates":
            for line in rate_lines(report):
                click.echo(line)
        elif key == "windows":
            continue
        elif key == "clips":
            for clip in value:
                table.add_row(clip["file"], _clip_line(clip))
        elif not (isinstance(value, list) and not value):
            table.add_row(key, _text(value))
    Console().print(table)


def _clip_line(clip: dict[str, Any]) -> str:
    told = {
        name: "refuses" if cue["refuses"] else cue["not_assessable"] or f"{cue['score']:.2f}"
        for name, cue in clip["cues"].items()
    }
    whole = clip["whole"]
    figure = "none" if clip["liveness"] is None else f"{clip['liveness']:.3f}"
    line = f"{clip['outcome']} ({', '.join(clip['reasons'])}); live: {clip['live']}; liveness {figure} over "
    line += f"{len(clip['scores'])} scores in {clip['seconds']} s"
    if clip.get("windows"):
        line += f"; {sum(w['live'] for w in clip['windows'])} of {len(clip['windows'])} later windows live"
    line += "\n" + ", ".join(f"{name}: {word}" for name, word in told.items())
    line += f"\nwhole clip: pulse {_text(whole['bpm'])} (known: {_text(whole['bpm_known'])})"
    line += f"; eyes shut {_text([f'{a:.1f}–{b:.1f} s' for a, b in whole['eyes_shut_s']]) or 'never'}"
    return line


def _text(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.4f}"
    if isinstance(value, dict):
        if set(value) == {"low", "high"}:
            return f"{value['low']:.4f} to {value['high']:.4f}"
        return ", ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value)
    return str(value)
