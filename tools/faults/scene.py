"""A unit, a central and a broker in one folder, run as real processes over loopback TLS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from central import pki
from central.broker import Broker
from central.clock import now, now_utc
from central.config import StoreKind, load_config
from central.founding import DEFAULT_DATABASE, found_central, register_unit
from central.keys import public_documents
from central.post import open_post
from central.store import CentralStore
from edge.core.config import UNIT_ID
from edge.core.keys import KeyPurpose
from edge.core.record import CaptureSource, Provenance, SourceKind
from edge.core.visit import (
    HOME_CERTIFICATION,
    Attestation,
    Consents,
    Outcome,
    OutcomeKind,
    PersonServed,
    Place,
    Reason,
    Visit,
)
from edge.services.keep import VisitDraft
from edge.wiring.sync import sync_keys
from edge.wiring.unit import found_unit

ROOT = Path(__file__).resolve().parents[2]
CENTRAL_ID = "central-test"
BEGUN_UTC = "2026-03-02T01:00:00.000Z"


class Scene:
    """The folders and the broker; everything in `folder`. `simulated` decides for units and central alike."""

    def __init__(
        self,
        folder: Path,
        *,
        simulated: bool = True,
        database: str = DEFAULT_DATABASE,
        persistent_broker: bool = False,
    ) -> None:
        self.folder, self.simulated = folder, simulated
        self.central, self.pki = folder / "central", folder / "central" / "pki"
        pki.make_ca(self.pki, name="test authority", now=now())
        pki.issue(self.pki, "broker", server_names=("localhost", "127.0.0.1"), now=now())
        pki.issue(self.pki, CENTRAL_ID, now=now())
        self.broker = Broker(
            folder / "broker", pki=self.pki, central_id=CENTRAL_ID, persistent=persistent_broker
        )
        kind = StoreKind.SIMULATED if simulated else StoreKind.GENUINE
        self.receipt_key = found_central(
            self.central, central_id=CENTRAL_ID, kind=kind, database=database, port=self.broker.port
        )

    def add_unit(self, unit_id: str, *, register: bool = True, port: int | None = None) -> Path:
        """Make a unit that trusts this central; gives its folder."""
        assert UNIT_ID.fullmatch(unit_id)
        root = self.folder / unit_id
        purpose = KeyPurpose.DEMONSTRATION if self.simulated else KeyPurpose.PROVISIONED
        config = load_config(self.central)
        with found_unit(root, unit_id, purpose) as unit:
            public = (unit.key_dir / "record.pub.json").read_bytes()
            statement = sync_keys(unit).statement
        for document in public_documents(self.central, config):
            (root / "trust" / document.name).write_bytes(document.read_bytes())
        self.give_certificate(root, unit_id)
        with (root / "unit.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[sync]\nhost = "127.0.0.1"\nport = {port or self.broker.port}\n')
        if register:
            with self.store() as store:
                register_unit(store, public, kind=config.kind, at_utc=now_utc())
                open_post(config, store, self.central).take(unit_id, statement, at_utc=now_utc())
        return root

    def central_through(self, port: int) -> None:
        """Let central reach the broker by another port: that of a proxy."""
        file = self.central / "central.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(f"port = {self.broker.port}\n", f"port = {port}\n"), encoding="utf-8")

    def give_certificate(self, root: Path, name: str, authority: Path | None = None) -> None:
        """Put a TLS identity in the name of `name` where the unit in `root` looks for its own."""
        made = root.with_name(f"{root.name}.{name}.tls")
        identity = pki.issue(authority or self.pki, name, now=now())
        target = root / "tls"
        target.mkdir(exist_ok=True)
        made.mkdir(exist_ok=True)
        for source, file in ((identity.certificate, "unit.crt"), (identity.private_key, "unit.key")):
            (target / file).write_bytes(source.read_bytes())
            source.unlink()
        (target / "ca.crt").write_bytes((self.pki / "ca.crt").read_bytes())

    def store(self) -> CentralStore:
        config = load_config(self.central)
        return CentralStore.open(config.database, folder=self.central, kind=config.kind)

    def ingest(self, *options: str, out: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A `doorstep-central ingest` process."""
        return start("central.cli", "ingest", "--dir", str(self.central), *options, out=out)


def start(module: str, *arguments: str, out: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Run one of our programs. Its errors are left on standard error, to be seen."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment)


def draft(unit_id: str, record_id: str) -> VisitDraft:
    """A visit without a face, over: enough to be signed, stored and sent."""
    return VisitDraft(
        record_id=record_id,
        unit_id=unit_id,
        visit=Visit(
            visit_id=f"v-{record_id}",
            service=HOME_CERTIFICATION,
            person_served=PersonServed(person_id="p-1"),
            date=BEGUN_UTC[:10],
            place=Place(),
            person_serving="w-1",
            begun_utc=BEGUN_UTC,
            ended_utc=BEGUN_UTC,
        ),
        outcome=Outcome(kind=OutcomeKind.REVIEW, reasons=(Reason.MANUAL_ATTESTATION,)),
        consents=Consents(match_on_unit=False),
        provenance=Provenance(
            software="faults",
            runtime="none",
            bundle_sha256="",
            policy_id="faults",
            policy_sha256="",
            source=CaptureSource(kind=SourceKind.NO_CAMERA, model="none"),
        ),
        attestation=Attestation(
            declared_by="w-1", witnessed_by="s-1", person_seen=True, no_mask_or_photo=True, recognised_how="known"
        ),
    )
