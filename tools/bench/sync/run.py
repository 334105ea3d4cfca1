"""Runs the measurement: for each database a central of its own, a real broker, ingest processes, and the load."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from central import pki
from central.broker import Broker
from central.clock import now, now_utc
from central.config import StoreKind, load_config
from central.console import open_central
from central.founding import found_central
from central.simulated import SimulatedUnit
from edge.core.errors import SyncError
from tools.bench.sync.bare import inserted_per_s, published_per_s
from tools.bench.sync.cpu import spent_s
from tools.faults.scene import ROOT, start

CENTRAL_ID = "central-bench"


@dataclass(slots=True)
class EndToEnd:
    """One load through real processes. cpu_us: processor time per record, of each process; rss_kb: of each ingest
    process, sampled while it worked."""

    database: str
    ingests: int
    units: int
    records: int
    receipted: int
    resent: int
    per_s: float
    gaps_as_made: bool
    cpu_us: dict[str, float] = field(default_factory=dict)
    rss_kb: list[list[int]] = field(default_factory=list)


@dataclass(slots=True)
class SyncReport:
    """bare_publish_per_s and bare_insert_per_s bound what end to end can reach."""

    envelope_bytes: int
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


def bare(place: Place, name: str, records: int, report: SyncReport) -> None:
    """Both bounds, on this place's broker and database."""
    unit = SimulatedUnit("bench-rows")
    raws = [unit.next_record(now_utc()) for _ in range(records)]
    config, store = open_central(place.folder)
    with store:
        report.bare_insert_per_s[name] = inserted_per_s(store, config, raws, unit)
    if not report.bare_publish_per_s:
        report.bare_publish_per_s = published_per_s(load_config(place.folder), place.pki, raws)


def end_to_end(
    place: Place, name: str, *, ingests: int, units: int, visits: int, gaps: int = 0, at_once: int = 8,
    server_pid: int | None = None,
) -> EndToEnd:  # fmt: skip
    """The load, sent by a process of its own. server_pid: of the database's server, where there is one."""
    with _ingesting(place, ingests) as (processes, memory):
        watched = {f"ingest {n}": process.pid for n, process in enumerate(processes, start=1)}
        watched |= {"broker": place.broker.pid or 0, **({"database": server_pid} if server_pid else {})}
        before_s = {what: spent_s(pid) for what, pid in watched.items()}
        options = ["--units", units, "--visits", visits, "--gaps", gaps, "--at-once", at_once]
        command = [sys.executable, "-m", "central.cli", "simulate", "--dir", place.folder, "--json", *options]
        done = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, check=False)
        try:
            load = json.loads(done.stdout)
        except json.JSONDecodeError as e:
            raise SyncError(f"the load ended with {done.returncode}: {done.stderr.decode()[-300:]}") from e
        used_s = {what: spent_s(pid) - before_s[what] for what, pid in watched.items()}
        used_s["units"] = load["cpu_seconds"]
    return EndToEnd(
        database=name,
        ingests=len(processes),
        units=units,
        records=load["records"],
        receipted=load["receipted"],
        resent=load["resent"],
        per_s=load["receipted"] / load["seconds"],
        gaps_as_made=_gaps(place, load["gaps"]),
        cpu_us={what: round(s * 1e6 / load["records"], 1) for what, s in used_s.items()},
        rss_kb=memory,
    )


@contextmanager
def _ingesting(place: Place, count: int) -> Iterator[tuple[list[subprocess.Popen[bytes]], list[list[int]]]]:
    with ExitStack() as stack:
        processes = []
        for _ in range(count):
            process = start("central.cli", "ingest", "--json", "--dir", str(place.folder), out=subprocess.PIPE)
            stack.callback(_ended, process)
            assert process.stdout is not None
            process.stdout.readline()
            # Its notices are read away, or it would wait for us.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            processes.append(process)
        memory: list[list[int]] = [[] for _ in processes]
        over = threading.Event()
        watching = threading.Thread(target=_watch, args=([p.pid for p in processes], memory, over))
        watching.start()
        try:
            yield processes, memory
        finally:
            over.set()
            watching.join()


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
