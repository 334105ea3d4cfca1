"""Field workers at the unit: made, signed in by PIN, locked after wrong ones, unlocked by a technician's code.

Rules (edge/core/workers.py decides; here they meet the store): an attempt is durable before the PIN is looked at, its
end before the answer; a key that cannot be read for another reason than the PIN gives the attempt back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from securesystemslib.signer import Signer

from edge.core.errors import InputError, PinLocked, PinRefused, SigningError
from edge.core.keys import KeyPurpose, PublicKeyDocument
from edge.core.record import ClockState
from edge.core.unlock_code import Unlock, check_code
from edge.core.workers import (
    PinCounter,
    after_time,
    attempt_begun,
    attempt_failed,
    attempt_returned,
    check_new_pin,
    check_worker_id,
    until_utc,
)
from edge.ports import AtRest, Clock
from edge.ports.workers import OpenWorker, StoredWorker, WorkerKeyBox, WorkerStore

T = TypeVar("T")
NOTE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSummary:
    """A worker for a list to choose from. left: wrong PINs until the lock; the last three say how a lock stands."""

    worker_id: str
    name: str
    keyid: str
    made_utc: str
    left: int
    remaining_s: float = 0.0
    until_utc: str = ""
    challenge: str = ""

    @property
    def locked(self) -> bool:
        return self.left == 0


class WorkerKeys:
    """The workers of one unit.

    vouch: the enrolment of a key, signed by the unit and by that key (edge/core/worker_enrolment.py). new_challenge:
    a fresh random text (edge/core/unlock_code.py `challenge_of`).
    """

    def __init__(
        self,
        *,
        unit_id: str,
        purpose: KeyPurpose,
        store: WorkerStore,
        box: WorkerKeyBox,
        at_rest: AtRest,
        clock: Clock,
        vouch: Callable[[PublicKeyDocument, Signer], bytes],
        new_challenge: Callable[[], str],
    ) -> None:
        self._unit_id, self._purpose, self._vouch = unit_id, purpose, vouch
        self._store, self._box, self._at_rest = store, box, at_rest
        self._clock, self._new_challenge = clock, new_challenge

    def workers(self) -> list[WorkerSummary]:
        """Those who may sign, by id. Nothing is written."""
        return sorted((self._summary(w) for w in self._active()), key=lambda w: w.worker_id)

    def documents(self) -> list[PublicKeyDocument]:
        """Every worker's public key that this unit ever had, retired ones included: for verifying."""
        return [worker.public for worker in self._store.stored()]

    def add(self, worker_id: str, pin: str, name: str = "") -> OpenWorker:
        """Make a worker's key, open. Raises InputError (id or PIN, or there is one already), SigningError."""
        check_worker_id(worker_id)
        if any(w.worker_id == worker_id for w in self._active()):
            raise InputError(
                f"there is a worker {worker_id!r} on this unit",
                remedy="Change the PIN with `doorstep worker pin`; for a forgotten one make a new key with --renew.",
            )
        return self._make(worker_id, pin, name)

    def renew(self, worker_id: str, pin: str) -> OpenWorker:
        """A new key for a worker who has forgotten the PIN; the one before is retired. Central must be told of it."""
        stored = self._find(worker_id)
        made = self._make(worker_id, pin, self._name(stored))
        self._store.step(worker_id, lambda _counter: PinCounter(), event="renewed")
        return made

    def enrolment(self, worker_id: str) -> bytes:
        """What central registers the worker's key by. Raises InputError when there is no such worker."""
        return self._find(worker_id).enrolment

    def retire(self, worker_id: str) -> None:
        """The worker signs no more on this unit. Raises InputError when there is none of this id."""
        self._find(worker_id)
        self._store.retire(worker_id)

    def open(self, worker_id: str, pin: str) -> OpenWorker:
        """Sign in. Raises PinRefused (how many are left), PinLocked, InputError (no such worker), SigningError."""
        stored = self._find(worker_id)
        signer = self._attempt(worker_id, lambda: self._box.open(stored.sealed, stored.public, pin))
        return OpenWorker(worker_id=worker_id, public=stored.public, name=self._name(stored), signer=signer)

    def change_pin(self, worker_id: str, pin: str, new_pin: str) -> None:
        """Seal the key under another PIN. Raises as `open` does, and InputError for a PIN that may not be."""
        stored = self._find(worker_id)
        check_new_pin(new_pin)
        resealed = self._attempt(worker_id, lambda: self._box.reseal(stored.sealed, stored.public, pin, new_pin))
        self._store.put(replace(stored, sealed=resealed))

    def unlock(self, worker_id: str, code: str, trusted: Sequence[PublicKeyDocument]) -> str:
        """End a lock by a technician's code; gives whose it was.

        Raises InputError (not locked), DoesNotVerify, CouldNotBeChecked.
        """
        challenge = self._looked_at(worker_id).challenge
        if not challenge:
            raise InputError(f"worker {worker_id!r} is not locked")
        unlock = Unlock(unit_id=self._unit_id, worker_id=worker_id, challenge=challenge)
        technician = check_code(code, unlock, trusted, self._purpose)
        self._store.step(
            worker_id, lambda c: PinCounter() if c.challenge == challenge else c, event=f"unlocked by {technician}"
        )
        return technician

    def note_time(self) -> None:
        """Credit locks with the time that has passed; to be called often while the unit runs, because what was not
        noted before a restart is not credited after it. A lock is written once in NOTE_EVERY_S, for the card's sake.
        """
        now = self._clock.state()
        for worker in self._active():
            counter = self._store.counter(worker.worker_id)
            fresh = counter.boot_id == now.boot_id and 0 <= now.monotonic_s - counter.monotonic_s < NOTE_EVERY_S
            if counter.locked and not (counter.challenge and fresh):
                self._looked_at(worker.worker_id)

    def _attempt(self, worker_id: str, look: Callable[[], T | None]) -> T:
        """Count, look, and store what came of it, in this order."""
        now, challenge = self._clock.state(), self._new_challenge()

        def begin(counter: PinCounter) -> PinCounter:
            credited = after_time(counter, now, challenge=challenge)
            return credited if credited.locked else attempt_begun(credited)

        _, counted = self._store.step(worker_id, begin)
        if counted.challenge:
            raise self._locked(worker_id, counted, now)
        try:
            found = look()
        except SigningError:
            self._store.step(worker_id, attempt_returned)
            raise
        if found is None:
            raise self._wrong(worker_id, now, challenge)
        self._store.step(worker_id, lambda _counter: PinCounter())
        return found

    def _wrong(self, worker_id: str, now: ClockState, challenge: str) -> PinRefused | PinLocked:
        _, after = self._store.step(worker_id, lambda c: attempt_failed(c, now, challenge=challenge), event="locked")
        if after.locked:
            return self._locked(worker_id, after, now)
        return PinRefused(f"this is not the PIN of {worker_id!r}, {after.left} left (密码错误)", left=after.left)

    def _locked(self, worker_id: str, counter: PinCounter, now: ClockState) -> PinLocked:
        hours = counter.remaining_s / 3600
        return PinLocked(
            f"worker {worker_id!r} is locked for {hours:.1f} more hours of the unit's running time (已锁定)",
            remaining_s=counter.remaining_s,
            until_utc=until_utc(counter, now),
            challenge=counter.challenge,
        )

    def _looked_at(self, worker_id: str) -> PinCounter:
        now, challenge = self._clock.state(), self._new_challenge()
        return self._store.step(worker_id, lambda c: after_time(c, now, challenge=challenge))[1]

    def _make(self, worker_id: str, pin: str, name: str) -> OpenWorker:
        check_new_pin(pin)
        sealed, public, signer = self._box.make(worker_id, pin, self._purpose)
        self._store.put(
            StoredWorker(
                worker_id=worker_id,
                public=public,
                sealed=sealed,
                sealed_name=self._at_rest.seal(name.encode(), context=_name_context(worker_id)),
                made_utc=self._clock.now_utc(),
                enrolment=self._vouch(public, signer),
            )
        )
        return OpenWorker(worker_id=worker_id, public=public, name=name, signer=signer)

    def _active(self) -> list[StoredWorker]:
        return [worker for worker in self._store.stored() if not worker.retired_utc]

    def _find(self, worker_id: str) -> StoredWorker:
        for worker in self._active():
            if worker.worker_id == worker_id:
                return worker
        raise InputError(
            f"no worker {worker_id!r} on this unit (无此工作人员)",
            remedy="`doorstep worker list` shows who there is; a technician adds one with `doorstep worker add`.",
        )

    def _name(self, worker: StoredWorker) -> str:
        return self._at_rest.open(worker.sealed_name, context=_name_context(worker.worker_id)).decode()

    def _summary(self, worker: StoredWorker) -> WorkerSummary:
        now = self._clock.state()
        counter = after_time(self._store.counter(worker.worker_id), now, challenge="")
        return WorkerSummary(
            worker_id=worker.worker_id,
            name=self._name(worker),
            keyid=worker.public.keyid,
            made_utc=worker.made_utc,
            left=counter.left,
            remaining_s=counter.remaining_s,
            until_utc=until_utc(counter, now) if counter.locked else "",
            challenge=counter.challenge,
        )


def _name_context(worker_id: str) -> bytes:
    return f"worker name\n{worker_id}".encode()
