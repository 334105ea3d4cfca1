"""Which phones may see the unit's pages: those that read the QR code off the unit's own screen.

Rules: a code is good once and for CODE_S; a newer one ends the one before; what a phone gets for it lasts until the
unit restarts, or PAIRED_S. It opens no page by itself: the worker still signs in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable

CODE_S = 180.0
PAIRED_S = 12 * 3600.0
MOST_PHONES = 8


class Pairing:
    """Codes and paired phones, in memory. Used by many threads."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._code, self._until_s = "", 0.0
        self._phones: dict[str, float] = {}
        self._guard = threading.Lock()

    def offer(self) -> str:
        """A fresh code, in the place of the one before."""
        with self._guard:
            self._code, self._until_s = secrets.token_urlsafe(24), self._monotonic_s() + CODE_S
            return self._code

    def claim(self, code: str) -> str | None:
        """The token of a newly paired phone; None for a wrong, used or old code, which ends the one on offer."""
        with self._guard:
            now_s, offered = self._monotonic_s(), self._code
            self._code = ""
            if not offered or now_s > self._until_s or not hmac.compare_digest(offered.encode(), code.encode()):
                return None
            token = secrets.token_urlsafe(32)
            while len(self._phones) >= MOST_PHONES:
                del self._phones[next(iter(self._phones))]
            self._phones[_digest(token)] = now_s
            return token

    def paired(self, token: str) -> bool:
        with self._guard:
            since_s = self._phones.get(_digest(token))
            return since_s is not None and self._monotonic_s() - since_s < PAIRED_S

    def count(self) -> int:
        with self._guard:
            return len(self._phones)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
