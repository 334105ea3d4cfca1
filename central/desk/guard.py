"""What every request passes before it reaches a page, and what every answer carries.

Steps: 1 host name, 2 rate, 3 size of the body, 4 origin of what changes something. Answers load nothing from
elsewhere, run no script, are not framed, and are not kept by browsers or proxies.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.desk.pages import Words

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
UPLOAD_PATH = "/lists/import"
UPLOAD_BYTES = 64 * 1024 * 1024
FORM_BYTES = 64 * 1024
RATE_PER_S, BURST = 5.0, 120
SIGN_IN_PER_S, SIGN_IN_BURST = 0.2, 10
MOST_CALLERS = 10_000


class TooLarge(Exception):
    """The body went on beyond what was allowed; the application answers it."""


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
    """ASGI middleware around the whole desk."""

    def __init__(self, app: ASGIApp, *, names: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._app, self._names = app, frozenset(names)
        self._all = Buckets(RATE_PER_S, BURST, clock)
        self._sign_in = Buckets(SIGN_IN_PER_S, SIGN_IN_BURST, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        limit = UPLOAD_BYTES if scope["path"] == UPLOAD_PATH else FORM_BYTES
        answer = _hardened(send)
        if refusal is not None:
            await _refuse(scope, receive, answer, *refusal)
            return
        await self._app(scope, _bounded(receive, limit), answer)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if urlsplit(f"//{host}").hostname not in self._names:
            return 421, "host"
        caller = scope["client"][0] if scope.get("client") else "-"
        changes = scope["method"] not in ("GET", "HEAD")
        if not self._all.take(caller) or (changes and scope["path"] == "/sign-in" and not self._sign_in.take(caller)):
            return 429, "too_many"
        if int(headers.get("content-length", "0") or "0") > UPLOAD_BYTES:
            return 413, "too_large"
        if changes and not _same_origin(headers, host):
            return 403, "form"
        return None


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


def _hardened(send: Send) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return hardened


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str) -> None:
    text = "\n".join(Words(language)(f"error.{code}") for language in ("zh", "en"))
    await PlainTextResponse(text + "\n", status_code=status)(scope, receive, send)
