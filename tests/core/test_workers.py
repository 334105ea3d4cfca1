"""The lock after wrong PINs: what would shorten it, and what must not."""

from __future__ import annotations

import pytest

from edge.core.errors import CouldNotBeChecked, DoesNotVerify, InputError
from edge.core.keys import KeyPurpose, KeyRole
from edge.core.record import ClockSource, ClockState
from edge.core.unlock_code import Unlock, check_code, plain, sign_code
from edge.core.workers import (
    LOCK_S,
    PinCounter,
    after_time,
    attempt_begun,
    attempt_failed,
    attempt_returned,
    check_new_pin,
    check_worker_id,
    until_utc,
)
from tests.samples import sample_key

HOUR_S = 3600.0


def at(monotonic_s: float, *, boot: str = "boot-1", wall: str = "2026-01-05T08:00:00.000Z") -> ClockState:
    return ClockState(
        wall_utc=wall, source=ClockSource.RTC, uncertainty_s=None, boot_id=boot, monotonic_s=monotonic_s
    )


def locked(now: ClockState) -> PinCounter:
    counter = PinCounter()
    for _ in range(3):
        counter = attempt_failed(attempt_begun(counter), now, challenge="first")
    return counter


def looked(counter: PinCounter, *moments: ClockState) -> PinCounter:
    for moment in moments:
        counter = after_time(counter, moment, challenge="later")
    return counter


def test_third_wrong_pin_locks_and_no_earlier_one() -> None:
    counter, left = PinCounter(), []
    for _ in range(3):
        counter = attempt_failed(attempt_begun(counter), at(100), challenge="first")
        left.append((counter.left, counter.locked, counter.challenge))
    assert left == [(2, False, ""), (1, False, ""), (0, True, "first")]
    assert counter.remaining_s == LOCK_S


def test_lock_ends_after_a_day_of_running_time_and_not_before() -> None:
    counter = locked(at(100))
    assert looked(counter, at(100 + LOCK_S - 1)).locked
    assert looked(counter, at(100 + LOCK_S)) == PinCounter()
    steps = [at(100 + n * HOUR_S) for n in range(1, 24)]
    assert looked(counter, *steps).remaining_s == pytest.approx(HOUR_S)
    assert looked(counter, *steps, at(100 + LOCK_S)) == PinCounter()


@pytest.mark.parametrize("wall", ["2036-01-05T08:00:00.000Z", "1970-01-01T00:00:00.000Z"])
def test_wall_clock_set_forward_or_back_changes_nothing(wall: str) -> None:
    assert looked(locked(at(100)), at(160, wall=wall)).remaining_s == LOCK_S - 60
    assert looked(locked(at(100)), at(60, boot="boot-2", wall=wall)).remaining_s == LOCK_S - 60


def test_a_restart_credits_the_new_boot_and_nothing_of_the_time_between() -> None:
    counter = looked(locked(at(100)), at(100 + HOUR_S), at(30, boot="boot-2", wall="2026-01-09T08:00:00.000Z"))
    assert counter.served_s == HOUR_S + 30
    restarts = [at(50, boot=f"boot-{n}") for n in range(2, 12)]
    assert looked(locked(at(100)), *restarts).served_s == 10 * 50


@pytest.mark.parametrize("boot", ["boot-1", ""])
def test_a_monotonic_clock_that_runs_backwards_gains_nobody_a_lock(boot: str) -> None:
    counter = looked(locked(at(5000, boot=boot)), at(10, boot=boot), at(20, boot=boot))
    assert counter.served_s <= 20


def test_without_a_boot_id_a_restart_credits_at_most_the_new_boot() -> None:
    assert looked(locked(at(100, boot="")), at(40, boot="")).served_s == 40
    assert looked(locked(at(100, boot="")), at(5000, boot="")).served_s == 4900


def test_pulling_the_plug_during_the_third_attempt_locks() -> None:
    cut_off = PinCounter(failed=3)
    counter = looked(cut_off, at(5, boot="boot-2"))
    assert counter.locked and counter.challenge == "later" and counter.remaining_s == LOCK_S


def test_a_fault_of_the_machine_gives_the_attempt_back_but_lifts_no_lock() -> None:
    assert attempt_returned(PinCounter(failed=2)) == PinCounter(failed=1)
    assert attempt_returned(locked(at(1))) == locked(at(1))


def test_the_end_is_shown_by_the_wall_clock() -> None:
    assert until_utc(locked(at(0)), at(0)) == "2026-01-06T08:00:00Z"


@pytest.mark.parametrize("pin", ["", "12345", "1234567890123", "12345a", "１２３４５６", "111111", "123456", "987654",
                                 "890123", "121212", "12 3456"])  # fmt: skip
def test_pins_that_anybody_would_try_are_refused(pin: str) -> None:
    with pytest.raises(InputError):
        check_new_pin(pin)


def test_ordinary_pins_and_ids_are_taken() -> None:
    assert check_new_pin("280617") == "280617"
    assert check_worker_id("W-1001.b") == "W-1001.b"
    for bad in ("", "../w", "w 1", "-w", "w" * 33, "张三"):
        with pytest.raises(InputError):
            check_worker_id(bad)


TECHNICIAN = sample_key("technician-1", role=KeyRole.TECHNICIAN)
UNLOCK = Unlock(unit_id="unit-0001", worker_id="worker-1", challenge="ABCD EFGH")
CODE = sign_code(UNLOCK, TECHNICIAN.signer)


def checked(code: str, unlock: Unlock = UNLOCK, key: object = TECHNICIAN.public) -> str:
    return check_code(code, unlock, [key], KeyPurpose.DEMONSTRATION)  # type: ignore[list-item]


def test_a_technicians_code_opens_the_lock_it_was_made_for_however_it_is_typed() -> None:
    assert checked(CODE) == "technician-1"
    assert checked(CODE.lower().replace(" ", "-")) == "technician-1"
    assert checked(CODE.replace("O", "0").replace("I", "1")) == "technician-1"
    assert len(plain(CODE)) == 103


@pytest.mark.parametrize("field", ["unit_id", "worker_id", "challenge"])
def test_a_code_opens_no_other_lock(field: str) -> None:
    fields = {name: getattr(UNLOCK, name) for name in ("unit_id", "worker_id", "challenge")} | {field: "other"}
    with pytest.raises(DoesNotVerify):
        checked(CODE, Unlock(**fields))


@pytest.mark.parametrize("code", ["", "AAAA", "A" * 103, "!!!!", "中文", CODE[:-1], CODE + "A", "0" * 5000])
def test_a_forged_code_opens_nothing(code: str) -> None:
    with pytest.raises(DoesNotVerify):
        checked(code)


def test_only_a_technicians_key_for_such_units_counts() -> None:
    signer = sample_key("x", role=KeyRole.RECEIPT)
    with pytest.raises(CouldNotBeChecked):
        checked(sign_code(UNLOCK, signer.signer), key=signer.public)
    genuine = sample_key("technician-1", role=KeyRole.TECHNICIAN, purpose=KeyPurpose.PROVISIONED)
    with pytest.raises(CouldNotBeChecked):
        checked(CODE, key=genuine.public)
    with pytest.raises(DoesNotVerify):
        checked(sign_code(UNLOCK, signer.signer))
