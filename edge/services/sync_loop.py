"""The sync daemon's loop: drain, tell, wait, until there is a reason to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from edge.ports import Clock
from edge.services.drain import Drain
from edge.services.progress import Backlog, Progress

RECEIVE_WAIT_S = 0.5
ONCE_S = 10.0


class Stopped(StrEnum):
    """Why the loop ended."""

    ASKED = "asked"
    ONCE = "once"
    EMPTY = "empty"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When to stop by itself; never by default.

    once: one try, ended by an empty outbox, by trouble with the link, or by ONCE_S without either.
    empty: when nothing is open. timeout_s: after so many seconds.
    """

    once: bool = False
    empty: bool = False
    timeout_s: float | None = None


def run_sync(
    drain: Drain,
    *,
    until: Until,
    clock: Clock,
    stop_within: Callable[[float], bool],
    tell: Callable[[list[Progress], Backlog], None],
) -> Stopped:
    """Drain until `until` holds or `stop_within(seconds)`, which waits that long, says to stop.

    `tell` gets each step's progress and the backlog after it. The link is closed at the end, whatever happens.
    """
    began_s = clock.monotonic_s()
    try:
        while True:
            progress = drain.step(0.0 if stop_within(0.0) else RECEIVE_WAIT_S)
            backlog = drain.backlog()
            tell(progress, backlog)
            reason = _reason_to_stop(until, drain, backlog, clock.monotonic_s() - began_s)
            if reason is not None:
                return reason
            if stop_within(min(drain.pause_s(), 1.0)):
                return Stopped.ASKED
    finally:
        drain.close()


def _reason_to_stop(until: Until, drain: Drain, backlog: Backlog, elapsed_s: float) -> Stopped | None:
    if backlog.open == 0 and (until.empty or until.once):
        return Stopped.EMPTY
    if until.once and (drain.pause_s() > 0 or elapsed_s >= ONCE_S):
        return Stopped.ONCE
    if until.timeout_s is not None and elapsed_s >= until.timeout_s:
        return Stopped.TIMEOUT
    return None
