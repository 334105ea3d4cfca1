"""The outside of field workers' keys, as Protocols: where keys and attempts are stored, and who opens a key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from securesystemslib.signer import Signer

from edge.core.keys import KeyPurpose, PublicKeyDocument
from edge.core.workers import PinCounter


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWorker:
    """A worker's key as it lies. sealed, sealed_name: under the data key; the former under the PIN too.

    retired_utc: "" while it may sign; a retired key stays known, so that what it signed still verifies. enrolment:
    the signed document by which central learns of the key (edge/core/worker_enrolment.py).
    """

    worker_id: str
    public: PublicKeyDocument
    sealed: bytes = field(repr=False)
    sealed_name: bytes = field(repr=False)
    made_utc: str
    retired_utc: str = ""
    enrolment: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWorker:
    """A worker who has signed in: the key is open while this is held. Let it go at sign-out."""

    worker_id: str
    public: PublicKeyDocument
    name: str = field(default="", repr=False)
    signer: Signer = field(repr=False)


class WorkerStore(Protocol):
    """Workers' keys and attempts, in the record store. Every method is one transaction, durable when it returns."""

    def stored(self) -> Sequence[StoredWorker]:
        """All keys, retired ones included, in the order in which they were made."""

    def put(self, worker: StoredWorker) -> None:
        """Add a key, retiring the worker's one before it, or store the same key sealed anew."""

    def retire(self, worker_id: str) -> None:
        """The worker's key signs no more."""

    def counter(self, worker_id: str) -> PinCounter: ...

    def step(
        self, worker_id: str, change: Callable[[PinCounter], PinCounter], *, event: str = ""
    ) -> tuple[PinCounter, PinCounter]:
        """Change a counter inside the write lock; gives it before and after. event: noted when something changed."""


class WorkerKeyBox(Protocol):
    """Makes and opens workers' keys. None: the PIN was not the right one. All raise SigningError."""

    def make(self, worker_id: str, pin: str, purpose: KeyPurpose) -> tuple[bytes, PublicKeyDocument, Signer]:
        """A new key: sealed, public, and open."""

    def open(self, sealed: bytes, public: PublicKeyDocument, pin: str) -> Signer | None:
        """The signer of the key that `public` is the public half of."""

    def reseal(self, sealed: bytes, public: PublicKeyDocument, pin: str, new_pin: str) -> bytes | None: ...


class KeptPhotos(Protocol):
    """Photographs that people let this unit keep, under its data key. Every method is one transaction."""

    def keep(self, record_id: str, person_id: str, content: bytes, *, now_utc_s: float) -> None:
        """One of a record; kept again it is the one that was first."""

    def of_person(self, person_id: str) -> tuple[str, ...]:
        """The records of a person of which there is a photograph, the oldest first."""

    def open(self, record_id: str, *, worker_id: str, why: str, now_utc: str) -> bytes | None:
        """The photograph, once it is noted who looks and why; None where there is none."""

    def drop(self, record_ids: Collection[str]) -> None: ...


class PeopleStore(Protocol):
    """What the unit keeps of people besides their records, under its data key. Every method is one transaction."""

    def keep_face(self, worker_id: str, content: bytes) -> None:
        """A worker's own face, as the caller encodes it; the one before goes."""

    def face(self, worker_id: str) -> bytes | None: ...

    def keep_people(self, record_id: str, content: bytes) -> None:
        """A visit's guardian and witness, as edge/core/people.py encodes them."""

    def people(self, record_id: str) -> bytes | None: ...

    def drop_people(self, record_id: str) -> None: ...
