"""The unit's side of TLS: which files; and a probe that asks the broker in and leaves again.

The probe speaks the three packets it needs by itself (MQTT 5.0, 3.1, 3.2 and 3.14) under a client id of its own: the
unit's own id would end the session that the sync daemon may have, and take its messages.
"""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from edge.core.config import SyncConfig
from edge.core.errors import SyncError
from edge.wire.tls import tls_context

PROBE_TIMEOUT_S = 10.0
_CONNACK = 0x20


def tls_files(config: SyncConfig, folder: Path) -> tuple[Path, Path, Path]:
    """Certificate authority, certificate and private key; `folder` is that of unit.toml."""
    return folder / config.ca_file, folder / config.cert_file, folder / config.key_file


def probe_broker(config: SyncConfig, files: tuple[Path, Path, Path]) -> str:
    """Connect to the broker with these files (in the order of `tls_files`) and leave; gives the version of TLS.

    Raises SyncError; ConfigError for files that cannot be used.
    """
    context = tls_context(*files)
    try:
        with (
            socket.create_connection((config.host, config.port), timeout=PROBE_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=config.host) as link,
        ):
            link.sendall(_connect_packet(f"doctor-{secrets.token_hex(4)}"))
            answer = link.recv(64)
            if len(answer) < 4 or answer[0] != _CONNACK or answer[3]:
                raise SyncError(f"the broker at {config.host}:{config.port} answers, and does not let the unit in")
            link.sendall(b"\xe0\x00")
            return str(link.version())
    except OSError as e:
        raise SyncError(
            f"no connection to {config.host}:{config.port} with the unit's certificate: {e}",
            remedy="Check network, host and port in unit.toml, and that certificate and broker are of one authority.",
        ) from e


def _connect_packet(client_id: str) -> bytes:
    name = client_id.encode()
    body = b"\x00\x04MQTT\x05\x02\x00\x0a\x00" + len(name).to_bytes(2, "big") + name
    return bytes([0x10, len(body)]) + body
