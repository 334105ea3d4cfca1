"""The desk's composition: the room its views work in, and the server that answers for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from central.clock import now
from central.config import CentralConfig
from central.desk.app import DeskApp
from central.desk.at import Room
from central.downward import Downlink
from central.keys import evidence_key, message_signers
from central.store import CentralStore
from central.vault import load_vault
from edge.core.errors import ConfigError

START_TIMEOUT_S = 20.0


def open_room(config: CentralConfig, store: CentralStore, folder: Path) -> Room:
    """Raises ConfigError, SigningError, StoreError."""
    with store.transaction() as transaction:
        vault = load_vault(folder / config.vault_key, transaction)
    downlink = Downlink(message_signers(folder, config))
    key = evidence_key(folder, config)
    return Room(config=config, folder=folder, store=store, vault=vault, downlink=downlink, evidence_key=key, now=now)


@contextlib.contextmanager
def desk_server(room: Room) -> Iterator[str]:
    """The desk in a thread of its own; gives its address. Raises ConfigError when it cannot begin."""
    desk = room.config.desk
    tls = {}
    if desk.cert_file:
        tls = {"ssl_certfile": str(room.folder / desk.cert_file), "ssl_keyfile": str(room.folder / desk.key_file)}
    elif desk.host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("the desk speaks plain HTTP on loopback only", remedy="Set desk.cert_file and key_file.")
    settings = uvicorn.Config(
        DeskApp(room).build(),
        host=desk.host,
        port=desk.port,
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
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=_run, args=(server,), name="desk", daemon=True)
    thread.start()
    try:
        waited = threading.Event()
        for _ in range(int(START_TIMEOUT_S / 0.05)):
            if server.started or not thread.is_alive():
                break
            waited.wait(0.05)
        if not server.started:
            raise ConfigError(f"the desk cannot listen on {desk.host}:{desk.port}", remedy="Choose another port.")
        yield f"{'https' if tls else 'http'}://{desk.host}:{desk.port}"
    finally:
        server.should_exit = True
        thread.join(10)


def _run(server: uvicorn.Server) -> None:
    with contextlib.suppress(SystemExit):  # uvicorn ends the process when the port is taken
        server.run()
