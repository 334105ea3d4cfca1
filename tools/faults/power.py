"""The power cut: every process killed at once, and what the disk held at that moment mounted again.

The unit's data lies on an ext4 image on a loop device, mounted as on a unit. All processes are killed, and the image
is copied before anything can be flushed by an orderly end: what SQLite and the kernel had not yet brought to the
image is lost, as on a card. The unit goes on from the copy, cut after cut. After each one it must come up, its store
be sound, its chain verify, everything acknowledged be there, and its nets give their golden vectors.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from edge.core.envelope import parse
from edge.core.errors import DoorstepError
from edge.core.evidence_delivery import EvidenceState
from edge.core.verdict import Verdict
from edge.services.audit import audit_store
from edge.store.evidence import SqliteEvidence
from edge.store.sessions import SqliteSessions
from edge.wiring import Unit, open_unit
from edge.wiring_visit import VisitSide
from tools.faults.power_actors import WORKER, content_sha256, make_visits, purge, update_bundles
from tools.faults.power_disk import Disk
from tools.faults.power_unit import two_bundles, unit_of

LONGEST_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReport:
    """What the cuts came to. acknowledged: how many things of each kind the unit had said are kept, in all.

    faults: what did not hold, with the number of the cut; empty when all held.
    """

    seed: int
    cuts: int
    disk: str
    acknowledged: dict[str, int]
    under_way: int
    records: int
    faults: tuple[str, ...]
    seconds: float


class Cuts:
    """A unit whose power keeps going."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder, self._dice = folder, random.Random(seed)
        self._told = folder / "told"
        self._told.touch()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tools.faults.power_actors"])
        self.disk = Disk(folder / "disks")
        exported, keys = two_bundles(folder)
        self._exported = (str(exported[0]), str(exported[1]))
        unit_of(folder, self.disk.place / "unit", exported[0], keys)
        self.disk.settle()
        self.faults: list[str] = []
        self.under_way = 0
        self.records = 0

    @property
    def root(self) -> Path:
        return self.disk.place / "unit"

    def cut(self, number: int) -> None:
        """Let all work, kill all at once, mount what the disk held, and look."""
        actors = self._start()
        before = self._told.stat().st_size
        deadline_s = time.monotonic() + 30.0
        while self._told.stat().st_size == before and time.monotonic() < deadline_s:
            time.sleep(0.002)  # killing what has not begun proves nothing
        time.sleep(self._dice.uniform(0.0, LONGEST_S))
        for actor in actors:
            actor.kill()
        self.disk.cut()
        for actor in actors:
            actor.join()
        self.faults += [f"cut {number}: {fault}" for fault in self.look()]

    def look(self) -> list[str]:
        """What does not hold on the disk as it is."""
        try:
            with open_unit(self.root) as unit:
                return self._look(unit)
        except DoorstepError as e:
            return [f"does not come up: {e.message}"]

    def acknowledged(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        # A line that the kill cut short was not told.
        for line in self._told.read_bytes().split(b"\n")[:-1]:
            what, _, name = line.decode().partition(" ")
            found.setdefault(what, []).append(name)
        return found

    def _start(self) -> list[BaseProcess]:
        root, told = str(self.root), str(self._told)
        jobs = (
            (make_visits, (root, told, self._dice.getrandbits(64))),
            (update_bundles, (root, told, self._exported)),
            (purge, (root, told)),
        )
        actors: list[BaseProcess] = [
            self._context.Process(target=job, args=arguments, daemon=True) for job, arguments in jobs
        ]
        for actor in actors:
            actor.start()
        return actors

    def _look(self, unit: Unit) -> list[str]:
        said, faults = self.acknowledged(), []
        unit.store_file.quick_check()
        report = audit_store(unit.store, unit.believed())
        if report.verdict is not Verdict.VERIFIES:
            faults.append(f"the chain: {report.verdict.value}")
        held = {record.sha256 for record in unit.store.records()}
        self.records = len(held)
        faults += [f"record {sha256[:12]} is gone" for sha256 in said.get("record", []) if sha256 not in held]
        faults += self._visit_under_way(unit, said)
        faults += _evidence(SqliteEvidence(unit.store_file), said)
        _ = VisitSide(unit).nets  # verified, and against their golden vectors
        return faults

    def _visit_under_way(self, unit: Unit, said: dict[str, list[str]]) -> list[str]:
        begun, closed = said.get("begun", []), set(said.get("closed", []))
        found = SqliteSessions(unit.store_file, unit.at_rest).open_of(WORKER)
        if not begun or begun[-1] in closed:
            return []
        self.under_way += 1
        if found is None and begun[-1] in said.get("evidence", []):
            return []  # it was being closed
        return [] if found is not None else [f"visit {begun[-1][:12]}, begun and not closed, is gone"]


def _evidence(store: SqliteEvidence, said: dict[str, list[str]]) -> list[str]:
    faults, settling, purged = [], set(said.get("settling", [])), set(said.get("purged", []))
    for name in said.get("evidence", []):
        entry = store.find(name)
        if entry is None:
            faults.append(f"evidence {name[:12]} is gone")
        elif name in purged and entry.state is not EvidenceState.PURGED:
            faults.append(f"evidence {name[:12]} was purged and is {entry.state.value}")
        elif name not in settling:
            wanted = json.loads(parse(store.manifest(name)).payload)["sealed_sha256"]
            if content_sha256(store, name, entry.chunks) != wanted:
                faults.append(f"evidence {name[:12]} is damaged")
    return faults


def run_cuts(folder: Path, *, cuts: int, seed: int, tell: Callable[[int], None]) -> PowerReport:
    """Cut the power `cuts` times under `folder`. `tell` gets the number so far. Raises InputError: no such disk."""
    began_s = time.monotonic()
    run = Cuts(folder, seed=seed)
    try:
        for number in range(1, cuts + 1):
            run.cut(number)
            tell(number)
    finally:
        run.disk.close()
    return PowerReport(
        seed=seed,
        cuts=cuts,
        disk=run.disk.kind,
        acknowledged={what: len(names) for what, names in sorted(run.acknowledged().items())},
        under_way=run.under_way,
        records=run.records,
        faults=tuple(run.faults),
        seconds=round(time.monotonic() - began_s, 1),
    )
