"""A unit, a central and a real mosquitto on loopback, and a way to wait for a condition with a deadline."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.broker import find_mosquitto
from central.founding import DEFAULT_DATABASE
from edge.core.delivery import DeliveryState, Timing
from edge.services.drain import Drain
from edge.services.keep import keep_visit
from edge.services.progress import Progress
from edge.wiring.sync import make_drain
from edge.wiring.unit import Unit, open_unit
from tests.sync.loopback import Bench
from tools.faults.scene import Scene, draft

QUICK = Timing(base_s=0.1, cap_s=0.5, receipt_s=1.5)
DEADLINE_S = 30.0


class Stage:
    """A running scene; ends whatever it started."""

    def __init__(self, folder: Path, database: str = DEFAULT_DATABASE) -> None:
        self.scene = Scene(folder, database=database)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._units: list[Unit] = []

    def unit(self, unit_id: str = "unit-a", **options: object) -> Unit:
        unit = open_unit(self.scene.add_unit(unit_id, **options))
        self._units.append(unit)
        return unit

    def ingest(self) -> subprocess.Popen[bytes]:
        """Start an ingest process; gives it once it listens."""
        process = self.scene.ingest("--json", out=subprocess.PIPE)
        self._processes.append(process)
        assert process.stdout is not None
        while b'"ready"' not in process.stdout.readline():
            assert process.poll() is None
        return process

    def running(self) -> int:
        """How many of the ingest processes live."""
        return sum(1 for process in self._processes if process.poll() is None)

    def held(self, unit_id: str = "unit-a") -> list[str]:
        """The digests that central holds of a unit, in order of sequence."""
        with self.scene.store() as store, store.transaction() as transaction:
            return [row["sha256"] for row in transaction.rows("records", unit_id)]

    def close(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for unit in self._units:
            unit.close()
        self.scene.broker.stop()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Unit, mosquitto, and central on SQLite; the numbered points stand on either (test_points_over_mosquitto)."""
    with playing(tmp_path, DEFAULT_DATABASE) as made:
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage for a file of tests, central on either database with two ingest processes; each test has its unit."""
    sqlite = request.param == "sqlite"
    database = DEFAULT_DATABASE if sqlite else request.getfixturevalue("postgres").new_schema()
    with playing(tmp_path_factory.mktemp(request.param), database) as made:
        made.ingest()
        made.ingest()
        yield made


@contextmanager
def playing(folder: Path, database: str) -> Iterator[Stage]:
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed on this machine")
    made = Stage(folder, database)
    made.scene.broker.start()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def bench(tmp_path: Path, database: str) -> Iterator[Bench]:
    """Unit and central joined in memory, central on either database."""
    made = Bench(tmp_path, database=database)
    yield made
    made.close()


def visit(unit: Unit, count: int = 1) -> list[str]:
    """Make visits on a unit; gives their records' digests."""
    first = unit.store.head().sequence
    made = []
    for n in range(first + 1, first + count + 1):
        record = draft(unit.config.unit_id, f"{unit.config.unit_id}-{n}")
        made.append(keep_visit(record, store=unit.store, signer=unit.record_key, clock=unit.clock).sha256)
    return made


def drain_until(
    unit: Unit,
    reached: Callable[[list[Progress]], bool],
    drain: Drain | None = None,
    *,
    within_s: float = DEADLINE_S,
) -> list[Progress]:
    """Drain over the real wire until `reached` says so of all that was told; fails after the deadline."""
    used = drain or make_drain(unit, QUICK)
    told: list[Progress] = []
    deadline = time.monotonic() + within_s
    try:
        while not reached(told):
            assert time.monotonic() < deadline, told[-10:]
            told += used.step(0.1)
            time.sleep(min(used.pause_s(), 0.1))
    finally:
        if drain is None:
            used.close()
    return told


def states(unit: Unit) -> list[DeliveryState]:
    """The delivery states of all records that are not receipted."""
    return [e.state for e in unit.outbox.entries()]


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
