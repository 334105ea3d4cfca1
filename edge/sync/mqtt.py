"""Uplink over the wire's link: MQTT 5, TLS with the unit's certificate, QoS 1.

Driven by one thread: the outbox owns what is sent again and when. Each connection is a fresh link; the broker's
session (clean start off, one day) keeps receipts that come while the unit is away. A PUBACK is only noted: reason 16
(nobody subscribed) is not delivery, a failure is a denial, and a link lost before it leaves the envelope open.
mosquitto 2.0.11 drops the link after a denial.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from pathlib import Path

from edge import __version__
from edge.core.config import SyncConfig
from edge.core.delivery import DeliveryEvent, WireOutcome
from edge.core.errors import ConfigError, SyncError
from edge.core.protocol import (
    MAX_PACKET_BYTES,
    RECEIVE_MAXIMUM,
    VERSION,
    Channel,
    LinkState,
    UnitStatus,
    encode_status,
    messages_topic,
    receipts_topic,
    split_records,
    status_topic,
    upward_topic,
)
from edge.sync.tls import tls_files
from edge.wire.link import Answered, Calling, Incoming, Link, Will
from edge.wire.tls import tls_context

SOFTWARE = f"doorstep {__version__}"
SESSION_EXPIRY_S = 24 * 3600
STATUS_EXPIRY_S = 60 * 24 * 3600
"""Twice the longest time that a unit is expected to be without a network: what it last said is then no news."""
CLOSE_TIMEOUT_S = 2.0
TOPIC_BYTES_AND_PROPERTIES = 512


class MqttUplink:
    """The wire of one unit; the configuration's paths are relative to `folder`."""

    def __init__(self, *, unit_id: str, config: SyncConfig, folder: Path) -> None:
        self._unit_id, self._config = unit_id, config
        self._files = tls_files(config, folder)
        self._link: Link | None = None
        self._why_down = ""
        self._open: dict[int, tuple[str, ...]] = {}
        self._waiting: deque[tuple[tuple[str, ...], bytes, Channel]] = deque()
        self._outcomes: list[WireOutcome] = []
        self._receipts: list[bytes] = []
        self._goodbye: int | None = None

    def connect(self) -> None:
        """Connect, and listen for receipts. Raises SyncError, or ConfigError for unusable TLS files."""
        self.close()
        config = self._config
        link = Link(
            client_id=self._client_id(),
            context=tls_context(*self._files),
            on_message=self._take,
            on_answer=self._note,
            on_down=self._lose,
            will=Will(topic=status_topic(self._unit_id), content=self._offline(), expiry_s=STATUS_EXPIRY_S),
        )
        calling = Calling(
            host=config.host,
            port=config.port,
            keepalive_s=config.keepalive_s,
            clean_start=False,
            session_expiry_s=SESSION_EXPIRY_S,
            user_properties=_versions(SOFTWARE),
        )
        self._why_down = ""
        link.open(calling, [receipts_topic(self._unit_id), messages_topic(self._unit_id)])
        self._link = link

    def publish(self, content: bytes, channel: Channel = Channel.RECORDS) -> None:
        """Hand an envelope, or a batch of records, to the wire. Raises SyncError when there is none; the outcomes
        then say LOST."""
        envelopes = split_records(content) if channel is Channel.RECORDS else [content]
        names = tuple(hashlib.sha256(envelope).hexdigest() for envelope in envelopes)
        largest = self._link.largest_packet if self._link else MAX_PACKET_BYTES
        if len(content) + TOPIC_BYTES_AND_PROPERTIES > largest:
            if len(envelopes) > 1:
                for envelope in envelopes:
                    self.publish(envelope, channel)
                return
            self._end(names, DeliveryEvent.DENIED, f"the broker takes packets of {largest} bytes at most")
            return
        if self._link is None:
            self._end(names, DeliveryEvent.LOST, self._why_down)
            raise SyncError(self._why_down or "not connected to the broker")
        self._waiting.append((names, content, channel))
        self._send_waiting()
        if self._link is None:
            raise SyncError(f"lost the broker: {self._why_down}")

    def _send_waiting(self) -> None:
        """Send what the broker's own window allows; one message more, and it would end the link."""
        while self._link is not None and self._waiting and len(self._open) < min(RECEIVE_MAXIMUM, self._link.window):
            names, content, channel = self._waiting[0]
            token = self._link.publish(upward_topic(self._unit_id, channel), content)
            if self._link is not None:
                self._waiting.popleft()
                self._open[token] = names

    def received(self, timeout_s: float) -> list[bytes]:
        """What has come in from central, unverified; waits for the first. Raises SyncError when the link is gone."""
        deadline = time.monotonic() + timeout_s
        while self._link is not None and not self._receipts and not self._outcomes:
            left_s = deadline - time.monotonic()
            self._run_once(max(0.0, left_s))
            if left_s <= 0:
                break
        while self._link is not None and self._run_once(0.0):
            pass
        receipts, self._receipts = self._receipts, []
        if not receipts and self._link is None:
            raise SyncError(f"lost the broker: {self._why_down}")
        return receipts

    def outcomes(self) -> list[WireOutcome]:
        taken, self._outcomes = self._outcomes, []
        return taken

    def announce(self, status: UnitStatus) -> None:
        if self._link is None:
            raise SyncError(self._why_down or "not connected to the broker")
        topic, content = status_topic(self._unit_id), encode_status(status)
        self._link.publish(topic, content, retain=True, expiry_s=STATUS_EXPIRY_S, pairs=_versions(status.software))

    def close(self) -> None:
        """Say goodbye where there is a link; what is still open counts as lost. Idempotent."""
        if self._link is None:
            return
        topic, content = status_topic(self._unit_id), self._offline()
        self._goodbye = self._link.publish(topic, content, retain=True, expiry_s=STATUS_EXPIRY_S)
        deadline = time.monotonic() + CLOSE_TIMEOUT_S
        while self._link is not None and self._goodbye is not None and time.monotonic() < deadline:
            self._run_once(0.1)
        if self._link is not None:
            self._link.close()

    def _client_id(self) -> str:
        """Stable, so that the broker keeps the session; secret, since a second client under it ends the first."""
        try:
            secret = hashlib.sha256(b"client id" + self._files[2].read_bytes()).hexdigest()
        except OSError as e:
            raise ConfigError(f"TLS key {self._files[2]}: {e.strerror}") from e
        return f"{self._unit_id}-{secret[:16]}"

    def _offline(self) -> bytes:
        return encode_status(UnitStatus(unit_id=self._unit_id, state=LinkState.OFFLINE))

    def _run_once(self, timeout_s: float) -> bool:
        """One turn of the wire; whether something came in."""
        if self._link is None:
            return False
        before = len(self._receipts), len(self._outcomes)
        self._link.turn(timeout_s)
        self._send_waiting()
        return (len(self._receipts), len(self._outcomes)) != before

    def _lose(self, why: str) -> None:
        """The link is gone: every envelope without a PUBACK is open again."""
        self._link, self._why_down, self._goodbye = None, why, None
        for names in [*self._open.values(), *(entry[0] for entry in self._waiting)]:
            self._end(names, DeliveryEvent.LOST, why)
        self._open.clear()
        self._waiting.clear()

    def _note(self, answer: Answered) -> None:
        if answer.token == self._goodbye:
            self._goodbye = None
        names = self._open.pop(answer.token, ())
        if answer.denied:
            self._end(names, DeliveryEvent.DENIED, answer.said)
        elif answer.unheard:
            self._end(names, DeliveryEvent.UNHEARD, answer.said)

    def _end(self, names: tuple[str, ...], event: DeliveryEvent, detail: str) -> None:
        self._outcomes += [WireOutcome(sha256=sha256, event=event, detail=detail) for sha256 in names]

    def _take(self, message: Incoming) -> None:
        self._receipts.append(message.content)


def _versions(software: str) -> tuple[tuple[str, str], ...]:
    return (("protocol", VERSION), ("software", software))
