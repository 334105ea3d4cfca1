"""What central's commands share: the folder option, output for people or programs, errors and exit codes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from central.config import CentralConfig, load_config
from central.ingest import Ingest
from central.receipts import load_issuer
from central.store import CentralStore, Transaction
from edge.core.errors import CouldNotBeChecked, DoesNotVerify, DoorstepError, InputError

OK, DOES_NOT_VERIFY, USAGE, NOT_CHECKED, FAILED = range(5)
EXIT_CODES = """\b
Exit codes: 0 done, and all that was checked holds; 1 something was refused or does not verify;
2 wrong usage; 3 something could not be checked; 4 another error."""

in_folder = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    envvar="DOORSTEP_CENTRAL_DIR",
    show_default=True,
    help="Folder of central.toml.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON for programs.")


def to_units(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which units are meant; `chosen_units` reads them."""
    one = click.option("--unit", "unit_ids", multiple=True, metavar="ID", help="To this unit; may be given again.")
    everybody = click.option("--all", "to_all", is_flag=True, help="To every unit that is not revoked.")
    return one(everybody(command))


def chosen_units(transaction: Transaction, unit_ids: Sequence[str], *, to_all: bool) -> list[str]:
    """The units that were meant. Raises InputError for one that is not registered, or is revoked."""
    if to_all == bool(unit_ids):
        raise click.UsageError("Say to whom: --unit ID, or --all.")
    known = [unit.unit_id for unit in transaction.units() if unit.revoked_utc is None]
    strangers = sorted(set(unit_ids) - set(known))
    if strangers:
        raise InputError(f"no unit {strangers[0]!r} is registered here, or it is revoked")
    return list(unit_ids) or known


class Group(click.Group):
    """A group that ends every error of ours in its message, its remedy and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DoorstepError as e:
            click.echo(f"Error: {e.message}\n{e.remedy}", err=True)
            ctx.exit(exit_code_of(e))


def exit_code_of(error: DoorstepError) -> int:
    if isinstance(error, DoesNotVerify):
        return DOES_NOT_VERIFY
    return NOT_CHECKED if isinstance(error, CouldNotBeChecked) else FAILED


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_json_line(value: Any) -> None:
    click.echo(msgspec.json.encode(value).decode())


def open_central(folder: Path) -> tuple[CentralConfig, CentralStore]:
    """Raises ConfigError, StoreError."""
    config = load_config(folder)
    return config, CentralStore.open(config.database, folder=folder, kind=config.kind)


def ingest_of(config: CentralConfig, store: CentralStore, folder: Path) -> Ingest:
    """Raises SigningError when the receipt key is not there."""
    issuer = load_issuer(folder / config.receipt_key, central_id=config.central_id)
    return Ingest(store=store, kind=config.kind, issuer=issuer)


def until_signalled() -> Callable[[float], bool]:
    """A wait of so many seconds that ends early, and says True, once SIGTERM or SIGINT has come."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: asked.set())
    return asked.wait
