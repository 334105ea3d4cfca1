"""Signing in at the unit: sessions in memory, so that a restart asks for the PIN again, which opens the key anew.

Rules: a session ends IDLE_S after its last use and LONGEST_S after its beginning; the page warns before the first;
a token is drawn anew at each sign-in and is worth nothing after signing out.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.ports.workers import OpenWorker
from edge.services.workers import WorkerKeys

IDLE_S = 300.0
WARNING_S = 60.0
LONGEST_S = 10 * 3600.0


@dataclass(slots=True, kw_only=True)
class Visitor:
    """A worker who has signed in. csrf: must come back with every form. looks_at: whose history is open."""

    worker: OpenWorker = field(repr=False)
    csrf: str = field(repr=False)
    begun_s: float
    seen_s: float
    looks_at: str = ""

    @property
    def worker_id(self) -> str:
        return self.worker.worker_id


class Door:
    """Lets workers in. Used by many threads."""

    def __init__(self, keys: WorkerKeys, monotonic_s: Callable[[], float]) -> None:
        self._keys, self._monotonic_s = keys, monotonic_s
        self._inside: dict[str, Visitor] = {}
        self._guard = threading.Lock()
        # One derivation at a time: each takes tens of megabytes (edge/signing/worker_keys.py).
        self._opening = threading.Lock()

    def sign_in(self, worker_id: str, pin: str) -> str:
        """The token of a new session. Raises PinRefused, PinLocked, InputError, SigningError."""
        with self._opening:
            worker = self._keys.open(worker_id, pin)
        token, now_s = secrets.token_urlsafe(32), self._monotonic_s()
        visitor = Visitor(worker=worker, csrf=secrets.token_hex(32), begun_s=now_s, seen_s=now_s)
        with self._guard:
            self._inside[_digest(token)] = visitor
        return token

    def witness(self, worker_id: str, pin: str) -> OpenWorker:
        """A second person's key, for one signature. Raises as `sign_in` does."""
        with self._opening:
            return self._keys.open(worker_id, pin)

    def visitor(self, token: str, *, touch: bool = True) -> Visitor | None:
        """Whose session a token is, if it still lasts. touch: whether this counts as use."""
        now_s, digest = self._monotonic_s(), _digest(token)
        with self._guard:
            for old in [d for d, v in self._inside.items() if _over(v, now_s)]:
                del self._inside[old]
            visitor = self._inside.get(digest)
            if visitor and touch:
                visitor.seen_s = now_s
            return visitor

    def latest(self) -> Visitor | None:
        """Who used the unit last, if that session still lasts: whoever presses a button on it."""
        now_s = self._monotonic_s()
        with self._guard:
            inside = [visitor for visitor in self._inside.values() if not _over(visitor, now_s)]
        return max(inside, key=lambda visitor: visitor.seen_s, default=None)

    def sign_out(self, token: str) -> None:
        with self._guard:
            self._inside.pop(_digest(token), None)


def _over(visitor: Visitor, now_s: float) -> bool:
    return now_s - visitor.seen_s > IDLE_S or now_s - visitor.begun_s > LONGEST_S


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
