"""Several processes and threads on one file, and processes killed at any moment."""

from __future__ import annotations

import multiprocessing
import random
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest

from edge.core.verdict import Verdict
from edge.device.clock import ManualClock
from edge.services.audit import audit_store
from edge.services.keep import keep_visit
from edge.store.database import StoreFile
from edge.store.outbox import SqliteOutbox
from edge.store.records import SqliteRecordStore
from tests.samples import KEYS, UNIT_KEY, sample_draft
from tests.store.writer import append_records, touch_outbox

KILLS = 45


@pytest.fixture(scope="module")
def server() -> multiprocessing.context.ForkServerContext:
    """New processes from a server that has everything imported: real ones, at 10 ms each."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.writer"])
    return context


def start(
    server: multiprocessing.context.ForkServerContext, target: object, *args: object
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    here, there = server.Pipe(duplex=False)
    process = server.Process(target=target, args=(*args, there), daemon=True)  # type: ignore[arg-type]
    process.start()
    there.close()
    return process, here


def all_told(connection: Connection) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(connection.recv_bytes().decode())
        except (EOFError, OSError):
            return lines


def test_writers_in_several_processes_never_share_a_sequence(
    path: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    writers = [start(server, append_records, path, 1000 * n, 40) for n in range(1, 4)]
    toucher, complaints = start(server, touch_outbox, path, 60)
    told = [line for _, connection in writers for line in all_told(connection)]
    assert all_told(complaints) == []
    for process in (*(w for w, _ in writers), toucher):
        process.join(30)
        assert process.exitcode == 0
    store = SqliteRecordStore(StoreFile(path, lambda: ""))
    report = audit_store(store, KEYS)
    assert report.verdict is Verdict.VERIFIES
    assert sorted(told) == sorted(f"{r.sequence} {r.sha256}" for r in store.records())
    assert len(told) == 120
    store.close()


def test_threads_of_one_process_share_the_file(path: Path, file: StoreFile, store: SqliteRecordStore) -> None:
    outbox = SqliteOutbox(file)
    patient = SqliteRecordStore(StoreFile(path, lambda: ""))

    def one(number: int) -> int:
        keep_visit(sample_draft(number), store=patient, signer=UNIT_KEY, clock=ManualClock())
        return len(outbox.entries())

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(one, range(1, 41)))
    assert max(seen) == 40
    assert audit_store(store, KEYS).verdict is Verdict.VERIFIES
    patient.close()
    patient.close()


def test_acknowledged_records_survive_a_kill_at_any_moment(
    path: Path, server: multiprocessing.context.ForkServerContext
) -> None:
    chance = random.Random(20260105)
    acknowledged: dict[int, str] = {}
    for kill in range(KILLS):
        process, connection = start(server, append_records, path, 1000 * (kill + 1), 500)
        for _ in range(chance.randrange(4)):
            sequence, sha256 = connection.recv_bytes().decode().split()
            acknowledged[int(sequence)] = sha256
        # Somewhere within the next transaction or two; reading goes on so that no acknowledgement is missed.
        wait([process.sentinel], timeout=chance.random() * 0.004)
        process.kill()
        process.join(30)
        for line in all_told(connection):
            sequence, sha256 = line.split()
            acknowledged[int(sequence)] = sha256
        store = SqliteRecordStore(StoreFile(path, lambda: ""))
        held = {r.sequence: r.sha256 for r in store.records()}
        assert held.items() >= acknowledged.items()
        assert store.head().sequence == len(held) == max(held, default=0)
        store.close()
    file = StoreFile(path, lambda: "")
    file.quick_check()
    assert audit_store(SqliteRecordStore(file), KEYS).verdict is Verdict.VERIFIES
    assert len(SqliteOutbox(file).entries()) == len(held) > KILLS
    file.close()
