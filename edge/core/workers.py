"""Field workers of a unit: which ids and PINs may be, and when wrong PINs lock.

The lock, as a pure function of what is stored and of the clock's evidence:
- three wrong PINs in a row lock a worker for LOCK_S of the unit's *running* time; a right one before that clears;
- an attempt is counted before the PIN is looked at, so that pulling the plug does not undo it; one that was cut off
  counts as wrong;
- time is credited only from the monotonic clock, which nobody can set: within one boot what has passed since the
  last look, after a restart what has passed since that boot began. The wall clock is shown and never believed;
- what passed while the unit was off cannot be told from a clock set forward, and is not credited;
- a technician's code (edge/core/unlock_code.py) or central's command ends the lock at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.core.errors import InputError
from edge.core.record import ClockState

WORKER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
LOCK_S = 24 * 3600.0
MOST_WRONG = 3
MIN_PIN, MAX_PIN = 6, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PinCounter:
    """What is stored of a worker's attempts.

    failed: wrong ones in a row, one under way included. challenge: not empty while locked; drawn for this lock.
    served_s: how much of the lock has passed; boot_id, monotonic_s: when that was last looked at. locked_utc: by the
    wall clock, for people.
    """

    failed: int = 0
    challenge: str = ""
    served_s: float = 0.0
    boot_id: str = ""
    monotonic_s: float = 0.0
    locked_utc: str = ""

    @property
    def locked(self) -> bool:
        return self.failed >= MOST_WRONG

    @property
    def left(self) -> int:
        """How many more wrong PINs until the lock."""
        return max(0, MOST_WRONG - self.failed)

    @property
    def remaining_s(self) -> float:
        return max(0.0, LOCK_S - self.served_s) if self.locked else 0.0


def after_time(counter: PinCounter, now: ClockState, *, challenge: str) -> PinCounter:
    """The counter as it stands `now`: the lock credited with the time that passed, and lifted when it is served.

    challenge: a fresh random text, used when the lock begins with this look (an attempt was cut off).
    """
    if not counter.locked:
        return counter
    if not counter.challenge:
        return _locked(counter, now, challenge)
    passed_s = _passed_s(counter, now)
    served_s = counter.served_s + passed_s
    if served_s >= LOCK_S:
        return PinCounter()
    return replace(counter, served_s=served_s, boot_id=now.boot_id, monotonic_s=now.monotonic_s)


def attempt_begun(counter: PinCounter) -> PinCounter:
    """The counter to store before a PIN is looked at. The caller has seen that it is not locked."""
    return replace(counter, failed=counter.failed + 1)


def attempt_failed(counter: PinCounter, now: ClockState, *, challenge: str) -> PinCounter:
    """The counter after a wrong PIN, which `attempt_begun` has counted already."""
    return _locked(counter, now, challenge) if counter.locked and not counter.challenge else counter


def attempt_returned(counter: PinCounter) -> PinCounter:
    """The counter after an attempt at which the PIN could not be looked at, for a fault of the machine."""
    return counter if counter.challenge else replace(counter, failed=max(0, counter.failed - 1))


def until_utc(counter: PinCounter, now: ClockState) -> str:
    """When the lock ends if the unit stays switched on, by its wall clock; for people."""
    ends = datetime.fromisoformat(now.wall_utc) + timedelta(seconds=counter.remaining_s)
    return ends.isoformat(timespec="seconds").replace("+00:00", "Z")


def check_worker_id(worker_id: str) -> str:
    """Raises InputError for what cannot be a worker's id."""
    if not WORKER_ID.fullmatch(worker_id):
        raise InputError("a worker's id is 1 to 32 letters and digits, and '.', '_' or '-' after the first")
    return worker_id


def check_new_pin(pin: str) -> str:
    """A PIN that may be set. Raises InputError for one that is too short or that anybody would try first."""
    if not (pin.isascii() and pin.isdigit() and MIN_PIN <= len(pin) <= MAX_PIN):
        raise InputError(f"a PIN has {MIN_PIN} to {MAX_PIN} digits (密码为{MIN_PIN}至{MAX_PIN}位数字)")
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    if steps in ({0}, {1}, {9}) or len(set(pin)) < 3:
        raise InputError(
            "this PIN is among the first that anybody would try (密码过于简单)",
            remedy="Choose one without a run such as 123456 and with at least three different digits.",
        )
    return pin


def _locked(counter: PinCounter, now: ClockState, challenge: str) -> PinCounter:
    return replace(
        counter,
        challenge=challenge,
        served_s=0.0,
        boot_id=now.boot_id,
        monotonic_s=now.monotonic_s,
        locked_utc=now.wall_utc,
    )


def _passed_s(counter: PinCounter, now: ClockState) -> float:
    """Where the boots cannot be told apart, the lesser of the two readings: nobody gains by hiding the boot."""
    same = counter.boot_id == now.boot_id
    if same and now.monotonic_s >= counter.monotonic_s:
        return now.monotonic_s - counter.monotonic_s
    if same and now.boot_id:
        return 0.0  # a clock that is never set ran backwards: no evidence of anything
    return max(0.0, now.monotonic_s)
