"""The last things that went wrong, for the technician: which kind, when, and what to do; never what anybody typed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.core.errors import DoorstepError

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """kind: the error's name. remedy: that of its kind, since its message may name somebody."""

    at_utc: str
    kind: str
    remedy: str


class LastFaults:
    """Used by many threads; the oldest are forgotten."""

    def __init__(self, now_utc: Callable[[], str]) -> None:
        self._now_utc = now_utc
        self._faults: deque[Fault] = deque(maxlen=MOST)
        self._guard = threading.Lock()

    def note(self, error: DoorstepError) -> None:
        fault = Fault(at_utc=self._now_utc(), kind=type(error).__name__, remedy=error.default_remedy)
        with self._guard:
            self._faults.append(fault)

    def latest(self) -> list[Fault]:
        """The latest first."""
        with self._guard:
            return list(reversed(self._faults))
