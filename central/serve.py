"""The ingest loop: take a batch, commit it, send its receipts, and only then acknowledge it to the broker.

While a batch is committed the next one is examined already (central/pipeline.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from central.clock import now_utc
from central.evidence import evidence_of
from central.examination import Arrival
from central.ingest import Answer, Ingest
from central.mqtt import Delivery, MqttIntake
from central.pipeline import Pipeline
from central.post import Post
from central.status import Said
from edge.core.delivery import backoff_s
from edge.core.errors import StoreError, SyncError
from edge.core.protocol import Channel

TAKE_WAIT_S = 0.5
MEANWHILE_S = 0.005
WORTH_A_BATCH = 100
POST_EVERY_S = 1.0
CHUNK_EXPIRY_S = 60
"""A unit asks again for what has not come by then."""
BASE_S, CAP_S = 0.2, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the loop tells: `ready`, `down` with the reason, `receipt` with the answer, `remark`
    on what else a unit said."""

    kind: str
    detail: str = ""
    answer: Answer | None = None


class IngestLoop:
    """Runs until told to stop, or until nothing has come for `idle_s` on a working link."""

    def __init__(
        self,
        *,
        ingest: Ingest,
        intake: MqttIntake,
        stop_within: Callable[[float], bool],
        tell: Callable[[Notice], None],
        idle_s: float | None = None,
        post: Post | None = None,
    ) -> None:
        self._ingest, self._intake, self._post = ingest, intake, post
        self._stop_within, self._tell = stop_within, tell
        self._idle_s = idle_s
        self._next_post_s = 0.0
        self._pipeline = Pipeline(ingest)

    def run(self) -> None:
        """Raises ConfigError for unusable TLS files; trouble with broker or database is waited out."""
        setbacks = 0
        try:
            while not self._stop_within(0.0):
                try:
                    self._intake.connect()
                    self._tell(Notice(kind="ready"))
                    setbacks = 0
                    self._run_link()
                    return
                except (SyncError, StoreError) as e:
                    self._pipeline.abandon()
                    setbacks += 1
                    self._tell(Notice(kind="down", detail=e.message))
                    wait_s = backoff_s(setbacks, random01=random.random(), base_s=BASE_S, cap_s=CAP_S)
                    if self._stop_within(wait_s):
                        return
        finally:
            self._pipeline.close()
            self._intake.close()

    def _run_link(self) -> None:
        last_s = time.monotonic()
        while not self._stop_within(0.0):
            deliveries = self._taken()
            if deliveries:
                self._take_in(deliveries)
                last_s = time.monotonic()
            elif self._pipeline.busy:
                self._answer_settled()
            elif self._idle_s is not None and time.monotonic() - last_s >= self._idle_s:
                return
            self._send_due()
        self._answer_settled()

    def _taken(self) -> list[Delivery]:
        """While a batch is being committed, only what is worth examining meanwhile."""
        if self._pipeline.busy:
            return self._intake.take(MEANWHILE_S, at_least=WORTH_A_BATCH)
        return self._intake.take(TAKE_WAIT_S)

    def _take_in(self, deliveries: Sequence[Delivery]) -> None:
        records = [d for d in deliveries if d.channel is Channel.RECORDS]
        others = [d for d in deliveries if d.channel is not Channel.RECORDS]
        arrivals = [Arrival(unit_id=d.unit_id, raw=d.raw) for d in records]
        batch = self._ingest.examine(arrivals, at_utc=now_utc()) if arrivals else None
        self._answer_settled()
        if batch is not None:
            self._pipeline.begin(batch, () if others else deliveries)
        if others:
            # What else a unit says may be about the records that it sent just before.
            self._answer_settled()
            self._take_others(others)
            self._intake.acknowledge(deliveries)

    def _answer_settled(self) -> None:
        """Send the receipts of the batch under way once it is committed, then acknowledge it."""
        answers, deliveries = self._pipeline.finish()
        for answer in answers:
            self._intake.answer(answer.receipt.unit_id, answer.envelope)
            self._tell(Notice(kind="receipt", answer=answer))
        self._intake.acknowledge(deliveries)

    def _take_others(self, deliveries: Sequence[Delivery]) -> None:
        if self._post is None:
            return
        if any(d.channel is Channel.CONFIRMATIONS for d in deliveries):
            self._next_post_s = 0.0
        answers: dict[str, tuple[str, bytes]] = {}
        self._take_status([d for d in deliveries if d.channel is Channel.STATUS])
        for delivery in (d for d in deliveries if d.channel is not Channel.STATUS):
            if delivery.channel is Channel.EVIDENCE:
                remark, answer = self._post.take_evidence(delivery.unit_id, delivery.raw, at_utc=now_utc())
                if answer is not None:
                    answers[evidence_of(answer)] = (delivery.unit_id, answer)
            else:
                remark, chunks = self._post.take(delivery.unit_id, delivery.raw, at_utc=now_utc())
                for chunk in chunks:
                    self._intake.send(delivery.unit_id, chunk, expiry_s=CHUNK_EXPIRY_S)
            if remark:
                self._tell(Notice(kind="remark", detail=remark))
        # Of a piece's answers the last says all.
        for unit_id, answer in answers.values():
            self._intake.answer(unit_id, answer)

    def _take_status(self, deliveries: Sequence[Delivery]) -> None:
        if self._post is None or not deliveries:
            return
        heard = [Said(unit_id=d.unit_id, raw=d.raw, retained=d.retained, protocol=d.protocol) for d in deliveries]
        for remark in self._post.take_status(heard, at_utc=now_utc()):
            self._tell(Notice(kind="remark", detail=remark))

    def _send_due(self) -> None:
        """Messages to units; looked for at most every POST_EVERY_S."""
        if self._post is None or time.monotonic() < self._next_post_s:
            return
        self._next_post_s = time.monotonic() + POST_EVERY_S
        for message, wait_s in self._post.due():
            self._intake.send(message.unit_id, message.envelope, expiry_s=wait_s)
