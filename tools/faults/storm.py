"""A storm over the whole way: proxies that fail between unit, broker and central, and SIGKILLs of all three.

Visits go on being made, and messages to the units being issued, while it lasts. Then the wind drops, what is left is
drained, and everything is compared: records both ways, chains, each receipt's signature, messages applied once.
"""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from central.clock import now_utc
from central.config import load_config
from central.downward import Downlink
from central.founding import DEFAULT_DATABASE
from central.keys import message_signers
from central.rows.messages import messages_of
from edge.core.downward import MessageKind
from edge.core.downward_content import Command, CommandName
from edge.core.errors import StoreError, VerificationError
from edge.core.keys import PublicKeyDocument
from edge.core.receipt_check import open_receipt
from edge.wiring.unit import open_unit_readonly
from tools.faults.actors import run_hasty_sync, write_visits
from tools.faults.check import Outcome, check
from tools.faults.proxy import Proxy
from tools.faults.scene import Scene

PAUSE_S = (0.5, 2.0)
DRAIN_S = 120.0
START_S = 60.0
USUAL_START_S = 1.5
LONGEST = 4.0
UNLOCK = Command(name=CommandName.UNLOCK_WORKER, subject="w-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One unit after the storm; `receipts` are those kept, each opened and its signature checked."""

    records: Outcome
    receipts: int
    receipts_wrong: int
    messages_issued: int
    messages_applied: int
    messages_confirmed: int

    @property
    def clean(self) -> bool:
        messages = {self.messages_issued, self.messages_applied, self.messages_confirmed}
        return self.records.clean and not self.receipts_wrong and len(messages) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StormReport:
    seed: int
    seconds: float
    drained_in_s: float
    faults: dict[str, int]
    units: list[Settled]

    @property
    def total_faults(self) -> int:
        return sum(self.faults.values())

    @property
    def clean(self) -> bool:
        return all(unit.clean for unit in self.units)


class Storm:
    """The processes and proxies of one run."""

    def __init__(self, scene: Scene, proxy: Proxy, *, units: int, seed: int) -> None:
        self.scene, self._proxy, self._dice = scene, proxy, random.Random(seed)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tools.faults.actors", "edge.sync.mqtt"])
        names = [f"unit-{n:02d}" for n in range(units)]
        self.roots = {name: scene.add_unit(name, port=proxy.port) for name in names}
        self._downlink = Downlink(message_signers(scene.central, load_config(scene.central)))
        roles = [(name, does) for name in names for does in ("write", "sync")]
        self._alive: dict[tuple[str, str], BaseProcess] = {role: self._started(role) for role in roles}
        self._ingest = scene.ingest()
        self.kills: Counter[str] = Counter()
        self._pace = 1.0

    @property
    def faults(self) -> dict[str, int]:
        """How often what was done so far, by kind."""
        return {**self._proxy.faults, **self.kills}

    def await_work(self) -> None:
        """Wait until every unit could have connected and has a visit: killing what has not begun proves nothing.

        On a machine where that takes long, what happens afterwards follows as much more slowly. Each unit then has
        a message waiting for it.
        """
        began_s = time.monotonic()
        while not self._begun() and time.monotonic() - began_s < START_S:
            time.sleep(0.05)
        self._pace = max(1.0, (time.monotonic() - began_s) / USUAL_START_S)
        for name in self.roots:
            self._issue(name)

    def _begun(self) -> bool:
        return self._proxy.connections > len(self.roots) and all(map(self._has_visit, self.roots))

    def _has_visit(self, name: str) -> bool:
        file = self.acknowledged(name)
        return file.exists() and file.stat().st_size > 0

    def acknowledged(self, name: str) -> Path:
        return self.scene.folder / f"{name}.acknowledged"

    def gust(self) -> None:
        """Something happens, the lighter things more often."""
        time.sleep(self._dice.uniform(0.02, 0.12) * self._pace)
        drawn = self._dice.random()
        if drawn < 0.5:
            self._kill_unit(self._dice.choice(sorted(self._alive)))
        elif drawn < 0.56:
            self._kill_central()
        elif drawn < 0.6:
            self._kill_broker()
        elif drawn < 0.65:
            self._proxy.cut_all()
        elif drawn < 0.75:
            self._issue(self._dice.choice(sorted(self.roots)))

    def calm_down(self) -> float:
        """No more faults; wait until all is delivered and confirmed. Gives the seconds that took."""
        began_s = time.monotonic()
        self._proxy.calm = True
        for (_, does), process in self._alive.items():
            if does == "write":
                process.kill()
                process.join()
        self._proxy.cut_all()
        while time.monotonic() - began_s < DRAIN_S and not self._all_done():
            time.sleep(0.5)
        return round(time.monotonic() - began_s, 1)

    def close(self) -> None:
        for process in self._alive.values():
            process.kill()
            process.join()
        self._ingest.terminate()
        try:
            self._ingest.wait(10)
        except subprocess.TimeoutExpired:
            self._ingest.kill()
            self._ingest.wait()

    def settled(self, name: str) -> Settled:
        root = self.roots[name]
        with self.scene.store() as store, store.transaction() as transaction:
            issued = messages_of(transaction.connection, name)
        with open_unit_readonly(root) as unit:
            receipts = list(unit.store.receipts())
            wrong = sum(1 for raw in receipts if not _holds(raw, unit.believed(), name))
            with unit.store_file.reading() as db:
                applied = db.execute("SELECT count(*) FROM commands").fetchone()[0]
        return Settled(
            records=check(self.scene, root, self.acknowledged(name)),
            receipts=len(receipts),
            receipts_wrong=wrong,
            messages_issued=len(issued),
            messages_applied=applied,
            messages_confirmed=sum(1 for row in issued if row["state"] == "applied"),
        )

    def _all_done(self) -> bool:
        with self.scene.store() as store, store.transaction() as transaction:
            for name in self.roots:
                if any(row["state"] == "queued" for row in messages_of(transaction.connection, name)):
                    return False
        for root in self.roots.values():
            with open_unit_readonly(root) as unit:
                if unit.outbox.entries():
                    return False
        return True

    def _kill_unit(self, role: tuple[str, str]) -> None:
        self._alive[role].kill()
        self._alive[role].join()
        self._alive[role] = self._started(role)
        self.kills[f"kill unit's {role[1]}"] += 1

    def _kill_central(self) -> None:
        self._ingest.kill()
        self._ingest.wait()
        self._ingest = self.scene.ingest()
        self.kills["kill central"] += 1

    def _kill_broker(self) -> None:
        """It comes back with the sessions of its last second, or its disk is wiped in between."""
        self.scene.broker.kill()
        wiped = self._dice.random() < 0.5
        if wiped:
            self.scene.broker.forget()
        self.scene.broker.start()
        self.kills["kill broker, persistence wiped" if wiped else "kill broker, persistence old"] += 1

    def _issue(self, name: str) -> None:
        try:
            with self.scene.store() as store, store.transaction() as transaction:
                self._downlink.issue(transaction, name, MessageKind.COMMAND, UNLOCK, at_utc=now_utc())
        except StoreError:
            return

    def _started(self, role: tuple[str, str]) -> BaseProcess:
        name, does = role
        root = str(self.roots[name])
        seed = self._dice.getrandbits(64)
        if does == "write":
            arguments = (root, str(self.acknowledged(name)), seed, PAUSE_S)
            process = self._context.Process(target=write_visits, args=arguments, daemon=True)
        else:
            process = self._context.Process(target=run_hasty_sync, args=(root,), daemon=True)
        process.start()
        return process


def run_storm(
    folder: Path,
    *,
    seconds: float,
    seed: int,
    units: int,
    tell: Callable[[float, int], None],
    database: str = DEFAULT_DATABASE,
    enough: Callable[[dict[str, int]], bool] = lambda _faults: True,
) -> StormReport:
    """Let it blow for `seconds`, and up to LONGEST times as long until `enough` of the faults by kind.

    `tell` gets the seconds gone and the faults so far.
    """
    began_s = time.monotonic()
    scene = Scene(folder, database=database, persistent_broker=True)
    with scene.broker, Proxy(scene.broker.port, seed=seed) as proxy:
        scene.central_through(proxy.port)
        storm = Storm(scene, proxy, units=units, seed=seed)
        try:
            storm.await_work()
            while (gone_s := time.monotonic() - began_s) < seconds * (1.0 if enough(storm.faults) else LONGEST):
                storm.gust()
                tell(gone_s, sum(storm.faults.values()))
            faults = storm.faults
            drained_in_s = storm.calm_down()
        finally:
            storm.close()
        return StormReport(
            seed=seed,
            seconds=round(time.monotonic() - began_s, 1),
            drained_in_s=drained_in_s,
            faults=faults,
            units=[storm.settled(name) for name in storm.roots],
        )


def _holds(raw: bytes, trusted: list[PublicKeyDocument], unit_id: str) -> bool:
    try:
        open_receipt(raw, trusted, unit_id=unit_id)
    except VerificationError:
        return False
    return True
