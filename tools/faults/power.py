"""The power cut: every process killed at once, and what the disk held at that moment mounted again.

The unit's data lies on an ext4 image on a loop device, mounted as on a unit. Before each cut one activity is begun: a
visit, an update of the nets, one of the software, or a purge, each as often as the others in an order drawn by lot;
visits go on beside the last three. The cut comes at a moment drawn evenly over the time that the activity takes here.
All processes are killed, and the image is copied before anything can be flushed by an orderly end: what SQLite and
the kernel had not yet brought to the image is lost, as on a card. The unit goes on from the copy, cut after cut.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from edge.core.errors import InputError, StoreError
from edge.device.slots import Slots
from tools.faults.power_actors import BESIDE, Work, do_once, visits_beside
from tools.faults.power_disk import Disk
from tools.faults.power_look import look, look_at_slots
from tools.faults.power_scene import Releases, two_bundles, unit_of
from tools.faults.power_told import BEGUN, DONE, Activity, Said, Told
from tools.faults.release import why_no_releases

LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReport:
    """What the cuts came to. whole_s: how long each activity takes undisturbed by cuts; phases: of each activity,
    how many cuts came after which phase was reached; acknowledged: how many things of each kind were told kept.

    faults: what did not hold, with the number of the cut; empty when all held.
    """

    seed: int
    cuts: int
    disk: str
    whole_s: dict[str, float]
    phases: dict[str, dict[str, int]]
    acknowledged: dict[str, int]
    under_way: int
    records: int
    faults: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class _Tally:
    faults: list[str] = field(default_factory=list)
    phases: dict[Activity, Counter[str]] = field(default_factory=lambda: {a: Counter() for a in Activity})
    under_way: int = 0
    records: int = 0


class Cuts:
    """A unit whose power keeps going. Raises InputError where the software cannot be updated."""

    def __init__(self, folder: Path, *, seed: int, measured: int = 2) -> None:
        if why := why_no_releases():
            raise InputError(why, remedy="Use an environment of the system's Python.")
        self._folder, self._dice = folder, random.Random(seed)
        self.told = folder / "told"
        self.told.touch()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tools.faults.power_actors"])
        self.disk = Disk(folder / "disks")
        self._nets, keys = two_bundles(folder)
        self._releases = Releases(folder)
        unit_of(folder, self.root, self._nets[0], keys)
        self.disk.settle()
        self.tally = _Tally()
        self._serial = 1
        try:
            self.whole_s = {activity: self._measured(activity, measured) for activity in Activity}
        except BaseException:
            self.disk.close()
            raise

    @property
    def root(self) -> Path:
        return self.disk.place / "unit"

    @property
    def said(self) -> Said:
        return Said(self.told)

    def cut(self, number: int, activity: Activity) -> None:
        """Begin `activity`, kill all at once at any moment of it, mount what the disk held, and look."""
        actors = self._begun(activity)
        time.sleep(self._dice.uniform(0.0, self.whole_s[activity]))
        ended = not actors[0].is_alive()
        _kill(actors)
        self.disk.cut()
        self.tally.phases[activity][self.said.phase(activity)] += 1
        found = [f"{activity} ended by itself"] if ended else []
        self.tally.faults += [f"cut {number}, {activity}: {fault}" for fault in found + self.look()]

    def look(self) -> list[str]:
        """What does not hold on the disk as it is; a release on trial is settled."""
        found = look(self.root, self.said)
        slots, self._serial = look_at_slots(self.root, self._slots, self.said)
        Told(self.told, "").tell("in-force", str(self._serial))
        self.tally.records, self.tally.under_way = found.records, self.tally.under_way + found.under_way
        return found.faults + slots

    @property
    def _slots(self) -> Slots:
        return self._releases.slots(self.disk.place / "slots")

    def _measured(self, activity: Activity, times: int) -> float:
        """Seconds that the activity takes, the mean of so many times; each ends with a cut too."""
        took_s = 0.0
        for _ in range(times):
            told = self.told.stat().st_size
            actors = self._begun(activity)
            began_s = time.monotonic()
            self._wait(activity, DONE, actors[0], told)
            took_s += time.monotonic() - began_s
            _kill(actors)
            self.disk.cut()
            self.tally.faults += [f"{activity}, whole: {fault}" for fault in self.look()]
        return took_s / times

    def _begun(self, activity: Activity) -> list[BaseProcess]:
        """The processes of the activity, itself first, once it has begun."""
        work = Work(
            root=self.root,
            told=self.told,
            seed=self._dice.getrandbits(64),
            nets=self._nets,
            slots=self._slots,
            package=self._releases.package(self._serial + 1),
            serial=self._serial + 1,
            release_keys=self._releases.keys,
        )
        beside = [] if activity is Activity.VISIT else [self._started(visits_beside, (work,), BESIDE)]
        return [self._started(do_once, (activity, work), activity), *beside]

    def _started(self, job: Callable[..., None], arguments: tuple[object, ...], who: str) -> BaseProcess:
        actor = self._context.Process(target=job, args=arguments, daemon=True)
        told = self.told.stat().st_size
        actor.start()
        self._wait(who, BEGUN, actor, told)
        return actor

    def _wait(self, who: str, phase: str, actor: BaseProcess, told: int) -> None:
        """Until it reached `phase`, as told after the first `told` bytes. Raises StoreError when it never does."""
        line, deadline_s = f"at {who}: {phase}\n".encode(), time.monotonic() + LONGEST_S
        while line not in self.told.read_bytes()[told:]:
            if not actor.is_alive() or time.monotonic() > deadline_s:
                raise StoreError(f"{who} never came to {phase!r}", remedy="See its error above.")
            time.sleep(0.001)


def _kill(actors: list[BaseProcess]) -> None:
    """All of them and their children, which are of their groups, then wait."""
    for actor in actors:
        with contextlib.suppress(ProcessLookupError):  # one that ended by itself is told as a fault
            os.killpg(actor.pid or 0, signal.SIGKILL)
    for actor in actors:
        actor.join()


def drawn(cuts: int, seed: int) -> list[Activity]:
    """What is begun before each cut: every activity as often as the others, the order by lot."""
    deck = [activity for _ in range(-(-cuts // len(Activity))) for activity in Activity]
    random.Random(seed).shuffle(deck)
    return deck[:cuts]


def run_cuts(folder: Path, *, cuts: int, seed: int, tell: Callable[[int], None]) -> PowerReport:
    """Cut the power `cuts` times under `folder`. `tell` gets the number so far. Raises InputError: no such disk."""
    began_s = time.monotonic()
    run = Cuts(folder, seed=seed)
    try:
        for number, activity in enumerate(drawn(cuts, seed), start=1):
            run.cut(number, activity)
            tell(number)
    finally:
        run.disk.close()
    tally = run.tally
    return PowerReport(
        seed=seed,
        cuts=cuts,
        disk=run.disk.kind,
        whole_s={activity.value: round(took_s, 3) for activity, took_s in run.whole_s.items()},
        phases={activity.value: dict(counted) for activity, counted in tally.phases.items()},
        acknowledged=run.said.counts(),
        under_way=tally.under_way,
        records=tally.records,
        faults=tuple(tally.faults),
        seconds=round(time.monotonic() - began_s, 1),
    )
