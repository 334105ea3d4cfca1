"""Signing in over the real store: what wrong PINs, restarts, clocks, killed processes and altered rows come to."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.core.errors import DoesNotVerify, InputError, PinLocked, PinRefused, SigningError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.unlock_code import Unlock, sign_code
from edge.core.workers import LOCK_S
from edge.device.clock import ManualClock
from edge.services.workers import WorkerKeys
from edge.signing.at_rest import AtRestKey
from edge.signing.worker_keys import PinBox
from edge.store.database import StoreFile
from edge.store.workers import SqliteWorkers
from tests.samples import UNIT, sample_key
from tests.store.writer import PIN, WORKER, sign_in_with

WRONG = "590284"
TECHNICIAN = sample_key("technician-1", role=KeyRole.TECHNICIAN)
Start = Callable[..., WorkerKeys]


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    """Starts the unit's software anew on the same file, by a clock of the test."""
    files: list[StoreFile] = []

    def again(clock: ManualClock, *, at_rest: AtRestKey | None = None) -> WorkerKeys:
        files.append(StoreFile(path, clock.now_utc))
        key = at_rest or AtRestKey(b"k" * 32)
        return WorkerKeys(
            unit_id=UNIT,
            purpose=KeyPurpose.DEMONSTRATION,
            store=SqliteWorkers(files[-1]),
            box=PinBox(key),
            at_rest=key,
            clock=clock,
            vouch=lambda _key, _signer: b"",
            new_challenge=lambda: "ABCD EFGH",
        )

    yield again
    for file in files:
        file.close()


def boot(number: int, wall: str = "2026-01-05T08:00:00.000Z") -> ManualClock:
    return ManualClock(wall, boot_id=f"boot-{number}")


