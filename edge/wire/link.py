"""One MQTT 5 connection over paho-mqtt, driven by one thread. The only file that knows paho.

Without paho's own queue, thread and reconnecting: whoever holds the link decides what is sent again, and makes a new
one after it is down. Whatever goes wrong on the wire, nonsense from the broker included, ends in `down`, never in an
exception of paho's.
"""

from __future__ import annotations

import ssl
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.core.errors import SyncError
from edge.core.protocol import MAX_PACKET_BYTES, RECEIVE_MAXIMUM

CONNECT_TIMEOUT_S = 10.0
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
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """How to call the broker. largest_packet: bytes taken from it. user_properties: of CONNECT."""

    host: str
    port: int
    keepalive_s: int
    clean_start: bool = True
    session_expiry_s: int = 0
    largest_packet: int = MAX_PACKET_BYTES
    user_properties: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker publishes, retained for `expiry_s`, when the link is lost."""

    topic: str
    content: bytes
    expiry_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message from the broker; `token` acknowledges it where that is done by hand. topic: "" for one unreadable."""

    topic: str
    content: bytes
    token: int
    retained: bool
    user_properties: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The broker's PUBACK for what was published as `token`. unheard: nobody was subscribed."""

    token: int
    denied: bool
    unheard: bool
    said: str


def _ignore(_what: object) -> None:
    return


class Link:
    """A connection that is made once. `on_down` is told once why it is gone; after that it stays down."""

    def __init__(
        self,
        *,
        client_id: str,
        context: ssl.SSLContext,
        on_message: Callable[[Incoming], None],
        on_answer: Callable[[Answered], None] = _ignore,
        on_down: Callable[[str], None] = _ignore,
        acknowledge_by_hand: bool = False,
        will: Will | None = None,
    ) -> None:
        self.up, self.why_down = True, ""
        self.largest_packet, self.window = MAX_PACKET_BYTES, RECEIVE_MAXIMUM
        self._tell_message, self._tell_answer, self._tell_down = on_message, on_answer, on_down
        self._accepted = self._subscribed = False
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=acknowledge_by_hand,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages = RECEIVE_MAXIMUM
        client.tls_set_context(context)
        if will is not None:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = will.expiry_s
            client.will_set(will.topic, will.content, qos=1, retain=True, properties=properties)
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_publish, client.on_message = self._on_publish, self._on_message
        client.on_disconnect = self._on_disconnect

    def open(self, calling: Calling, topics: Sequence[str]) -> None:
        """Connect and subscribe with QoS 1. Raises SyncError."""
        properties = _with(PacketTypes.CONNECT, calling.user_properties)
        properties.SessionExpiryInterval = calling.session_expiry_s
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = calling.largest_packet
        host, port = calling.host, calling.port
        clean = calling.clean_start
        try:
            self._client.connect(host, port, calling.keepalive_s, clean_start=clean, properties=properties)
            self._run_until(lambda: self._accepted, "CONNECT")
            self._client.subscribe([(topic, 1) for topic in topics])
            self._run_until(lambda: self._subscribed, "SUBSCRIBE")
        except (OSError, ValueError) as e:
            self.down(str(e))
        if not self.up:
            raise SyncError(f"no connection to the broker {host}:{port}: {self.why_down}")

    def turn(self, timeout_s: float) -> None:
        """Let the link work once, for so long at most."""
        if not self.up:
            return
        try:
            code = self._client.loop(timeout_s)
        except WIRE_FAULTS as e:
            self.down(f"the broker does not speak MQTT 5: {type(e).__name__}: {e}")
            return
        if code != paho.MQTT_ERR_SUCCESS:
            self.down(self.why_down or paho.error_string(code))

    def publish(
        self, topic: str, content: bytes, *, retain: bool = False, expiry_s: int | None = None, pairs: Pairs = ()
    ) -> int:
        """Hand a message to the wire, QoS 1; gives the token of its answer. Raises SyncError without a link."""
        if not self.up:
            raise SyncError(f"lost the broker: {self.why_down}")
        properties = _with(PacketTypes.PUBLISH, pairs)
        if expiry_s is not None:
            properties.MessageExpiryInterval = expiry_s
        info = self._client.publish(topic, content, qos=1, retain=retain, properties=properties)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            self.down(self.why_down or paho.error_string(info.rc))
        return info.mid

    def acknowledge(self, token: int) -> None:
        if self.up:
            self._client.ack(token, 1)

    def close(self) -> None:
        """Say goodbye where there is a link. Idempotent."""
        if self.up:
            self._client.disconnect()
            self.down("closed")

    def down(self, why: str) -> None:
        """The link is gone, for good."""
        if self.up:
            self.up, self.why_down = False, why
            self._tell_down(why)

    def _run_until(self, reached: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        while self.up and not reached():
            if time.monotonic() > deadline:
                self.down(f"no answer to {what} within {CONNECT_TIMEOUT_S:.0f} s")
            self.turn(0.2)

    def _on_connect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self.why_down = str(code)
            return
        self._accepted = True
        self.window = min(RECEIVE_MAXIMUM, getattr(properties, "ReceiveMaximum", RECEIVE_MAXIMUM))
        self.largest_packet = getattr(properties, "MaximumPacketSize", MAX_PACKET_BYTES)

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, codes: list[ReasonCode], _p: Any) -> None:
        refused = [code for code in codes if code.is_failure]
        if refused:
            self.down(f"the broker refuses a subscription: {refused[0]}")
        else:
            self._subscribed = True

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: ReasonCode, _p: Any) -> None:
        unheard = code.value == NO_SUBSCRIBERS
        self._tell_answer(Answered(token=mid, denied=code.is_failure, unheard=unheard, said=str(code)))

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._tell_message(
            Incoming(
                topic=topic,
                content=bytes(message.payload),
                token=message.mid,
                retained=bool(message.retain),
                user_properties=getattr(message.properties, "UserProperty", ()),
            )
        )

    def _on_disconnect(self, _c: Any, _u: Any, _flags: Any, code: ReasonCode, _p: Any) -> None:
        self.why_down = self.why_down or str(code)


def _with(packet: int, pairs: Pairs) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    if pairs:
        properties.UserProperty = list(pairs)
    return properties
