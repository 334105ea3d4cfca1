"""Options that several commands share, and how they print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console

from edge.cli.errors import JSON_KEY

F = TypeVar("F", bound=Callable[..., Any])


def _default_root() -> Path:
    from edge.wiring.unit import default_root

    return default_root()


def _note_json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    # Noted at the root, so that an error is printed in the form that was asked for.
    ctx.find_root().meta[JSON_KEY] = value
    return value


UNIT_OPTION = click.option(
    "--unit",
    "unit_dir",
    envvar="DOORSTEP_UNIT",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=_default_root,
    help="The unit's folder. [env: DOORSTEP_UNIT; default: /var/lib/doorstep where there is one, "
    "else ~/.local/share/doorstep/unit]",
)
"""--unit DIR, passed as `unit_dir`."""


def json_option(command: F) -> F:
    """--json, passed as `as_json`; errors become JSON too."""
    return click.option(
        "--json", "as_json", is_flag=True, is_eager=True, callback=_note_json, help="Print JSON, errors included."
    )(command)


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def console() -> Console:
    """Where a command's answer goes for people: stdout, in colour on a terminal only."""
    return Console(highlight=False)


terminal = Console(stderr=True, highlight=False)
"""Where remarks beside the answer go, so that they never mix with --json."""
