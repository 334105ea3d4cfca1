"""Settles one batch on a thread of its own, while the next is taken from the wire and examined.

Batches keep their order, one is under way at most, and what came with it is given back, to be answered and
acknowledged, only once it is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from central.ingest import Answer, Batch, Ingest
from central.mqtt import Delivery
from edge.core.errors import StoreError


class Pipeline:
    """Driven by one thread. `close` is idempotent."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._under_way: tuple[Future[list[Answer]], Sequence[Delivery]] | None = None

    @property
    def busy(self) -> bool:
        return self._under_way is not None

    def begin(self, batch: Batch, deliveries: Sequence[Delivery]) -> None:
        """Settle a batch; nothing may be under way. deliveries: to be acknowledged once it is committed."""
        assert not self.busy
        self._under_way = self._thread.submit(self._ingest.settle, batch), deliveries

    def finish(self) -> tuple[Sequence[Answer], Sequence[Delivery]]:
        """Wait for what is under way: what to send and then to acknowledge. Raises StoreError: then nothing is."""
        if self._under_way is None:
            return (), ()
        (settling, deliveries), self._under_way = self._under_way, None
        return settling.result(), deliveries

    def abandon(self) -> None:
        """Wait, and answer nothing: without a link nobody would hear it, and the unit sends again."""
        with suppress(StoreError):
            self.finish()

    def close(self) -> None:
        self.abandon()
        self._thread.shutdown()
