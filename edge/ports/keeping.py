"""Where records and visits under way are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from edge.core.chain import ChainHead, StoredRecord
from edge.core.session import VisitSession


class RecordStore(Protocol):
    """Records, their chain and their way out, in one file. Every method is one transaction."""

    def append(self, make: Callable[[ChainHead], bytes]) -> StoredRecord:
        """Ask `make` for the envelope that follows the head; store it, the new head and its outbox row at once.

        Durable when it returns. `make` runs inside the write lock, so that no two records share a sequence;
        it may read the store, and must not write to it.
        Raises StoreError; then nothing was stored.
        """

    def head(self) -> ChainHead: ...

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]:
        """In order of sequence, exactly the bytes that were stored."""

    def find(self, record_id: str) -> StoredRecord | None:
        """The record with this id; None when there is none."""

    def receipts(self) -> Iterator[bytes]:
        """The signed receipt envelopes kept so far."""

    def close(self) -> None: ...


class SessionStore(Protocol):
    """Visits on their way, encrypted at rest. Every method is one transaction, durable when it returns."""

    def open_of(self, worker_id: str) -> VisitSession | None:
        """The worker's open visit; there is one at most."""

    def begin(self, session: VisitSession) -> None:
        """Raises StoreError when the worker has an open visit already."""

    def save(self, session: VisitSession, photos: Mapping[str, bytes]) -> None:
        """Write the session's next revision with new photographs; those it let go of are deleted.

        Raises StoreError when another request has moved the visit on meanwhile.
        """

    def photo(self, photo_id: str) -> bytes | None: ...

    def close(self, visit_id: str) -> None:
        """Delete the session and its photographs."""


class RecordArchive(Protocol):
    """Records to be looked at as a whole, of one moment, while others may be writing."""

    def snapshot(self) -> AbstractContextManager[object]:
        """Inside the block everything read by this thread is of one moment."""

    def unit_id(self) -> str: ...

    def head(self) -> ChainHead: ...

    def records(self, first_sequence: int = 1) -> Iterator[StoredRecord]: ...

    def receipts(self) -> Iterator[bytes]: ...


class RecordExport(Protocol):
    """A stretch of a unit's records in a file; what the file claims of itself is unsigned."""

    @property
    def unit_id(self) -> str: ...

    @property
    def first_sequence(self) -> int: ...

    @property
    def last(self) -> ChainHead:
        """The last record of the stretch."""

    def envelopes(self) -> Iterator[bytes]:
        """The records' envelopes in the order of the file."""
