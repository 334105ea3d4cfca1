"""The desk's composition: the room its views work in, and the server that answers for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from central.clock import now
from central.config import CentralConfig
from central.desk.app import DeskApp
from central.desk.at import Room
from central.downward import Downlink
from central.keys import evidence_key, message_signers
from central.store import CentralStore
from central.vault import load_vault
from edge.gate.serving import Listen, serving


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
    tls = (room.folder / desk.cert_file, room.folder / desk.key_file) if desk.cert_file else None
    listen = Listen(host=desk.host, port=desk.port, tls=tls)
    with serving(DeskApp(room).build(), listen, what="the desk") as address:
        yield address
