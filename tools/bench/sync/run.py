"""Runs the measurement: for each database a central of its own, a real broker, ingest processes, and the load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import IO, Any

from central import pki
from central.broker import Broker
from central.clock import now, now_utc
from central.config import StoreKind
from central.console import open_central
from central.founding import found_central
from central.simulated import SimulatedUnit
from edge.core.errors import SyncError
from tools.bench.sync.bare import inserted_per_s, published_per_s
from tools.bench.sync.cpu import spent_s
from tools.faults.scene import ROOT, start

CENTRAL_ID = "central-bench"
AT_ONCE = 8


@dataclass(slots=True)
class EndToEnd:
    """Loads through real processes, one after the other. per_s: of the median load, and of each in `each_per_s`; the
    counts are of all. cpu_us: processor time per record, of each process; rss_kb: of each ingest process, sampled
    while it worked; setbacks: what ingest processes said when they lost broker or database."""

    database: str
    ingests: int
    units: int
    records: int
    receipted: int
    resent: int
    each_per_s: list[float]
    gaps_as_made: bool
    cpu_us: dict[str, float] = field(default_factory=dict)
    rss_kb: list[list[int]] = field(default_factory=list)
    setbacks: list[str] = field(default_factory=list)
    per_s: float = 0.0
    machine_per_s: float = 0.0
    """What the machine's processors could bear at most, all of them busy with nothing else for the whole time."""

    def __post_init__(self) -> None:
        self.per_s = median(self.each_per_s)
        self.machine_per_s = processors() * 1e6 / sum(self.cpu_us.values())


@dataclass(slots=True)
class SyncReport:
    """bare_publish_per_s and bare_insert_per_s bound what end to end can reach: medians."""

    envelope_bytes: int
    processors: int
    bare_publish_per_s: float = 0.0
    bare_insert_per_s: dict[str, float] = field(default_factory=dict)
    runs: list[EndToEnd] = field(default_factory=list)


class Place:
    """A central with its broker in a folder."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.pki = folder, folder / "pki"
        pki.make_ca(self.pki, name="bench", now=now())
        pki.issue(self.pki, "broker", server_names=("localhost", "127.0.0.1"), now=now())
        pki.issue(self.pki, CENTRAL_ID, now=now())
        self.broker = Broker(folder / "broker", pki=self.pki, central_id=CENTRAL_ID)
        found_central(
            folder, central_id=CENTRAL_ID, kind=StoreKind.SIMULATED, database=database, port=self.broker.port
        )


def bare(place: Place, name: str, records: int, rounds: int, report: SyncReport) -> None:
    """Both bounds, on this place's broker and database."""
    config, store = open_central(place.folder)
    published, inserted = [], []
    with store:
        for number in range(rounds):
            unit = SimulatedUnit(f"bench-rows-{number}")
            raws = [unit.next_record(now_utc()) for _ in range(records)]
            inserted.append(inserted_per_s(store, config, raws, unit))
            if not report.bare_publish_per_s:
                published.append(published_per_s(config, place.pki, raws, unit.unit_id))
    report.bare_insert_per_s[name] = median(inserted)
    report.bare_publish_per_s = report.bare_publish_per_s or median(published)


def end_to_end(
    place: Place, name: str, *, ingests: int, units: int, visits: int, gaps: int = 0, rounds: int = 1,
    server_pid: int | None = None,
) -> EndToEnd:  # fmt: skip
    """The loads, each sent by a process of its own. server_pid: of the database's server, where there is one."""
    with _ingesting(place, ingests) as working:
        watched = {f"ingest {n}": process.pid for n, process in enumerate(working.processes, start=1)}
        watched |= {"broker": place.broker.pid or 0, **({"database": server_pid} if server_pid else {})}
        before_s = {what: spent_s(pid) for what, pid in watched.items()}
        loads = [_load(place, units, visits, gaps) for _ in range(rounds)]
        used_s = {what: spent_s(pid) - before_s[what] for what, pid in watched.items()}
        used_s["units"] = sum(load["cpu_seconds"] for load in loads)
    records = sum(load["records"] for load in loads)
    return EndToEnd(
        database=name,
        ingests=ingests,
        units=units,
        records=records,
        receipted=sum(load["receipted"] for load in loads),
        resent=sum(load["resent"] for load in loads),
        each_per_s=[load["receipted"] / load["seconds"] for load in loads],
        gaps_as_made=_gaps(place, {unit: made for load in loads for unit, made in load["gaps"].items()}),
        cpu_us={what: round(s * 1e6 / records, 1) for what, s in used_s.items()},
        rss_kb=working.rss_kb,
        setbacks=working.setbacks,
    )


def _load(place: Place, units: int, visits: int, gaps: int) -> dict[str, Any]:
    options = ["--units", units, "--visits", visits, "--gaps", gaps, "--at-once", AT_ONCE]
    command = [sys.executable, "-m", "central.cli", "simulate", "--dir", place.folder, "--json", *options]
    done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, check=False)
    try:
        load: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError as e:
        raise SyncError(f"the load ended with {done.returncode}: {done.stderr.decode()[-300:]}") from e
    return load


@dataclass(slots=True)
class _Working:
    """Ingest processes at work, and what is seen of them."""

    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    rss_kb: list[list[int]] = field(default_factory=list)
    setbacks: list[str] = field(default_factory=list)


@contextmanager
def _ingesting(place: Place, count: int) -> Iterator[_Working]:
    working = _Working()
    with ExitStack() as stack:
        for _ in range(count):
            process = start("central.cli", "ingest", "--json", "--dir", str(place.folder), out=subprocess.PIPE)
            stack.callback(_ended, process)
            assert process.stdout is not None
            process.stdout.readline()
            threading.Thread(target=_listen, args=(process.stdout, working.setbacks), daemon=True).start()
            working.processes.append(process)
            working.rss_kb.append([])
        over = threading.Event()
        watching = threading.Thread(target=_watch, args=([p.pid for p in working.processes], working.rss_kb, over))
        watching.start()
        try:
            yield working
        finally:
            over.set()
            watching.join()


def _listen(output: IO[bytes], setbacks: list[str]) -> None:
    """Read away all that a process says, or it would wait for us."""
    for line in output:
        if b'"down"' in line[:20]:
            setbacks.append(json.loads(line)["detail"])


def _watch(pids: list[int], memory: list[list[int]], over: threading.Event) -> None:
    while not over.wait(1.0):
        for pid, samples in zip(pids, memory, strict=True):
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
            samples += [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _gaps(place: Place, made: dict[str, list[int]]) -> bool:
    command = [sys.executable, "-m", "central.cli", "gaps", "--dir", str(place.folder), "--json"]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=False).stdout)
    told = {unit: [n for a, b in stretches for n in range(a, b + 1)] for unit, stretches in found.items()}
    return {u: told.get(u, []) for u in made} == made and sum(map(len, told.values())) >= sum(map(len, made.values()))


def settle() -> None:
    """Let the machine come to rest between runs."""
    time.sleep(1.0)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
