"""A broker that talks nonsense over good TLS is a lost link, never a crash."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.config import BrokerConfig
from central.mqtt import MqttIntake
from central.unit_wire import UnitWire
from edge.core.config import SyncConfig
from edge.core.errors import SyncError
from edge.sync.mqtt import MqttUplink
from tools.faults.scene import CENTRAL_ID, Scene

CONNACK = bytes([0x20, 3, 0, 0, 0])
NONSENSE = {
    "closes at once": b"",
    "not MQTT": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "truncated CONNACK": bytes([0x20, 1, 0]),
    "empty CONNACK": bytes([0x20, 0]),
    "unknown reason": bytes([0x20, 3, 0, 99, 0]),
    "refused": bytes([0x20, 3, 0, 135, 0]),
    "property without a value": bytes([0x20, 4, 0, 0, 9, 33]),
    "unknown property": bytes([0x20, 5, 0, 0, 2, 250, 1]),
    "endless length": bytes([0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
    "PUBACK of nothing": CONNACK + bytes([0x40, 0]),
    "SUBACK refused": CONNACK + bytes([0x90, 4, 0, 1, 0, 135]),
    "PUBLISH with a broken topic": CONNACK + bytes([0x32, 6, 0, 2, 0xFF, 0xFE, 0, 1]),
    "PUBLISH cut off": CONNACK + bytes([0x32, 1, 9]),
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    made = Scene(tmp_path_factory.mktemp("nonsense"))
    made.add_unit("unit-a")
    return made


@pytest.fixture
def listening(scene: Scene) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def serve(server: socket.socket, pki: Path, answer: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "broker.crt", pki / "broker.key")
    with context.wrap_socket(server.accept()[0], server_side=True) as link:
        link.recv(4096)
        if answer:
            link.sendall(answer)


def uplink(scene: Scene, port: int) -> MqttUplink:
    config = SyncConfig(host="127.0.0.1", port=port)
    return MqttUplink(unit_id="unit-a", config=config, folder=scene.folder / "unit-a")


def intake(scene: Scene, port: int) -> MqttIntake:
    names = {"ca_file": "ca.crt", "cert_file": f"{CENTRAL_ID}.crt", "key_file": f"{CENTRAL_ID}.key"}
    return MqttIntake(client_id="ingest", config=BrokerConfig(port=port, **names), folder=scene.pki)


def simulated_unit(scene: Scene, port: int) -> UnitWire:
    tls = scene.folder / "unit-a" / "tls"
    ca, certificate, key = (tls / name for name in ("ca.crt", "unit.crt", "unit.key"))
    return UnitWire("unit-a", host="127.0.0.1", port=port, ca=ca, certificate=certificate, key=key)


@pytest.mark.parametrize("end", [uplink, intake, simulated_unit])
@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_a_lost_link(scene: Scene, listening: socket.socket, name: str, end) -> None:
    thread = threading.Thread(target=serve, args=(listening, scene.pki, NONSENSE[name]), daemon=True)
    thread.start()
    made = end(scene, listening.getsockname()[1])
    with pytest.raises(SyncError):
        made.connect()
    thread.join(5)
    made.close()
