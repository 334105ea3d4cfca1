"""Enrolment over the bench's own network: one question, one answer, over plain HTTP.

Nothing secret travels, and neither side believes the other for the wire's sake: each document bears the proof that
its sender knows the one-time token (edge/core/provisioning.py).
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from edge.core.errors import DoorstepError, InputError, SyncError

PATH = "/enrol"
MAX_BODY_BYTES = 64 * 1024
TIMEOUT_S = 15.0

Answer = Callable[[bytes], bytes]


def ask(url: str, question: bytes) -> bytes:
    """The answer of the technician's laptop at `url` (http://HOST:PORT). Raises InputError, SyncError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise InputError(f"{url!r} is no address of a bench", remedy="Give http://HOST:PORT as the bench prints it.")
    link = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_S)
    try:
        link.request("POST", PATH, body=question, headers={"Content-Type": "application/json"})
        response = link.getresponse()
        body = response.read(MAX_BODY_BYTES + 1)
    except (OSError, http.client.HTTPException) as e:
        raise SyncError(f"no answer from {url}: {e}", remedy="Check cable and address, then ask again.") from e
    finally:
        link.close()
    if response.status != http.client.OK:
        refusal = body[:300].decode("utf-8", "replace")
        raise SyncError(f"the bench refuses: {refusal}", remedy="See what the technician's terminal says.")
    return body


def bench(host: str, port: int, answer: Answer, tell: Callable[[str], None]) -> ThreadingHTTPServer:
    """A server that hands each question to `answer`; refusals go back as text. The caller runs and closes it."""

    class Door(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self._send(http.client.NOT_FOUND, b"not here")
                return
            try:
                self._send(http.client.OK, answer(self.rfile.read(int(length))))
            except DoorstepError as e:
                tell(e.message)
                self._send(http.client.FORBIDDEN, e.message.encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    return ThreadingHTTPServer((host, port), Door)
