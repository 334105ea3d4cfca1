"""The visit daemon as systemd starts it, a socket handed over and readiness told; and with no network at all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.web.kiosk import needs_chromium

UNSHARE = shutil.which("unshare")


def may_unplug() -> bool:
    return UNSHARE is not None and subprocess.run([UNSHARE, "-rn", "true"], capture_output=True).returncode == 0


def test_socket_that_systemd_opened_is_served_and_readiness_told(root: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as page, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        serve = f"{sys.executable} -m edge.cli.main serve --unit {root}"
        command = f"exec env LISTEN_PID=$$ LISTEN_FDS=1 {serve} 3<&{page.fileno()}"
        process = subprocess.Popen(
            ["bash", "-c", command], pass_fds=[page.fileno()], stdout=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
        )  # fmt: skip
        try:
            assert manager.recv(64) == b"READY=1"
            address = f"http://127.0.0.1:{page.getsockname()[1]}/sign-in"
            assert "演示工作人员" in urllib.request.urlopen(address, timeout=10).read().decode()
            process.terminate()
            told = [manager.recv(64)]
            while told[-1] != b"STOPPING=1":
                told.append(manager.recv(64))
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()


@needs_chromium
@pytest.mark.skipif(not may_unplug(), reason="this machine lets nobody make a network namespace (unshare -rn)")
def test_visit_needs_no_network_but_loopback() -> None:
    """The whole visit once more, daemon and browser both, where there is no other network."""
    assert UNSHARE
    visit = "tests/web/test_visit_in_browser.py::test_cooperative_visit_is_certified_in_few_presses_and_seconds"
    # The address of the access point is loopback's too here; nothing else is up.
    pytest_command = f"{sys.executable} -m pytest -q -p no:cacheprovider {visit}"
    inside = f"ip link set lo up && ! ip route show | grep . && exec {pytest_command}"
    done = subprocess.run([UNSHARE, "-rn", "bash", "-c", inside], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
