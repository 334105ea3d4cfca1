"""An application listening: in a thread of its own, with no log of requests and no name of the server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from edge.core.errors import ConfigError

START_TIMEOUT_S = 20.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen. sockets: already listening ones, in the place of host and port. tls: certificate and key."""

    host: str
    port: int
    sockets: Sequence[socket.socket] = ()
    tls: tuple[Path, Path] | None = None


@contextlib.contextmanager
def serving(app: ASGIApp, listen: Listen, *, what: str) -> Iterator[str]:
    """Serve while the block lasts; gives the address. what: its name in messages.

    Raises ConfigError where it cannot listen, and for plain HTTP beyond loopback.
    """
    if listen.tls is None and listen.host not in LOOPBACK:
        raise ConfigError(f"{what} speaks plain HTTP on loopback only", remedy="Give it a certificate and its key.")
    server = uvicorn.Server(_settings(app, listen))
    arguments = (server, list(listen.sockets) or None)
    thread = threading.Thread(target=_run, args=arguments, name=what, daemon=True)
    thread.start()
    try:
        waited = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.05)):
            if server.started or not thread.is_alive():
                break
            waited.wait(0.05)
        if not server.started:
            raise ConfigError(f"{what} cannot listen on {listen.host}:{listen.port}", remedy="Choose another port.")
        yield f"{'https' if listen.tls else 'http'}://{listen.host}:{listen.port}"
    finally:
        server.should_exit = True
        thread.join(10)


def _settings(app: ASGIApp, listen: Listen) -> uvicorn.Config:
    tls = {"ssl_certfile": str(listen.tls[0]), "ssl_keyfile": str(listen.tls[1])} if listen.tls else {}
    return uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        log_level="warning",
        # A line for each request would hold what a person looked at.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        **tls,  # type: ignore[arg-type]
    )


def _run(server: uvicorn.Server, sockets: list[socket.socket] | None) -> None:
    with contextlib.suppress(SystemExit):  # uvicorn ends the process when the port is taken
        server.run(sockets)
