"""Uplink over paho-mqtt: MQTT 5, TLS with the unit's certificate, QoS 1. The only file that knows paho.

Driven by one thread, without paho's own queue, thread or reconnecting: the outbox owns what is sent again and
when. Each connection is a fresh client; the broker's session (clean start off, one day) keeps receipts that
come while the unit is away. A PUBACK is only noted: reason 16 (nobody subscribed) is not delivery, a failure is
a denial, and a link lost before it leaves the envelope open. mosquitto 2.0.11 drops the link after a denial.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections import deque
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

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
from edge.sync.tls import tls_context, tls_files

SOFTWARE = f"doorstep {__version__}"
SESSION_EXPIRY_S = 24 * 3600
CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
NO_SUBSCRIBERS = 16
# What paho lets out of its loop when the bytes that come are not the protocol's.
WIRE_FAULTS = (
    MQTTException,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    struct.error,
)
TOPIC_BYTES_AND_PROPERTIES = 512


class MqttUplink:
    """The wire of one unit; the configuration's paths are relative to `folder`."""

    def __init__(self, *, unit_id: str, config: SyncConfig, folder: Path) -> None:
        self._unit_id, self._config = unit_id, config
        self._files = tls_files(config, folder)
        self._client: paho.Client | None = None
        self._accepted = False
        self._subscribed = False
        self._why_down = ""
        self._largest_packet = MAX_PACKET_BYTES
        self._window = RECEIVE_MAXIMUM
        self._open: dict[int, tuple[str, ...]] = {}
        self._waiting: deque[tuple[tuple[str, ...], bytes, Channel]] = deque()
        self._outcomes: list[WireOutcome] = []
        self._receipts: list[bytes] = []

    def connect(self) -> None:
        """Connect, and listen for receipts. Raises SyncError, or ConfigError for unusable TLS files."""
        self.close()
        self._client = client = self._new_client()
        self._accepted = self._subscribed = False
        self._why_down, self._largest_packet = "", MAX_PACKET_BYTES
        properties = self._versions(PacketTypes.CONNECT, SOFTWARE)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        config = self._config
        try:
            client.connect(config.host, config.port, config.keepalive_s, clean_start=False, properties=properties)
            self._run_until(lambda: self._accepted, "the broker's answer to CONNECT")
            client.subscribe([(receipts_topic(self._unit_id), 1), (messages_topic(self._unit_id), 1)])
            self._run_until(lambda: self._subscribed, "the broker's answer to SUBSCRIBE")
        except (OSError, ValueError) as e:
            self._fail(f"{config.host}:{config.port}: {e}")
            raise SyncError(f"no connection to the broker: {self._why_down}") from e

    def publish(self, content: bytes, channel: Channel = Channel.RECORDS) -> None:
        """Hand an envelope, or a batch of records, to the wire. Raises SyncError when there is none; the outcomes
        then say LOST."""
        envelopes = split_records(content) if channel is Channel.RECORDS else [content]
        names = tuple(hashlib.sha256(envelope).hexdigest() for envelope in envelopes)
        if len(content) + TOPIC_BYTES_AND_PROPERTIES > self._largest_packet:
            if len(envelopes) > 1:
                for envelope in envelopes:
                    self.publish(envelope, channel)
                return
            limit = f"the broker takes packets of {self._largest_packet} bytes at most"
            self._end(names, DeliveryEvent.DENIED, limit)
            return
        if self._client is None:
            self._end(names, DeliveryEvent.LOST, self._why_down)
            raise SyncError(self._why_down or "not connected to the broker")
        self._waiting.append((names, content, channel))
        self._send_waiting()
        if self._client is None:
            raise SyncError(f"lost the broker: {self._why_down}")

    def _send_waiting(self) -> None:
        """Send what the broker's own window allows; one message more, and it would end the link."""
        while self._client is not None and self._waiting and len(self._open) < self._window:
            names, content, channel = self._waiting.popleft()
            info = self._client.publish(upward_topic(self._unit_id, channel), content, qos=1)
            self._open[info.mid] = names
            if info.rc != paho.MQTT_ERR_SUCCESS:
                self._fail(paho.error_string(info.rc))

    def received(self, timeout_s: float) -> list[bytes]:
        """What has come in from central, unverified; waits for the first. Raises SyncError when the link is gone."""
        deadline = time.monotonic() + timeout_s
        while self._client is not None and not self._receipts and not self._outcomes:
            left_s = deadline - time.monotonic()
            self._run_once(max(0.0, left_s))
            if left_s <= 0:
                break
        while self._client is not None and self._run_once(0.0):
            pass
        receipts, self._receipts = self._receipts, []
        if not receipts and self._client is None:
            raise SyncError(f"lost the broker: {self._why_down}")
        return receipts

    def outcomes(self) -> list[WireOutcome]:
        taken, self._outcomes = self._outcomes, []
        return taken

    def announce(self, status: UnitStatus) -> None:
        if self._client is None:
            raise SyncError(self._why_down or "not connected to the broker")
        properties = self._versions(PacketTypes.PUBLISH, status.software)
        topic, content = status_topic(self._unit_id), encode_status(status)
        self._client.publish(topic, content, qos=1, retain=True, properties=properties)

    @staticmethod
    def _versions(packet: int, software: str) -> Properties:
        properties = Properties(packet)  # type: ignore[no-untyped-call]
        properties.UserProperty = [("protocol", VERSION), ("software", software)]
        return properties

    def close(self) -> None:
        """Say goodbye where there is a link; what is still open counts as lost. Idempotent."""
        client = self._client
        if client is None:
            return
        if self._subscribed:
            info = client.publish(status_topic(self._unit_id), self._offline(), qos=1, retain=True)
            deadline = time.monotonic() + CLOSE_TIMEOUT_S
            while self._client is not None and not info.is_published() and time.monotonic() < deadline:
                self._run_once(0.1)
        client.disconnect()
        self._fail("closed")

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id(),
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages = RECEIVE_MAXIMUM
        client.tls_set_context(tls_context(*self._files))
        client.will_set(status_topic(self._unit_id), self._offline(), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _client_id(self) -> str:
        """Stable, so that the broker keeps the session; secret, since a second client under it ends the first."""
        try:
            secret = hashlib.sha256(b"client id" + self._files[2].read_bytes()).hexdigest()
        except OSError as e:
            raise ConfigError(f"TLS key {self._files[2]}: {e.strerror}") from e
        return f"{self._unit_id}-{secret[:16]}"

    def _offline(self) -> bytes:
        return encode_status(UnitStatus(unit_id=self._unit_id, state=LinkState.OFFLINE))

    def _run_until(self, reached: Any, what: str) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not reached():
            if self._client is None:
                raise SyncError(f"the broker closed the link: {self._why_down}")
            if time.monotonic() > deadline:
                self._fail(f"{what} did not come within {CONNECT_TIMEOUT_S:.0f} s")
                raise SyncError(self._why_down)
            self._run_once(0.2)

    def _run_once(self, timeout_s: float) -> bool:
        """One turn of the wire; whether something came in."""
        client = self._client
        if client is None:
            return False
        before = len(self._receipts), len(self._outcomes)
        try:
            code = client.loop(timeout_s)
        except WIRE_FAULTS as e:
            self._fail(f"the broker does not speak MQTT 5: {type(e).__name__}: {e}")
            return False
        if code != paho.MQTT_ERR_SUCCESS:
            self._fail(self._why_down or paho.error_string(code))
        self._send_waiting()
        return (len(self._receipts), len(self._outcomes)) != before

    def _fail(self, why: str) -> None:
        """The link is gone: every envelope without a PUBACK is open again."""
        self._client, self._subscribed, self._why_down = None, False, why
        for names in [*self._open.values(), *(entry[0] for entry in self._waiting)]:
            self._end(names, DeliveryEvent.LOST, why)
        self._open.clear()
        self._waiting.clear()

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self._why_down = str(code)
            return
        self._accepted = True
        self._window = min(RECEIVE_MAXIMUM, getattr(properties, "ReceiveMaximum", RECEIVE_MAXIMUM))
        self._largest_packet = getattr(properties, "MaximumPacketSize", MAX_PACKET_BYTES)

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, codes: list[ReasonCode], _p: Any) -> None:
        if any(code.is_failure for code in codes):
            self._fail(f"the broker refuses the subscription to receipts: {codes[0]}")
        else:
            self._subscribed = True

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: ReasonCode, _p: Any) -> None:
        names = self._open.pop(mid, ())
        if code.is_failure:
            self._end(names, DeliveryEvent.DENIED, str(code))
        elif code.value == NO_SUBSCRIBERS:
            self._end(names, DeliveryEvent.UNHEARD, str(code))

    def _end(self, names: tuple[str, ...], event: DeliveryEvent, detail: str) -> None:
        self._outcomes += [WireOutcome(sha256=sha256, event=event, detail=detail) for sha256 in names]

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        self._receipts.append(bytes(message.payload))

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        self._why_down = self._why_down or str(code)
