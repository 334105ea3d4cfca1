"""Sockets that systemd opened for this service (sd_listen_fds(3)): it has no network of its own."""

from __future__ import annotations

import os
import socket

FIRST = 3


def passed_sockets() -> list[socket.socket]:
    """The listening sockets passed to this process, and to it only; none when it was started by hand."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "0")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return [socket.socket(fileno=FIRST + n) for n in range(int(count) if count.isdecimal() else 0)]
