"""`doorstep sync`: deliver what the outbox holds, and show how it goes."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from edge.cli.options import UNIT_OPTION, json_option
from edge.core.delivery import Timing
from edge.services.progress import Backlog, ProgressKind
from edge.services.progress import Progress as Told
from edge.services.sync_loop import Stopped, Until, run_sync
from edge.wiring.sync import make_drain
from edge.wiring.unit import open_unit

NOT_DELIVERED = 4
USUAL = frozenset({ProgressKind.CONNECTED, ProgressKind.SENT, ProgressKind.DELIVERED})


@click.command()
@click.option("--once", is_flag=True, help="One try; end when it is over, delivered or not.")
@click.option("--until-empty", is_flag=True, help="End when nothing is left to deliver.")
@click.option("--timeout", "timeout_s", type=float, help="End after so many seconds in any case.")
@click.option("--retry-refused", is_flag=True, help="Offer again what central refused, once its cause is mended.")
@UNIT_OPTION
@json_option
@click.pass_context
def sync(
    ctx: click.Context,
    once: bool,
    until_empty: bool,
    timeout_s: float | None,
    retry_refused: bool,
    unit_dir: Path,
    as_json: bool,
) -> None:
    """Deliver the outbox to central over the broker of unit.toml; without options, until SIGTERM.

    A record counts as delivered when central's signed receipt for it is here. Nothing is lost by stopping.
    With --json it prints one object a line while it runs. Exit code 4 when something is left open, or when
    central refused a record (`doorstep status` says why).

    \b
    Examples:
      doorstep sync --until-empty --timeout 60
      doorstep sync --once --json
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    until = Until(once=once, empty=until_empty, timeout_s=timeout_s)
    with open_unit(unit_dir) as unit:
        # Somebody waits for these runs: a minute is too long to wait before trying again.
        drain = make_drain(unit, Timing(cap_s=5.0) if until_empty or once else None)
        if retry_refused:
            drain.release()
        teller = _Lines() if as_json else _Bar(drain.backlog())
        with teller:
            stopped = run_sync(drain, until=until, clock=unit.clock, stop_within=stop.wait, tell=teller.tell)
        left = drain.backlog()
        teller.end(stopped, left)
    # A visit may have been made since the loop found nothing open: that is the next run's work, not a failure.
    given_up = stopped in (Stopped.ONCE, Stopped.TIMEOUT)
    undelivered = (given_up and left.open) or left.quarantined
    ctx.exit(NOT_DELIVERED if undelivered else 0)


class _Lines:
    """Progress as JSON lines."""

    def tell(self, told: list[Told], _backlog: Backlog) -> None:
        for progress in told:
            click.echo(msgspec.json.encode(progress))

    def end(self, stopped: Stopped, left: Backlog) -> None:
        click.echo(msgspec.json.encode({"kind": "stopped", "why": stopped, "backlog": left}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        return None


class _Bar:
    """Progress for people: a bar of what is delivered, and a line for whatever is not as usual."""

    def __init__(self, backlog: Backlog) -> None:
        self._delivered = self._refused = 0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(markup=False),
        )
        self._task = self._bar.add_task("connecting", total=backlog.open)

    def tell(self, told: list[Told], backlog: Backlog) -> None:
        kinds = [progress.kind for progress in told]
        self._delivered += kinds.count(ProgressKind.DELIVERED)
        self._refused += kinds.count(ProgressKind.REFUSED)
        if ProgressKind.CONNECTED in kinds:
            self._bar.update(self._task, description="delivering")
        if ProgressKind.DISCONNECTED in kinds:
            self._bar.update(self._task, description="no link")
        self._remark(told)
        done = self._delivered + self._refused
        self._bar.update(self._task, completed=done, total=done + backlog.open)

    def end(self, stopped: Stopped, left: Backlog) -> None:
        counts = f"{self._delivered} delivered, {left.open} open, {left.quarantined} refused by central"
        self._bar.console.print(f"{counts} ({stopped.value})")

    def _remark(self, told: list[Told]) -> None:
        """One line for each thing that is not as usual, however many records it befell."""
        befell: dict[tuple[str, str], list[int]] = {}
        for progress in told:
            if progress.kind not in USUAL:
                befell.setdefault((progress.kind.value, progress.detail), []).append(progress.sequence)
        for (kind, detail), records in befell.items():
            numbers = f"{len(records)} records" if len(records) > 1 else f"record {records[0]}"
            self._bar.console.print(f"{numbers if any(records) else 'link'}: {kind} {detail}".rstrip())

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._bar.stop()
