"""What must hold on a disk after the power went: the unit comes up, and nothing that it acknowledged is gone."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from edge.core.envelope import parse
from edge.core.errors import DoorstepError
from edge.core.evidence_delivery import EvidenceState
from edge.core.session import Step
from edge.core.verdict import Verdict
from edge.device.slots import Slots
from edge.services.audit import audit_store
from edge.store.evidence import SqliteEvidence
from edge.store.sessions import SqliteSessions
from edge.wiring.unit import Unit, open_unit
from edge.wiring.update import confirm_update
from edge.wiring.visit import VisitSide
from tools.faults.power_told import Said
from tools.faults.power_visits import WORKER


@dataclass(slots=True, kw_only=True)
class Found:
    """faults: what does not hold. records: in the chain. under_way: a visit was cut off before its end."""

    faults: list[str] = field(default_factory=list)
    records: int = 0
    under_way: bool = False


def look(root: Path, said: Said) -> Found:
    """The unit in `root`, opened as its services open it."""
    found = Found()
    try:
        with open_unit(root) as unit:
            _look(unit, said, found)
    except DoorstepError as e:
        found.faults.append(f"does not come up: {e.message}")
    return found


def look_at_slots(root: Path, slots: Slots, said: Said) -> tuple[list[str], int]:
    """The release in force is whole and one that may be; one on trial is confirmed, as after a start of the unit.

    Gives the faults and the release's number.
    """
    what, last = said.last("offered", "trial", "confirmed", "in-force")
    before = int(said.last("confirmed", "in-force")[1] or 1)
    may_be = {before, int(last)} if what == "offered" else {int(last or 1)}
    try:
        serial = slots.facts(slots.in_force).serial
        faults = [] if serial in may_be else [f"release {serial} is in force, of {sorted(may_be)}"]
        command = [str(slots.in_force / "bin/python"), "-I", "-c", "import edge.cli.main"]
        if subprocess.run(command, capture_output=True, timeout=60).returncode:
            faults.append(f"release {serial} does not start")
        confirm_update(root, slots)
        return faults, serial
    except DoorstepError as e:
        return [f"no release comes up: {e.message}"], before


def _look(unit: Unit, said: Said, found: Found) -> None:
    unit.store_file.quick_check()
    report = audit_store(unit.store, unit.believed())
    if report.verdict is not Verdict.VERIFIES:
        found.faults.append(f"the chain: {report.verdict.value}")
    held = {record.sha256 for record in unit.store.records()}
    found.records = len(held)
    found.faults += [f"record {sha256[:12]} is gone" for sha256 in said.names("record") if sha256 not in held]
    found.faults += _evidence(SqliteEvidence(unit.store_file), said)
    _visit_under_way(unit, said, found)
    _nets(unit, said, found)


def _visit_under_way(unit: Unit, said: Said, found: Found) -> None:
    """A step that was taken is there; without a word of its closing, so is the visit, unless it was being closed."""
    if not (told := said.last("step")[1]):
        return
    visit_id, revision, step = told.split(":")
    if visit_id in said.names("closed"):
        return
    session = SqliteSessions(unit.store_file, unit.at_rest).open_of(WORKER)
    found.under_way = session is not None
    if session is None:
        if step != Step.OUTCOME:
            found.faults.append(f"visit {visit_id[:8]}, begun and not closed, is gone")
    elif session.visit_id == visit_id and session.revision < int(revision):
        found.faults.append(f"visit {visit_id[:8]} stands at {session.revision}, was at {revision}")


def _nets(unit: Unit, said: Said, found: Found) -> None:
    side = VisitSide(unit)
    _ = side.nets  # verified, and against their golden vectors
    what, named = said.last("installing", "installed")
    if what == "installed" and side.bundle.sha256 != named:
        found.faults.append(f"bundle {named[:12]} was installed, {side.bundle.sha256[:12]} is in use")


def _evidence(store: SqliteEvidence, said: Said) -> list[str]:
    faults, settling, purged = [], set(said.names("settling")), set(said.names("purged"))
    for name in said.names("evidence"):
        entry = store.find(name)
        if entry is None:
            faults.append(f"evidence {name[:12]} is gone")
        elif name in purged and entry.state is not EvidenceState.PURGED:
            faults.append(f"evidence {name[:12]} was purged and is {entry.state.value}")
        elif name not in settling:
            wanted = json.loads(parse(store.manifest(name)).payload)["sealed_sha256"]
            if _content_sha256(store, name, entry.chunks) != wanted:
                faults.append(f"evidence {name[:12]} is damaged")
    return faults


def _content_sha256(store: SqliteEvidence, evidence_id: str, chunks: int) -> str:
    return hashlib.sha256(b"".join(store.chunk(evidence_id, n) for n in range(chunks))).hexdigest()