def wrong(keys: WorkerKeys, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises((PinRefused, PinLocked)):
            keys.open(WORKER, WRONG)


def test_right_pin_opens_the_key_that_was_made(start: Start) -> None:
    keys = start(boot(1))
    made = keys.add(WORKER, PIN, "Test Worker")
    opened = start(boot(2)).open(WORKER, PIN)
    assert (opened.public, opened.name) == (made.public, "Test Worker")
    signature = opened.signer.sign(b"visit")
    opened.public.key().verify_signature(signature, b"visit")
    assert keys.documents() == [made.public]


def test_wrong_pins_count_down_and_a_right_one_counts_anew(start: Start) -> None:
    keys = start(boot(1))
    keys.add(WORKER, PIN)
    for left in (2, 1):
        with pytest.raises(PinRefused) as refused:
            keys.open(WORKER, WRONG)
        assert refused.value.left == left
    keys.open(WORKER, PIN)
    with pytest.raises(PinRefused) as refused:
        keys.open(WORKER, WRONG)
    assert refused.value.left == 2


def test_lock_survives_restarts_and_clocks_set_forward_or_back(start: Start) -> None:
    clock = boot(1)
    keys = start(clock)
    keys.add(WORKER, PIN)
    wrong(keys, 3)
    for again in (clock, boot(2, "2027-01-05T08:00:00.000Z"), boot(3, "1999-01-05T08:00:00.000Z")):
        with pytest.raises(PinLocked) as locked:
            start(again).open(WORKER, PIN)
        assert locked.value.remaining_s > LOCK_S - 3600
    clock = boot(4)
    keys = start(clock)
    clock.set_wall("2036-01-05T08:00:00.000Z")
    with pytest.raises(PinLocked):
        keys.open(WORKER, PIN)


def test_lock_ends_after_a_day_of_running(start: Start) -> None:
    clock = boot(1)
    keys = start(clock)
    keys.add(WORKER, PIN)
    wrong(keys, 3)
    for _ in range(23):
        clock.advance(3600)
        keys.note_time()
    with pytest.raises(PinLocked):
        keys.open(WORKER, PIN)
    clock.advance(3600)
    assert [w.locked for w in keys.workers()] == [False]
    assert keys.open(WORKER, PIN).worker_id == WORKER


def test_time_is_noted_once_a_minute_and_not_with_every_heartbeat(start: Start, path: Path) -> None:
    clock = boot(1)
    keys = start(clock)
    keys.add(WORKER, PIN)
    wrong(keys, 3)
    noted = []
    for _ in range(24):
        clock.advance(5)
        keys.note_time()
        with sqlite3.connect(path) as db:
            noted.append(db.execute("SELECT served_s FROM pin_counters").fetchone()[0])
        db.close()
    assert sorted(set(noted)) == [0.0, 60.0, 120.0]


def test_other_workers_go_on_while_one_is_locked(start: Start) -> None:
    keys = start(boot(1))
    keys.add(WORKER, PIN)
    keys.add("w-2", "847263")
    wrong(keys, 3)
    assert keys.open("w-2", "847263").worker_id == "w-2"
    assert {w.worker_id: w.locked for w in keys.workers()} == {WORKER: True, "w-2": False}


def test_technicians_code_unlocks_once_and_not_the_next_lock(start: Start) -> None:
    keys = start(boot(1))
    keys.add(WORKER, PIN)
    wrong(keys, 3)
    (worker,) = keys.workers()
    code = sign_code(Unlock(unit_id=UNIT, worker_id=WORKER, challenge=worker.challenge), TECHNICIAN.signer)
    with pytest.raises(DoesNotVerify):
        keys.unlock(WORKER, code, [sample_key("technician-2", role=KeyRole.TECHNICIAN).public])
    assert keys.unlock(WORKER, code, [TECHNICIAN.public]) == "technician-1"
    assert keys.open(WORKER, PIN).worker_id == WORKER
    with pytest.raises(InputError):
        keys.unlock(WORKER, code, [TECHNICIAN.public])


def test_changed_pin_keeps_the_key_and_shuts_out_the_old_pin(start: Start) -> None:
    keys = start(boot(1))
    made = keys.add(WORKER, PIN)
    with pytest.raises(PinRefused):
        keys.change_pin(WORKER, WRONG, "736251")
    keys.change_pin(WORKER, PIN, "736251")
    wrong(keys)
    assert keys.open(WORKER, "736251").public == made.public


def test_renewed_key_retires_the_one_before_and_both_stay_known(start: Start) -> None:
    keys = start(boot(1))
    first = keys.add(WORKER, PIN)
    wrong(keys, 3)
    second = keys.renew(WORKER, "736251")
    assert keys.documents() == [first.public, second.public]
    assert keys.open(WORKER, "736251").public == second.public
    keys.retire(WORKER)
    with pytest.raises(InputError):
        keys.open(WORKER, "736251")
    assert len(keys.documents()) == 2


def test_neither_pin_nor_name_nor_key_lies_open_in_the_file(start: Start, path: Path) -> None:
    start(boot(1)).add(WORKER, PIN, "Zhang Test-Name")
    lying = b"".join(p.read_bytes() for p in path.parent.iterdir())
    for secret in (PIN.encode(), b"Zhang Test-Name", b"argon2", b'"sealed"'):
        assert secret not in lying


def test_a_row_moved_to_another_worker_opens_for_nobody(start: Start, path: Path) -> None:
    keys = start(boot(1))
    keys.add(WORKER, PIN)
    keys.add("w-2", "847263")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE workers SET sealed = (SELECT sealed FROM workers WHERE worker_id = 'w-2')")
    db.close()
    with pytest.raises(SigningError):
        keys.open(WORKER, "847263")
    with pytest.raises(SigningError):
        start(boot(1), at_rest=AtRestKey(b"x" * 32)).open("w-2", "847263")


def test_a_process_killed_while_it_looks_at_a_pin_has_used_an_attempt(start: Start, path: Path) -> None:
    start(boot(1)).add(WORKER, PIN)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.writer"])
    for _ in range(3):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=sign_in_with, args=(path, WRONG, there), daemon=True)
        process.start()
        assert here.recv_bytes() == b"looking"
        process.kill()
        process.join()
    with pytest.raises(PinLocked):
        start(boot(2)).open(WORKER, PIN)
