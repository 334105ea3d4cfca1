"""The stage: a central for simulated records, a genuine one, the TLS authority, and the broker with its switch."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from edge.demo.processes import CENTRAL, Child, run, run_json

CENTRAL_ID = "demo-central"
GENUINE_ID = "genuine-central"


class Stage:
    """Everything on the far side of the unit, in `root`. A context manager; leaving it ends every process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.central = root / "central"
        self.genuine = root / "genuine-central"
        self.logs = root / "logs"
        self.port = free_port()
        self._broker: Child | None = None
        self._ingest: Child | None = None

    @property
    def receipt_key(self) -> Path:
        """Public half of central's receipt key, which the unit must trust."""
        return self.central / "keys" / "receipt.pub.json"

    def build(self, unit_id: str, unit_key: Path, unit_tls: Path) -> None:
        """Make both centrals and all TLS identities, and register the unit. Raises StageError."""
        self.logs.mkdir(parents=True, exist_ok=True)
        pki = self.central / "pki"
        self._ask("init", str(self.central), "--id", CENTRAL_ID, "--simulated", "--broker-port", str(self.port))
        self._ask("init", str(self.genuine), "--id", GENUINE_ID)
        self._ask("pki", "init", str(pki))
        self._ask("pki", "broker", str(pki))
        self._ask("pki", "client", str(pki), CENTRAL_ID)
        self._ask("pki", "client", str(pki), unit_id, "--to", str(unit_tls))
        self._ask("unit", "add", str(unit_key), "--dir", str(self.central))

    def start_central(self) -> None:
        """Start ingest and wait until it listens; it lives through the broker's absence. Raises StageError."""
        self._ingest = Child([*CENTRAL, "ingest", "--json", "--dir", str(self.central)], self.logs / "central.log")
        self._ingest.wait_for("ready")

    def start_broker(self) -> None:
        """Switch the broker on and wait until it listens. Raises StageError."""
        self._broker = Child([*CENTRAL, "broker", "--dir", str(self.central)], self.logs / "broker.log")
        self._broker.wait_for("ready on")

    def stop_broker(self) -> None:
        if self._broker:
            self._broker.end()

    def verify_central(self) -> Any:
        """Central's own check of every chain, as `doorstep-central verify --json` prints it."""
        return run_json([*CENTRAL, "verify", "--json", "--dir", str(self.central)], allowed=(0, 1, 3))

    def offer_to_genuine(self, envelope: bytes, unit_id: str) -> str:
        """Hand a simulated record to the genuine central; gives the reason of its refusal, empty if it was taken."""
        file = self.root / "offered-to-genuine.jsonl"
        file.write_bytes(envelope + b"\n")
        command = [*CENTRAL, "submit", str(file), "--unit-id", unit_id, "--json", "--dir", str(self.genuine)]
        items = run_json(command, allowed=(0, 1))["items"]
        return str(items[0]["reason"]) if items[0]["verdict"] == "refused" else ""

    def close(self) -> None:
        for child in (self._ingest, self._broker):
            if child:
                child.end()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _ask(self, *arguments: str) -> None:
        run([*CENTRAL, *arguments])


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
