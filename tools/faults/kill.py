"""SIGKILL at random moments: visits are written and synchronised while their processes keep dying.

The processes are forked from a server that has everything imported, so that a start costs milliseconds and the
moments of death spread over opening, writing, sending and receiving. Broker and central's ingest are real; the
ingest is killed now and then too, uncounted. In the end: acknowledged ⊆ unit's store = central's store, both
chains whole, both databases sound.
"""

from __future__ import annotations

import multiprocessing
import random
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tools.faults.actors import run_sync, write_visits
from tools.faults.check import Outcome, check
from tools.faults.scene import Scene, start

UNITS = ("unit-one", "unit-two")
DELAY_S = 0.35
CENTRAL_TOO_EVERY = 12
START_TIMEOUT_S = 60.0
DRAIN_TIMEOUT_S = 90.0
CLIENT_TIMEOUT_S = DRAIN_TIMEOUT_S + 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A process that is killed and started again: on which unit, and what it does."""

    unit_id: str
    does: str


class Killer:
    """Runs the processes, kills them, and starts them again."""

    def __init__(self, scene: Scene, *, seed: int) -> None:
        self._scene, self._dice = scene, random.Random(seed)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tools.faults.actors", "edge.sync.mqtt"])
        self._roots = {unit_id: scene.add_unit(unit_id) for unit_id in UNITS}
        roles = [Role(unit_id=u, does=d) for u in UNITS for d in ("write", "sync")]
        self._alive: dict[Role, BaseProcess] = {role: self._started(role) for role in roles}
        self._ingest = scene.ingest()
        self.kills = dict.fromkeys(roles, 0)
        self.central_kills = 0

    def acknowledged(self, unit_id: str) -> Path:
        return self._scene.folder / f"{unit_id}.acknowledged"

    def await_work(self) -> None:
        """Wait until every unit has kept its first visit: killing what has not begun proves nothing."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        files = [self.acknowledged(unit_id) for unit_id in UNITS]
        while time.monotonic() < deadline_s and not all(f.exists() and f.stat().st_size for f in files):
            time.sleep(0.02)

    def round(self, at_most: int) -> int:
        """Let them run for a moment, kill some of them, and start those again; gives how many died."""
        time.sleep(self._dice.uniform(0.0, DELAY_S))
        victims = self._dice.sample(sorted(self._alive, key=repr), self._dice.randint(1, min(at_most, 3)))
        for role in victims:
            self._alive[role].kill()
        for role in victims:
            self._alive[role].join()
            self._alive[role] = self._started(role)
            self.kills[role] += 1
        return len(victims)

    def kill_central(self) -> None:
        self._ingest.kill()
        self._ingest.wait()
        self._ingest = self._scene.ingest()
        self.central_kills += 1

    def end(self) -> None:
        """End all, the last of them by SIGKILL too, and drain what is left."""
        for process in self._alive.values():
            process.kill()
            process.join()

    def drain(self) -> None:
        options = ("--until-empty", "--timeout", str(DRAIN_TIMEOUT_S), "--json", "--unit")
        drains = [start("edge.cli.main", "sync", *options, str(root)) for root in self._roots.values()]
        for process in drains:
            process.wait(CLIENT_TIMEOUT_S)
        self._ingest.terminate()
        self._ingest.wait(10)

    def close(self) -> None:
        for process in self._alive.values():
            process.kill()
        if self._ingest.poll() is None:
            self._ingest.kill()
            self._ingest.wait()

    def outcomes(self) -> list[Outcome]:
        return [check(self._scene, root, self.acknowledged(unit)) for unit, root in self._roots.items()]

    def _started(self, role: Role) -> BaseProcess:
        root = str(self._roots[role.unit_id])
        if role.does == "write":
            seed = self._dice.getrandbits(64)
            target, arguments = write_visits, (root, str(self.acknowledged(role.unit_id)), seed)
            process = self._context.Process(target=target, args=arguments, daemon=True)
        else:
            log = str(self._scene.folder / f"{role.unit_id}.sync.log")
            process = self._context.Process(target=run_sync, args=(root, log), daemon=True)
        process.start()
        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class KillReport:
    """What the run came to. `kills` counts by role, e.g. `write unit-one`."""

    seed: int
    kills: dict[str, int]
    central_kills: int
    units: list[Outcome]
    seconds: float

    @property
    def clean(self) -> bool:
        return all(unit.clean for unit in self.units)


def run_kills(folder: Path, *, kills: int, seed: int, tell: Callable[[int], None]) -> KillReport:
    """Kill `kills` processes in a scene under `folder`. `tell` gets the number killed so far."""
    began_s = time.monotonic()
    scene = Scene(folder)
    with scene.broker:
        killer = Killer(scene, seed=seed)
        try:
            killer.await_work()
            done = rounds = 0
            while done < kills:
                done += killer.round(kills - done)
                rounds += 1
                if rounds % CENTRAL_TOO_EVERY == 0:
                    killer.kill_central()
                tell(done)
            killer.end()
            killer.drain()
        except subprocess.TimeoutExpired:
            pass  # what is not delivered by now shows up in the comparison
        finally:
            killer.close()
        return KillReport(
            seed=seed,
            kills={f"{role.does} {role.unit_id}": count for role, count in killer.kills.items()},
            central_kills=killer.central_kills,
            units=killer.outcomes(),
            seconds=round(time.monotonic() - began_s, 1),
        )
