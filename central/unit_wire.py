"""A simulated unit's link over paho-mqtt: gives records to the broker, takes receipts. Driven by one thread.

Far simpler than a unit's own: what is lost here is sent again by the simulation, which keeps no state on a disk.
"""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.core.errors import SyncError
from edge.core.protocol import MAX_PACKET_BYTES, RECEIVE_MAXIMUM, receipts_topic, records_topic

TIMEOUT_S = 20.0


class UnitWire:
    """One connection in the name of one unit. `acknowledged` counts the broker's own answers."""

    def __init__(self, unit_id: str, *, host: str, port: int, ca: Path, certificate: Path, key: Path) -> None:
        self._unit_id, self._host, self._port = unit_id, host, port
        context = ssl.create_default_context(cafile=str(ca))
        context.load_cert_chain(certificate, key)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", protocol=paho.MQTTv5)
        self._client.tls_set_context(context)
        self._client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._ready = False
        self._receipts: list[bytes] = []
        self.acknowledged = 0

    def connect(self) -> None:
        """Raises SyncError."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        try:
            self._client.connect(self._host, self._port, 60, clean_start=True, properties=properties)
            self._pump_until_ready()
        except (OSError, ValueError) as e:
            raise SyncError(f"{self._unit_id}: no connection to the broker: {e}") from e

    def send(self, content: bytes) -> None:
        """One record, or a batch."""
        self._client.publish(records_topic(self._unit_id), content, qos=1)

    def pump(self, timeout_s: float) -> list[bytes]:
        """Let the link work, and give the receipts that came. Raises SyncError when it is gone."""
        code = self._client.loop(timeout_s)
        if code != paho.MQTT_ERR_SUCCESS:
            raise SyncError(f"{self._unit_id}: {paho.error_string(code)}")
        taken, self._receipts = self._receipts, []
        return taken

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop(0.01)

    def _pump_until_ready(self) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not self._ready:
            if time.monotonic() > deadline:
                raise SyncError(f"{self._unit_id}: the broker does not answer")
            self._client.loop(0.1)

    def _on_connect(self, client: paho.Client, _u: Any, _flags: Any, code: Any, _p: Any) -> None:
        if not code.is_failure:
            client.subscribe(receipts_topic(self._unit_id), qos=1)

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, _codes: Any, _p: Any) -> None:
        self._ready = True

    def _on_message(self, _c: Any, _u: Any, message: paho.MQTTMessage) -> None:
        self._receipts.append(bytes(message.payload))

    def _on_publish(self, _c: Any, _u: Any, _mid: int, _code: Any, _p: Any) -> None:
        self.acknowledged += 1
