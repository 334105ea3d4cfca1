"""Central's wire over paho-mqtt: takes records from the shared subscription, gives receipts back.

The only file here that knows paho. Driven by one thread. The session is clean: a broker that queued for an
ingest which is gone would hide from the units that nobody listens (reason 16). A record is acknowledged to the
broker only after its receipt was handed over, so at most RECEIVE_MAXIMUM packets are in memory.
"""

from __future__ import annotations

import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.config import BrokerConfig
from edge.core.errors import ConfigError, DoesNotVerify, SyncError
from edge.core.protocol import (
    MAX_PACKET_BYTES,
    RECEIVE_MAXIMUM,
    Channel,
    channel_of_topic,
    ingest_filter,
    messages_topic,
    receipts_topic,
    split_records,
    unit_of_topic,
)

CONNECT_TIMEOUT_S = 10.0
MOST_AT_ONCE = 400
"""Where one batch of deliveries ends; a packet more may bring in as many records as it holds."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An envelope from the broker; `token` acknowledges it."""

    unit_id: str
    raw: bytes
    token: int
    channel: Channel = Channel.RECORDS
    retained: bool = False
    protocol: str = ""


class MqttIntake:
    """One ingest process's link; the configuration's paths are relative to `folder`."""

    def __init__(self, *, client_id: str, config: BrokerConfig, folder: Path) -> None:
        self._client_id, self._config = client_id, config
        self._files = [folder / name for name in (config.ca_file, config.cert_file, config.key_file)]
        self._client: paho.Client | None = None
        self._connected = self._subscribed = False
        self._why_down = ""
        self._deliveries: list[Delivery] = []

    def connect(self) -> None:
        """Connect and subscribe. Raises SyncError, or ConfigError for unusable TLS files."""
        self.close()
        self._connected = self._subscribed = False
        self._why_down, self._deliveries = "", []
        self._client = client = self._new_client()
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES + 8 * 1024
        config = self._config
        try:
            client.connect(config.host, config.port, config.keepalive_s, clean_start=True, properties=properties)
            self._run_until(lambda: self._connected)
            client.subscribe([(ingest_filter(config.share, channel), 1) for channel in Channel])
            self._run_until(lambda: self._subscribed)
        except (OSError, ValueError) as e:
            self._fail(str(e))
            raise SyncError(f"no connection to the broker {config.host}:{config.port}: {e}") from e

    def take(self, timeout_s: float) -> list[Delivery]:
        """What has come in; waits for the first. Raises SyncError when the link is gone."""
        deadline = time.monotonic() + timeout_s
        while not self._deliveries and self._client is not None:
            left_s = deadline - time.monotonic()
            self._run_once(max(0.0, left_s))
            if left_s <= 0:
                break
        before = -1
        while self._client is not None and before != len(self._deliveries) < MOST_AT_ONCE:
            before = len(self._deliveries)
            self._run_once(0.0)
        if self._client is None:
            # Unacknowledged, they are sent again; without a link no receipt could be given.
            self._deliveries = []
            raise SyncError(f"lost the broker: {self._why_down}")
        taken, self._deliveries = self._deliveries, []
        return taken

    def answer(self, unit_id: str, receipt: bytes) -> None:
        """Hand a receipt to the wire; one that is lost is asked for again by the unit's resending."""
        if self._client is None:
            raise SyncError(f"lost the broker: {self._why_down}")
        self._client.publish(receipts_topic(unit_id), receipt, qos=1)

    def send(self, unit_id: str, message: bytes, *, expiry_s: int) -> None:
        """Hand a message to the wire. After `expiry_s` the broker drops it, since by then it is sent again."""
        if self._client is None:
            raise SyncError(f"lost the broker: {self._why_down}")
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = expiry_s
        self._client.publish(messages_topic(unit_id), message, qos=1, properties=properties)

    def acknowledge(self, deliveries: list[Delivery]) -> None:
        for token in dict.fromkeys(delivery.token for delivery in deliveries):
            if self._client is not None:
                self._client.ack(token, 1)

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._fail("closed")

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages = RECEIVE_MAXIMUM
        client.tls_set_context(self._tls())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _tls(self) -> ssl.SSLContext:
        ca, cert, key = self._files
        try:
            context = ssl.create_default_context(cafile=str(ca))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as e:
            raise ConfigError(f"TLS files {ca}, {cert}, {key}: {e}") from e
        return context

    def _run_until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while not reached():
            if self._client is None or time.monotonic() > deadline:
                self._fail(self._why_down or "the broker does not answer")
                raise SyncError(f"no connection to the broker: {self._why_down}")
            self._run_once(0.2)

    def _run_once(self, timeout_s: float) -> None:
        if self._client is None:
            return
        try:
            code = self._client.loop(timeout_s)
        except WIRE_FAULTS as e:
            self._fail(f"the broker does not speak MQTT 5: {type(e).__name__}: {e}")
            return
        if code != paho.MQTT_ERR_SUCCESS:
            self._fail(self._why_down or paho.error_string(code))

    def _fail(self, why: str) -> None:
        self._client, self._why_down = None, why

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        self._connected = not code.is_failure
        if code.is_failure:
            self._why_down = str(code)

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, codes: list[ReasonCode], _p: Any) -> None:
        if any(code.is_failure for code in codes):
            self._fail(f"the broker refuses a subscription: {codes[0]}")
        else:
            self._subscribed = True

    def _on_message(self, client: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        try:
            unit_id, channel = unit_of_topic(message.topic), channel_of_topic(message.topic)
        except (DoesNotVerify, UnicodeDecodeError):
            client.ack(message.mid, message.qos)
            return
        content = bytes(message.payload)
        told: dict[str, Any] = {"retained": bool(message.retain), "protocol": _protocol(message)}
        for raw in split_records(content) if channel is Channel.RECORDS else [content]:
            self._deliveries.append(Delivery(unit_id=unit_id, raw=raw, token=message.mid, channel=channel, **told))

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        self._why_down = self._why_down or str(code)


def _protocol(message: paho.MQTTMessage) -> str:
    """The user property of that name; whatever else stands among them is left aside."""
    pairs = getattr(message.properties, "UserProperty", ())
    return next((str(value)[:16] for name, value in pairs if name == "protocol"), "")
