"""How a command learns a PIN or a name: asked on a terminal, a PIN without echo, else one line of standard input;
never an argument, which every process list shows and every shell keeps."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from edge.core.errors import InputError

if TYPE_CHECKING:
    from edge.ports.workers import OpenWorker
    from edge.wiring.unit import Unit


def ask_pin(what: str, *, twice: bool = False) -> str:
    """A PIN, as `what` names it to the person. twice: it is new, and typed again on a terminal. Raises InputError."""
    if sys.stdin.isatty():
        pin: str = click.prompt(what, hide_input=True, confirmation_prompt=twice, err=True)
        return pin.strip()
    return _line(what)


def ask_line(what: str) -> str:
    """Something personal that is no secret from who stands by: a name. Raises InputError."""
    return str(click.prompt(what, err=True)).strip() if sys.stdin.isatty() else _line(what)


def _line(what: str) -> str:
    line = sys.stdin.readline()
    if not line.strip():
        raise InputError(
            f"no {what} on standard input", remedy="Give it as one line of standard input, or run on a terminal."
        )
    return line.strip()


def sign_in(unit: Unit, people: tuple[str, ...]) -> tuple[OpenWorker, ...]:
    """Those of `people` who have a key on the unit, the worker first, each by PIN.

    None on a unit without workers, whose records it signs alone. Raises InputError for a worker that the unit does
    not know, and what `WorkerKeys.open` raises.
    """
    known = {worker.worker_id for worker in unit.workers.workers()}
    if not known:
        return ()
    if people[0] not in known:
        unit.workers.enrolment(people[0])  # says who is not known, and what to do
    return tuple(unit.workers.open(who, ask_pin(f"PIN of {who}")) for who in people if who in known)
