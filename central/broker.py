"""A real mosquitto for one machine: renders central/deploy's files into a folder, starts, stops and kills it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from string import Template

from edge.core.errors import SyncError

DEPLOY = Path(__file__).with_name("deploy")
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0


def find_mosquitto() -> str | None:
    """The broker's program; Debian keeps it where an ordinary user's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """mosquitto on a loopback port, with the identity `broker.crt` of the authority in `pki`.

    A context manager: started on entering, stopped on leaving. `stop` and `kill` may be followed by `start`.
    persistent: sessions and queues are written to disk at once, as other people's brokers may do; ours keeps nothing.
    """

    def __init__(
        self, folder: Path, *, pki: Path, central_id: str, port: int | None = None, persistent: bool = False
    ) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self._pki, self._central_id, self._persistent = pki, central_id, persistent
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        return self.folder / "mosquitto.log"

    @property
    def memory(self) -> Path:
        """Where a persistent broker keeps its sessions."""
        return self.folder.resolve() / "memory"

    def forget(self) -> None:
        """Wipe what a persistent broker has kept; while it does not run."""
        shutil.rmtree(self.memory, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def render(self) -> Path:
        """Write mosquitto.conf and acl into the folder; gives the configuration's file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pki, folder = self._pki.resolve(), self.folder.resolve()
        acl, configuration = folder / "acl", folder / "mosquitto.conf"
        values = {
            "port": str(self.port),
            "address": self.host,
            "ca_file": str(pki / "ca.crt"),
            "cert_file": str(pki / "broker.crt"),
            "key_file": str(pki / "broker.key"),
            "acl_file": str(acl),
            "crl_line": f"crlfile {pki / 'ca.crl'}" if (pki / "ca.crl").exists() else "",
            # mosquitto drops root at once, and could then not read keys that only root may read.
            "user": "root" if os.geteuid() == 0 else "mosquitto",
            "log_file": str(folder / "mosquitto.log"),
            "central_id": self._central_id,
            "persistence": self._persistence(),
        }
        for source, target in (("acl", acl), ("mosquitto.conf", configuration)):
            template = Template((DEPLOY / source).read_text(encoding="utf-8"))
            target.write_text(template.substitute(values), encoding="utf-8")
            target.chmod(0o600)
        return configuration

    def _persistence(self) -> str:
        if not self._persistent:
            return "persistence false"
        self.memory.mkdir(exist_ok=True)
        kept = {"persistence_location": f"{self.memory}/", "autosave_on_changes": "true", "autosave_interval": "1"}
        return "\n".join(["persistence true", *(f"{name} {value}" for name, value in kept.items())])

    def start(self) -> None:
        """Start the broker and wait until it accepts connections. Raises SyncError."""
        program = find_mosquitto()
        if program is None:
            raise SyncError("mosquitto is not installed", remedy="Install it: apt-get install mosquitto")
        command = [program, "-c", str(self.render())]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise SyncError(f"mosquitto did not start; see {self.log_file}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, and wait. Idempotent."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would. Idempotent."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _accepts(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=0.5):
                return True
        except OSError:
            return False
