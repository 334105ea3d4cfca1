"""sd_notify: said to the socket that asks, and harmless without one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.device.notify import READY, notify


def test_state_reaches_the_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(1.0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify(READY)
        assert manager.recv(64) == b"READY=1"


def test_manager_that_is_gone_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify(READY)
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify(READY)
