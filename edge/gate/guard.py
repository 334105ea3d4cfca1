"""What every request passes before it reaches a page, and what every answer carries.

Steps: 1 host name, 2 rate, 3 size of the body, 4 origin of what changes something. Answers load nothing from
elsewhere, are not framed, and are not kept by browsers or proxies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING = "default-src 'none'"
PAGES = "style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
SCRIPTED = "script-src 'self'; connect-src 'self'; media-src 'self'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
MOST_CALLERS = 10_000


class TooLarge(Exception):
    """The body went on beyond what was allowed; the application answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one entrance allows. names: host names it answers to. Sizes in bytes, rates in requests/s per caller.

    slow_paths: where a secret is tried; changes there have a bucket of their own.
    """

    names: Collection[str]
    form_bytes: int
    upload_bytes: int
    upload_paths: Collection[str]
    per_s: float
    burst: int
    slow_paths: Collection[str]
    slow_per_s: float
    slow_burst: int
    scripts: bool = False

    def headers(self) -> Mapping[str, str]:
        """What every answer carries. No rule ever allows what is inline or foreign."""
        parts = (NOTHING, SCRIPTED, PAGES) if self.scripts else (NOTHING, PAGES)
        return {"Content-Security-Policy": "; ".join(parts), **HEADERS}


@dataclass(slots=True)
class Buckets:
    """One token bucket per caller; the oldest are forgotten when there are too many."""

    per_s: float
    burst: int
    clock: Callable[[], float]
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, caller: str) -> bool:
        now = self.clock()
        left, since = self._left.pop(caller, (float(self.burst), now))
        left = min(self.burst, left + (now - since) * self.per_s)
        while len(self._left) >= MOST_CALLERS:
            self._left.pop(next(iter(self._left)))
        self._left[caller] = (left - 1 if left >= 1 else left, now)
        return left >= 1


class Guard:
    """ASGI middleware around a whole application. words: the text for a refusal's code, in every language."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        *,
        words: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._rules, self._words = app, rules, words
        self._names = frozenset(rules.names)
        self._headers = dict(rules.headers())
        self._all = Buckets(rules.per_s, rules.burst, clock)
        self._slow = Buckets(rules.slow_per_s, rules.slow_burst, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        upload = scope["path"] in self._rules.upload_paths
        limit = self._rules.upload_bytes if upload else self._rules.form_bytes
        answer = self._hardened(send)
        if refusal is not None:
            status, code = refusal
            await PlainTextResponse(self._words(code) + "\n", status_code=status)(scope, receive, answer)
            return
        await self._app(scope, _bounded(receive, limit), answer)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._names:
            return 421, "host"
        caller = scope["client"][0] if scope.get("client") else "-"
        changes = scope["method"] not in ("GET", "HEAD")
        slow = changes and scope["path"] in self._rules.slow_paths
        if not self._all.take(caller) or (slow and not self._slow.take(caller)):
            return 429, "too_many"
        announced = headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._rules.upload_bytes:
            return 413, "too_large"
        if changes and not _same_origin(headers, host):
            return 403, "form"
        return None

    def _hardened(self, send: Send) -> Send:
        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if message["status"] == 413:
                    headers["Connection"] = "close"  # else the rest of the body would still be read to its end
            await send(message)

        return hardened


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(headers: Headers, host: str) -> bool:
    """Browsers say where a form came from; what says nothing still needs the form's own token."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    # With no-referrer a browser writes `null`; then the line above and the token decide.
    return origin in (None, "null") or urlsplit(origin).netloc == host


def _bounded(receive: Receive, limit: int) -> Receive:
    left = limit

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return bounded
