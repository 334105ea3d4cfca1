"""What runs while the power goes: a visit, an update of the nets, one of the software, a purge; visits beside them.

Each runs once and then waits for its end. It does with the unit what the unit's own programs do, and tells what was
acknowledged (tools/faults/power_told.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from edge.core.errors import StoreError
from edge.core.evidence_delivery import EvidenceState
from edge.core.keys import KeyRole, keys_of
from edge.device.slots import Slots
from edge.models.bundle import read_exported
from edge.store.evidence import SqliteEvidence
from edge.wiring.sync import purge_evidence
from edge.wiring.unit import Unit, open_unit
from edge.wiring.update import apply_update, confirm_update
from edge.wiring.visit import VisitSide
from tools.faults.power_told import BEGUN, DONE, Activity, Told
from tools.faults.power_visits import Visits

BESIDE = "beside"
PURGED_AT_ONCE, LEFT_UNPURGED = 24, 3
PAUSE_S = 0.02
_NETS_MARKS = {
    "os.rename": {"models.next": "written", "models.previous": "old put aside", "models": "new put in place"},
    "subprocess.Popen": {"edge.models.install": "self-test"},
}
_SOFTWARE_MARKS = {
    "os.rename": {"a": "in its slot", "b": "in its slot"},
    "subprocess.Popen": {
        "dpkg-deb": "unpacking",
        "compileall": "compiling",
        "rehearse": "rehearsing",
        "try": "going on trial",
        "confirm": "being confirmed",
    },
}
_Run = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Where an activity works. root, slots: on the disk that is cut; told: not on it. nets: two exported bundles.

    package: the software offered, of release number `serial`, believed by the keys in `release_keys`.
    """

    root: Path
    told: Path
    seed: int
    nets: tuple[Path, Path]
    slots: Slots
    package: Path
    serial: int
    release_keys: Path


def do_once(activity: Activity, work: Work) -> None:
    """Prepare, tell `begun`, do it, tell `done`, and wait to be killed, with all its children."""
    os.setsid()
    told = Told(work.told, activity)
    with open_unit(work.root) as unit:
        run = _PREPARE[activity](unit, work, told)
        told.reached(BEGUN)
        run()
        told.reached(DONE)
        time.sleep(3600)


def visits_beside(work: Work) -> None:
    """Visits for ever: the field worker goes on while the unit is kept up."""
    os.setsid()
    told = Told(work.told, BESIDE)
    with open_unit(work.root) as unit:
        visits = Visits(unit, told, work.seed)
        told.reached(BEGUN)
        while True:
            try:
                visits.one()
            except StoreError:
                visits = Visits(unit, told, work.seed)  # not acknowledged: the page would have said so


def _visit(unit: Unit, work: Work, told: Told) -> _Run:
    return Visits(unit, told, work.seed).one


def _update_nets(unit: Unit, work: Work, told: Told) -> _Run:
    side, keys = VisitSide(unit), keys_of(unit.believed(), KeyRole.BUNDLE)
    bundles = [read_exported(file, keys) for file in work.nets]
    other = next(bundle for bundle in bundles if bundle.sha256 != side.bundle.sha256)
    told.watch(_NETS_MARKS)

    def run() -> None:
        told.tell("installing", other.sha256)
        side.install(other)
        told.tell("installed", other.sha256)

    return run


def _update_software(unit: Unit, work: Work, told: Told) -> _Run:
    told.watch(_SOFTWARE_MARKS)

    def run() -> None:
        told.tell("offered", str(work.serial))
        apply_update(work.root, work.package, work.slots, work.release_keys)
        told.tell("trial", str(work.serial))
        told.reached("on trial")
        if confirm_update(work.root, work.slots):
            told.tell("confirmed", str(work.serial))

    return run


def _purge(unit: Unit, work: Work, told: Told) -> _Run:
    """Evidence that counts as receipted long ago, all but the newest, is purged. The visits beside it make it."""
    store = SqliteEvidence(unit.store_file)
    while store.open_count() < PURGED_AT_ONCE + LEFT_UNPURGED:
        time.sleep(PAUSE_S)
    over = store.under_way()[:-LEFT_UNPURGED]

    def run() -> None:
        for entry in over:
            told.tell("settling", entry.evidence_id)
            store.save(replace(entry, state=EvidenceState.RECEIPTED, settled_utc_s=1.0))
        told.reached("receipted")
        purge_evidence(unit)
        for entry in over:
            told.tell("purged", entry.evidence_id)

    return run


_PREPARE: Mapping[Activity, Callable[[Unit, Work, Told], _Run]] = MappingProxyType(
    {
        Activity.VISIT: _visit,
        Activity.BUNDLE: _update_nets,
        Activity.SOFTWARE: _update_software,
        Activity.PURGE: _purge,
    }
)
